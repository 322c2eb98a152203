"""Render clean pages with known text, and print, photograph and wear them."""
