"""Prediction as a student writes it: python keras_predict.py MODEL.keras TABLE.csv OUTPUT.csv."""

import sys

import keras
import polars as pl

path, table, output = sys.argv[1:]
x = pl.read_csv(table).to_numpy()
model = keras.saving.load_model(path)
probability = model.predict(x, verbose=0)[:, 0]
pl.DataFrame({"probability": probability}).write_csv(output)
