"""Senta (senta.co, by IRIS): practice management for accountants in the United Kingdom."""
