"""The lesson's job as a student writes it: python keras_lesson.py TABLE.csv MODEL.keras EPOCHS."""

import sys

import polars as pl
import tensorflow as tf

table, target, epochs = sys.argv[1:]
data = pl.read_csv(table)
X = data.drop("label").to_numpy()
Y = data["label"].to_numpy()

normalization = tf.keras.layers.Normalization()
normalization.adapt(X)
model = tf.keras.Sequential(
    [
        tf.keras.Input((X.shape[1],)),
        normalization,
        tf.keras.layers.Dense(25, activation="relu"),
        tf.keras.layers.Dense(15, activation="relu"),
        tf.keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X, Y, epochs=int(epochs), batch_size=32, verbose=0)
model.save(target)
