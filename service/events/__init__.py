"""What goes out: for now the list of what happened, to be asked for."""
