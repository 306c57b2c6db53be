"""Canopy by the public API that it gives to its customers."""
