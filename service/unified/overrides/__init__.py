"""Field overrides: how an organization wants some fields named or filled, as versioned rules. None by default."""
