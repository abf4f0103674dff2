"""The notebook of the documentation, in a real kernel."""

import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient
from support.processes import DEADLINE
from support.project import ROOT


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # those of Jupyter's packages are not ours
def test_the_notebook_runs_with_a_bar_and_pandas(tmp_path):
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    notebook = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=DEADLINE, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    shown = {cell["id"]: cell["outputs"] for cell in notebook.cells if cell["cell_type"] == "code"}
    bar, curves = (output["data"]["text/html"] for output in training(shown) if "data" in output)
    assert re.match(
        r'<progress value="\d+\.000" max="150"></progress> epoch \d+/150 · loss \d', bar
    )
    assert "better than guessing" in curves
    assert "data:image/png" in curves
    texts = ["".join(str(output) for output in outputs) for outputs in shown.values()]
    assert any("patient 3" in text and "prediction" in text for text in texts)
    assert (tmp_path / "runs" / "run" / "run.json").exists()


def training(shown):
    """Return the outputs of the cell that trains."""
    return next(outputs for outputs in shown.values() if "<progress" in str(outputs))
