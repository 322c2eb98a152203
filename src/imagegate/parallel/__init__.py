"""Run work in processes: one pool for checking, labelling and batches."""
