"""The gate in front of the model."""
