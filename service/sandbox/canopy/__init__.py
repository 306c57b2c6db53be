"""The Canopy sandbox. Its contract is assumed: see the README beside this package."""
