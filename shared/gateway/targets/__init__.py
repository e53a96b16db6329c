"""Who could answer a request, and in which order they are asked: configs, models, routes, fallbacks, and how each has fared."""
