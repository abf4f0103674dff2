"""nnrun: a thin command line over Keras."""

__version__ = "0.1.0"
