"""What an organization can see of its calls and its bills; the counting itself is the package `billing`."""
