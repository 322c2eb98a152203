"""Clean images, what is true of them, and what became of them in production."""
