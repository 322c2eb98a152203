"""One file a command, each with the function that ``cli/__init__.py`` names, and EXAMPLES."""
