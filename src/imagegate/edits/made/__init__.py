"""Made edits: overlays that fillers take from photographs, and defects planted in the result."""
