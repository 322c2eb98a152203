"""Edits: what became of a picture that was edited, checked before it is published."""
