"""Xero Practice Manager as a server."""
