"""Progress of a training: lines in a file, a bar as wide as the terminal, the last epoch once."""

import io
import json
import re

import pytest

pytestmark = pytest.mark.slow


def test_a_file_gets_a_line_per_tenth_and_the_last_epoch_once(project, nnrun):
    done = nnrun("train", project.config(epochs=20), "-o", "run")
    told = re.findall(r"^epoch (\d+)/20: ", done.err, re.MULTILINE)
    assert told == [str(epoch) for epoch in range(2, 20, 2)]
    assert done.out.startswith("epoch 20: loss ")


def test_the_last_epoch_is_told_where_no_text_follows(project, nnrun):
    done = nnrun("train", project.config(epochs=3), "-o", "run", "--json")
    assert re.findall(r"^epoch (\d)/3: ", done.err, re.MULTILINE) == ["1", "2", "3"]
    assert json.loads(done.out)["epochs"] == 3


@pytest.fixture
def bar_lines():
    """Return what a bar of two epochs shows in a terminal of some width."""
    from rich.console import Console

    from nnrun.cli import progress

    def lines(width: int, logs: dict[str, float]) -> list[str]:
        file = io.StringIO()
        console = Console(file=file, width=width, force_terminal=True)
        bar = progress._new_bar(console, transient=False)
        callback = progress._Bar(bar, 4)
        callback.set_params({"steps": 2})
        for epoch in range(2):
            callback.on_epoch_begin(epoch)
            callback.on_train_batch_end(1)
            callback.on_epoch_end(epoch, logs)
        console.print(bar.get_renderable())
        return file.getvalue().splitlines()

    return lines


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_bar_is_as_wide_as_the_terminal_and_no_metric_is_cut(bar_lines, width):
    logs = {}
    for number in range(9):
        logs |= {f"metric_{number}": 0.123456, f"val_metric_{number}": 0.654321}
    (line,) = bar_lines(width, logs)
    text = re.sub(r"\x1b\[[\d;]*m", "", line)
    assert width - 1 <= len(text) <= width
    assert "epoch 2/4" in text
    shown = re.findall(r"metric_\d 0.123 \(val 0.654\)", text)
    assert 0 < len(shown) == text.count("metric_")
    assert "…" not in text
