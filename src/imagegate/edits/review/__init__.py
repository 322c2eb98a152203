"""The page on which people review a batch of edits."""
