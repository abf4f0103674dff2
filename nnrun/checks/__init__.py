"""Checks: rules that a config and its data obey, before TensorFlow is imported.

A dataset comes in; findings go out, each with a code, a level and a place. No rule changes the
dataset.
"""
