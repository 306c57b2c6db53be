"""Samples of calls, all made from the contract in one place: code for the reference, collections for API clients.

Pure: a contract goes in, text comes out. `tests/samples` runs every one of them.
"""
