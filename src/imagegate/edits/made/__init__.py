"""Made edits: overlays taken from photographs by fillers, and defects planted in what they leave."""
