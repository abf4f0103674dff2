"""Keras in a process that cannot import nnrun: models must load and predict there. It is started once a worker."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

SERVER = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what Keras prints is not an answer
sys.modules["nnrun"] = None  # any import of it fails
import numpy as np
import keras
for line in sys.stdin:
    path, rows = json.loads(line)
    model = keras.saving.load_model(path)
    assert type(model) is keras.Sequential
    outputs = model.predict(np.array(rows, np.float32), verbose=0)
    print(json.dumps(outputs.tolist()), file=answers, flush=True)
"""


class PlainKeras:
    """Loads models and predicts with them, without nnrun."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def predict(self, model: Path, rows: Any) -> Any:
        """Return what Keras predicts for rows of features: an array, float64[rows, outputs]."""
        self._process = self._process or self._start()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(model), np.asarray(rows).tolist()]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, (self._folder / "stderr.txt").read_text()
        return np.array(json.loads(answer))

    def stop(self) -> None:
        """End the process, if it was ever started."""
        if self._process:
            self._process.communicate()

    def _start(self) -> "subprocess.Popen[str]":
        with (self._folder / "stderr.txt").open("w") as errors:
            return subprocess.Popen(
                [sys.executable, "-c", SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=self._folder,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            )
