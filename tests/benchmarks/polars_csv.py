"""Reading and writing a CSV with polars: python polars_csv.py TABLE.csv OUTPUT.csv [2].

With 2 only two columns are written, as predictions have them: a float32 and a label.
"""

import sys

import polars as pl

table, output, *two = sys.argv[1:]
frame = pl.read_csv(table)
if two:
    first = frame.to_series(0)
    frame = pl.DataFrame(
        {"probability": first.cast(pl.Float32), "prediction": (first > 0).cast(pl.Int8)}
    )
frame.write_csv(output)
