"""From clean images and a real engine to a gate, and to the proof of what it is worth."""
