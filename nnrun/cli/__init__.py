"""The command line: a file a command. A body loads, calls one function and prints.

Arguments come in; text, JSON and exit codes go out. Importing it never imports TensorFlow, polars
or matplotlib: a body imports what it needs.
"""
