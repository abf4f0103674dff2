"""Pictures of runs and of their predictions.

Run directories and measures come in; matplotlib figures, and files of them, go out. A panel draws
one quantity on axes of its own. Functions that draw import matplotlib, without pyplot.
"""
