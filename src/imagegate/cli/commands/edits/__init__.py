"""The commands of ``imagegate edits``."""
