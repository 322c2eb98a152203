"""Audit edits: check what changed between an original and its edit, one pair or a batch."""
