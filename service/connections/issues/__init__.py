"""What the canary finds: a vendor's answers that are no longer what the connector was written for."""
