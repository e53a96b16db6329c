"""No door: a clock calls it each minute. It ends what nobody ends any more, and opens no keys."""
