"""Predict and route: what happens to an image, to a folder, to millions, and over time."""
