"""nnrun from Python: what the commands do, for notebooks and programs.

In: configs as paths or as dicts, tables as paths or as frames of polars and pandas. Out: runs, and
predictions of the kind that the rows came in. The package only calls what the commands call.
"""
