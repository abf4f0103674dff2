"""Training: a dataset fitted, epoch by epoch, into a finished run.

A checked dataset comes in; a run directory goes out. This is the package that imports TensorFlow.
It never prints and never draws: who calls it does.
"""
