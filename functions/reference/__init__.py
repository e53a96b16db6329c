"""The door to the API reference: the OpenAPI document of all doors together, and an interactive page that reads it."""
