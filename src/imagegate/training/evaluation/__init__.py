"""Compare a gate with its baselines on held-out sources."""
