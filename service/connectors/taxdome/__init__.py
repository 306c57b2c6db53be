"""TaxDome."""
