"""Senta, as those who call it tell."""
