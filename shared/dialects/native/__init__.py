"""Our own API's spelling of a chat, towards a caller: read a request, speak a reply, speak a stream, speak a failure."""
