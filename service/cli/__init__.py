"""The `tickmark` command. Reads and prints; what it does stands in the domains."""
