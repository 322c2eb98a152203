"""Answering: rules and learned gates, their verdicts, reasons and files."""
