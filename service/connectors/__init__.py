"""What speaks to vendors: the SDK, one folder for each vendor, and the registry of them all."""
