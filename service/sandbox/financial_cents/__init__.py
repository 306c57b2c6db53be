"""Financial Cents, as those who call it tell."""
