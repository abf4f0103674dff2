"""Tables: files of rows, and what is written of them.

A path, bytes or a stream comes in; blocks of cells go out, each cell with its place in the file.
Frames go out as CSV. It never decides what a column means.
"""
