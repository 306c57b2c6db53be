"""Xero Practice Manager 3.1."""
