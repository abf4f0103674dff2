"""A config: what a YAML file says, validated before anything else is read.

YAML text and `--set` come in; a frozen `Config` goes out, or a ConfigError with every mistake and
its place. It never opens a table and never imports TensorFlow: Keras's names are in `keras.json`.
"""
