"""A run directory may come from anybody: configs, encodings, histories and run.json that do not fit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.forgery import forge, forge_config, forge_json

from nnrun.config.loading import load_config
from nnrun.errors import ConfigError

pytestmark = pytest.mark.usefixtures("eager")

WIDE = [{"units": 10**8, "activation": "relu"}, {"units": 1, "activation": "sigmoid"}]


def test_weights_are_compared_with_the_config_before_anything_is_made(copied_run, refusal_of):
    forge_config(copied_run, {"layers": WIDE})
    assert "must be float32 (3, 100000000)" in refusal_of("predict", "weights.npz")
    refusal_of("evaluate", "weights.npz")


def test_no_number_of_a_config_takes_memory_without_bound(project):
    with pytest.raises(ConfigError, match="num_thresholds"):
        load_config(project.config(metrics=[{"name": "AUC", "num_thresholds": 10**9}]))


BAD_CONFIGS = {
    "a tag that makes an object": "data: !!python/object/apply:pathlib.Path.touch [canary]\n",
    "a tag that imports": "data: !!python/name:os.system\n",
    "an alias": "data: &a {train: x}\nlayers: *a\n",
    "a billion laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ndata: *c\n",
    "an alias of itself": "data: &a [*a]\n",
    "depth": "[" * 100_000,
    "depth of mappings": "{a: " * 100_000,
    "more than a mebibyte": "#" * (1 << 20) + "\n",
    "several documents": "a: 1\n---\nb: 2\n",
    "bytes that are not text": b"\xff\xfe\0",
    "control characters": "data: \x07\n",
    "nothing": "",
}


@pytest.mark.parametrize("content", BAD_CONFIGS.values(), ids=BAD_CONFIGS.keys())
@pytest.mark.parametrize("command", ["predict", "show", "resume"])
def test_a_config_that_is_more_than_plain_values_is_refused(
    copied_run, refusal_of, command, content
):
    forge(copied_run, "config.yaml", content)
    refusal_of(command, "config.yaml")


def test_a_number_of_5000_digits_is_refused(copied_run, refusal_of):
    forge(copied_run, "config.yaml", f"epochs: {'1' * 5000}e1\n")
    refusal_of("predict", "config.yaml")


UNFIT = {
    "weights of labels that are not there": {"class_weight": {"7": 1.0}},
    "a quantity that nothing logs": {"early_stopping": {"monitor": "nope"}},
    "an expectation of what nothing logs": {"expect": {"nope": ">= 1"}},
}


@pytest.mark.parametrize("changes", UNFIT.values(), ids=UNFIT.keys())
def test_a_config_that_does_not_fit_its_table_is_refused(copied_run, refusal_of, changes):
    forge_config(copied_run, changes)
    refusal_of("resume", "config.yaml")


def feature(**values: Any) -> Callable[[Any], None]:
    return lambda encoding: encoding["features"][0].update(values)


def only_text(encoding: Any) -> None:
    encoding["features"] = [
        {**encoding["features"][0], "kind": "text", "categories": ["a", "a", None]}
    ]


BAD_ENCODINGS: dict[str, Callable[[Any], Any]] = {
    "a list": lambda _: [1],
    "an unknown key": lambda encoding: encoding.update(path="/etc/passwd"),
    "no features": lambda encoding: encoding.update(features=[]),
    "more features than the network has": lambda encoding: encoding["features"].append(
        {"name": "x"}
    ),
    "other targets": lambda encoding: encoding["targets"][0].update(name="x"),
    "a label twice": lambda encoding: encoding.update(labels=["a", "a"]),
    "one label": lambda encoding: encoding.update(labels=["a"]),
    "no labels": lambda encoding: encoding.update(labels=[]),
    "an unknown kind": feature(kind="code"),
    "a negative variance": feature(variance=-1.0),
    "a number that is infinite": feature(mean=1e999),
    "a mean beyond float32": feature(mean=1e39),
    "a part that no date has": feature(kind="date", format="%Y-%m-%d", part="__class__"),
    "text without categories": feature(kind="text"),
    "a category twice": only_text,
    "a form without a part": feature(format="%Y-%m-%d"),
    "a part that the form lacks": feature(kind="date", format="%H:%M", part="year"),
    "a form that is none": feature(kind="date", format="%d %k %%% %99f", part="year"),
}


@pytest.mark.parametrize("change", BAD_ENCODINGS.values(), ids=BAD_ENCODINGS.keys())
def test_an_encoding_that_does_not_fit_is_refused(copied_run, refusal_of, change):
    forge_json(copied_run, "encoding.json", change)
    refusal_of("predict", "")


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"\xff\xfe", b"", b"{"], ids=["deep", "no text", "empty", "cut"]
)
@pytest.mark.parametrize("name", ["encoding.json", "run.json"])
@pytest.mark.parametrize("command", ["predict", "show", "resume"])
def test_json_that_is_none_is_refused(copied_run, refusal_of, command, name, content):
    forge(copied_run, name, content)
    refusal_of(command, name)


BAD_INFOS: dict[str, str] = {
    "a goal before the first epoch": '"goal": -5',
    "a goal beyond all": '"goal": 10000000000000000000',
    "a number that JSON does not have": '"seconds": NaN',
    "an infinite number": '"seconds": -Infinity',
    "a number of 5,000 digits": f'"more": {"1" * 5000}',
    "half a character": '"more": "\\ud800"',
    "depth": f'"config": {"[" * 500}{"]" * 500}',
    "another engine": '"engine": "eval"',
    "versions that are none": '"versions": {"keras": ["3"]}',
    "checksums that are none": '"checksums": {"config.yaml": 1}',
}


def say(run: Path, entry: str) -> None:
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text.rstrip().removesuffix("}") + f", {entry}}}")


@pytest.mark.parametrize("entry", BAD_INFOS.values(), ids=BAD_INFOS.keys())
@pytest.mark.usefixtures("time_limit")
def test_a_run_json_that_says_what_it_cannot_is_refused(nnrun, copied_run, entry):
    say(copied_run, entry)
    (copied_run / "checkpoint.npz").unlink()
    done = nnrun("resume", copied_run)
    assert (done.code, done.out) == (2, "")
    assert str(copied_run / "run.json") in done.err


@pytest.mark.parametrize("value", ["1", "NaN", '{"a": [-Infinity]}', '"text"'])
def test_what_a_run_json_says_beyond_that_is_dropped(nnrun, copied_run, command_on_run, value):
    say(copied_run, f'"more": {value}')
    for command in ("predict", "evaluate", "show", "resume"):
        done = nnrun(*command_on_run(command))
        assert (done.code, "Traceback" in done.err) == (0, False), command
    assert "more" not in json.loads((copied_run / "run.json").read_bytes())


BAD_TEXTS = {
    "metrics.json": ["5", "[[[], 1]]", "[" * 100_000, "\xff", '{"epoch": 1, "loss": [{}]}'],
    "history.csv": [
        "epoch,loss\n1\n",
        "loss\n1\n",
        "epoch,loss,val_loss\n1,2,\n",
        "\xff",
        "",
        "epoch,loss\n1,2\0\n",
    ],
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, text) for name, texts in BAD_TEXTS.items() for text in texts]
)
def test_show_leaves_out_what_it_cannot_read(nnrun, copied_run, name, content):
    (copied_run / name).write_bytes(content.encode("latin1"))
    done = nnrun("show", copied_run)
    assert done.code in (0, 2)
    assert "Traceback" not in done.err


def test_a_file_that_was_altered_is_told_by_its_checksum(nnrun, copied_run, command_on_run):
    for name in json.loads((copied_run / "run.json").read_bytes())["checksums"]:
        before = (copied_run / name).read_bytes()
        (copied_run / name).write_bytes(before + b" ")
        for command in ("predict", "evaluate", "show", "reproduce"):
            done = nnrun(*command_on_run(command))
            assert (done.code, done.err) == (
                2,
                f"{copied_run}: {name} was altered since training\n",
            )
        (copied_run / name).write_bytes(before)
    assert nnrun(*command_on_run("predict")).code == 0
