"""``imagegate edits``: one file a command."""
