"""One file a command, each with a function ``command``; ``cli/__init__.py`` lists them."""
