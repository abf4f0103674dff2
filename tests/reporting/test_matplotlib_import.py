"""The command line draws without the docstrings of what matplotlib's artists can be set to."""

import subprocess
import sys

import pytest

DRAWN = """
import sys
from nnrun.reporting.pictures import figure, matplotlib_import
if {left_out}:
    matplotlib_import.leave_out_docs()
figure.make_figure([lambda axes: None])
from matplotlib import artist, axes
print("xlim" in axes.Axes.set.__doc__, "xlim" in artist.kwdoc(axes.Axes))
"""


@pytest.mark.parametrize("left_out", [False, True])
def test_docs_are_left_out_on_the_command_line_alone(left_out):
    program = DRAWN.format(left_out=left_out)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(not left_out), "True"]
