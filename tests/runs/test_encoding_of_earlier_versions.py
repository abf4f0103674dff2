"""A run of an earlier version: its encoding is held against the table, as far as it goes."""

import json

import numpy as np
import pytest

from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.runs.directory import Run
from nnrun.runs.provenance import check_encoding


@pytest.fixture
def check(project):
    """Check an encoding that differs from that of the project's table."""
    dataset = project.dataset()
    run = Run(project.folder)

    def check_changed(change):
        encoding = json.loads(dataset.encoder.model_dump_json())
        for feature in encoding["features"]:
            change(feature)
        run.encoding.write_text(json.dumps(encoding))
        check_encoding(run, Encoder.load(run.encoding), dataset)

    return check_changed


def test_fields_that_came_later_may_be_missing(check):
    check(lambda feature: feature.pop("missing_share"))


def test_statistics_may_be_rounded_otherwise(check):
    check(lambda feature: feature.update(variance=float(np.nextafter(feature["variance"], 0))))


@pytest.mark.parametrize(
    "change",
    [
        lambda feature: feature.update(mean=feature["mean"] * (1 + 1e-6)),
        lambda feature: feature.update(name=feature["name"] + "2"),
        lambda feature: feature.update(missing_share=0.5),
        lambda feature: feature.pop("variance"),
    ],
    ids=["another mean", "another name", "another missing share", "no variance"],
)
def test_an_encoding_that_tells_otherwise_is_refused(check, change):
    with pytest.raises(RunError, match="does not describe the table"):
        check(change)
