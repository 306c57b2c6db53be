"""The QuickBooks Online sandbox: the Accounting API v3, from its public documentation and recorded traffic."""
