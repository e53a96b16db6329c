"""Lambda's Runtime API ⇄ ASGI, with response streaming: what AWS's own Python runtime cannot do. Started by functions/chat/bootstrap."""
