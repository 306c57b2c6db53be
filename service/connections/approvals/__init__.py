"""Second persons: what a firm wants two people for waits here for the other one."""
