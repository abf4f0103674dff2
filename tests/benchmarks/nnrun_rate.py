"""The seconds of each epoch of a config: python nnrun_rate.py CONFIG."""

import json
import sys
import time
from pathlib import Path

from nnrun.config.loading import load_config
from nnrun.features.loading import load_dataset

dataset = load_dataset(load_config(Path(sys.argv[1])))

from nnrun.training.backend import keras  # noqa: E402 - after the table, as the command line does
from nnrun.training.trainer import train  # noqa: E402

times = []
callback = keras.callbacks.LambdaCallback(
    on_epoch_begin=lambda epoch, logs: times.append(time.perf_counter()),
    on_epoch_end=lambda epoch, logs: times.append(time.perf_counter() - times.pop()),
)
train(dataset, stem="rate", path=Path("run"), overwrite=True, callbacks=(callback,))
print(json.dumps(times))
