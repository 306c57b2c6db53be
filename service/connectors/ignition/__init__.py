"""Ignition, by its reporting API."""
