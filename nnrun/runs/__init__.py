"""Runs: run directories, which are all that training and prediction share.

A path comes in; the contents of the directory go out, verified, since it may come from strangers.
This package never deserialises a model's own config and never imports TensorFlow.
"""
