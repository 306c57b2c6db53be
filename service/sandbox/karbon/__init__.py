"""Karbon as its published API reference describes it."""
