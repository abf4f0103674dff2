"""Checks: everything that can be said of a config and its data before TensorFlow is imported.

A dataset comes in; findings go out, each with a code, a level and a place. It never changes what it
looks at.
"""
