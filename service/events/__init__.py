"""What goes out: what happened, to be asked for, and sent to endpoints that want it."""
