"""Canopy's public API, version 3: clients, contacts and custom fields of one firm."""
