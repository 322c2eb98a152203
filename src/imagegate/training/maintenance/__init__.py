"""Change a gate or a corpus after it was made: adjust, remeasure."""
