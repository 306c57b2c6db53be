"""Karbon (karbonhq.com): practice management for accounting firms."""
