"""Bytes into frames and back. Pure: nothing here opens a socket or reads a clock, and every cut of the same bytes reads the same."""
