"""Workflows: what trains more than once, or trains and predicts.

A config or a run comes in; a summary of what was tried goes out. It never parses a command line.
"""
