"""Numbers with their uncertainty: exact binomials, bootstrap intervals, ranking metrics."""
