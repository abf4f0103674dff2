"""Features: what the columns of a table hold, and the matrices that a network takes.

Blocks of cells come in. A profile of each column, an `Encoder` and float32 matrices go out;
predictions go back to labels. It never trains and never imports TensorFlow.
"""
