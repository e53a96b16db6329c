"""Between HTTP and the rooms: credentials to caller, errors to JSON, bounds on what comes in, bytes out."""
