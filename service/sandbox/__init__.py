"""Vendor simulators: real HTTP servers that speak a vendor's contract over one seeded, invented accounting firm."""
