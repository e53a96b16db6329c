"""What a stored key becomes when it is no credential itself: a signature, or a token that somebody gives for it. A file a scheme."""
