"""Hosted connect: pages on which a firm's person consents and lets us in."""
