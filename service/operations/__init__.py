"""Writes that take longer than a caller wants to wait: answered 202 at once, finished here, asked for by their id."""
