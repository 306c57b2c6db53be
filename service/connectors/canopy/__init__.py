"""Canopy (assumed contract: the vendor publishes none)."""
