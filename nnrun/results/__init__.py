"""Results: what a run makes of a table.

A run and a table come in; predictions and measures go out. It never trains and never draws.
"""
