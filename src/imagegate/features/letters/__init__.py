"""Letters: marks of ink, lines of text at whatever size, and what the letter network says."""
