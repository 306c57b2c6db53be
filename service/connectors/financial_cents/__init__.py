"""Financial Cents (financial-cents.com): practice management for accounting firms."""
