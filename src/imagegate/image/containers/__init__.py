"""One file a container: it walks the structure, and says what the header is."""
