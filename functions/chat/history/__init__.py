"""Kept conversations, read, renamed and forgotten. A part of the chat door, for on AWS that and the key test door alone may decrypt."""
