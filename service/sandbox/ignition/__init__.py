"""Ignition's reporting API as a server."""
