"""AWS's own services over our HTTP client: where they are, who we are there, how a request is signed and an operation asked."""
