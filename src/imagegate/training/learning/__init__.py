"""Fit the forest, the calibrator, the thresholds and the diagnosis of a gate."""
