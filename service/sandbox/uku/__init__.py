"""Uku as a server."""
