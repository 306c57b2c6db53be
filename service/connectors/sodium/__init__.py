"""Sodium (sodiumhq.com): practice management for accountants in the United Kingdom."""
