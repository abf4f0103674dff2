"""The seconds of each epoch of Keras's fit: python keras_rate.py TABLE.csv EPOCHS."""

import json
import sys
import time

import polars as pl
import tensorflow as tf

table, epochs = sys.argv[1:]
data = pl.read_csv(table)
x = data.drop("y").to_numpy().astype("float32")
y = data["y"].to_numpy().astype("float32")

normalization = tf.keras.layers.Normalization()
normalization.adapt(x[:100_000])
layers = [tf.keras.layers.Dense(units, activation="relu") for units in (64, 64)]
last = tf.keras.layers.Dense(1, activation="sigmoid")
model = tf.keras.Sequential([tf.keras.Input((x.shape[1],)), normalization, *layers, last])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
times = []
callback = tf.keras.callbacks.LambdaCallback(
    on_epoch_begin=lambda epoch, logs: times.append(time.perf_counter()),
    on_epoch_end=lambda epoch, logs: times.append(time.perf_counter() - times.pop()),
)
model.fit(x, y, epochs=int(epochs), batch_size=1024, verbose=0, callbacks=[callback])
print(json.dumps(times))
