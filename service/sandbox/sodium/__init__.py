"""Sodium, as its public documentation describes it; what that leaves open is said in the README."""
