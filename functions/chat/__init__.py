"""The door to chats; with key_test the only one that may open keys."""
