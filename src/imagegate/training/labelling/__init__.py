"""Run the real engine on degraded images and keep its loss: the rows of a corpus."""
