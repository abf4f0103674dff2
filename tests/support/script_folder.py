"""The folder of `export --bundle` whose network is that of nnrun in NumPy: no runtime is needed."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nnrun.reporting.bundle import write_script
from nnrun.results.network_outputs import output_name
from nnrun.results.trained_run import TrainedRun


def load_script(trained: TrainedRun, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Write the script of a run into the folder, and import it with a stand-in for ONNX Runtime."""

    class Session:
        """What the script asks of ONNX Runtime."""

        def __init__(self, path: Path) -> None:
            assert path == folder / "network.onnx"

        def run(self, names: list[str], inputs: dict[str, Any]) -> list[Any]:
            assert names == [output_name(trained)]
            return [trained.forward(inputs["inputs"])]

    write_script(trained, "onnx", folder)
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(InferenceSession=Session))
    specification = importlib.util.spec_from_file_location("predict", folder / "predict.py")
    assert specification
    assert specification.loader
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script
