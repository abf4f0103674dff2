"""Runs: a run directory, all that training and prediction share.

A path comes in; what the directory holds goes out, verified, since it may come from strangers. It never
deserialises a model's own config and never imports TensorFlow.
"""
