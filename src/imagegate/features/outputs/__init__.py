"""Measures of what an engine returned: masks and transcripts."""
