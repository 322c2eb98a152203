"""Edits: pictures judged before and after an edit."""
