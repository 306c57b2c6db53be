"""Tickmark: one metered REST API over an accounting firm's practice-management systems."""
