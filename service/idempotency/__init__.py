"""Writes that happen once, however often they are sent: claims by Idempotency-Key, and their kept answers."""
