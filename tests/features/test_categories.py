"""Categories: which texts are inputs of their own, and which share the input `other`."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from sklearn.preprocessing import OneHotEncoder

from nnrun.checks.registry import lint
from nnrun.features.categories import choose_categories
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.tables.table import open_table

ROWS = 400
NO_SPLIT = {"data.validation_split": 0}


def draw_breeds(rows: int = ROWS) -> list[str]:
    """Draw names of which a few are frequent, and many are rare."""
    generator = np.random.default_rng(3)
    return [f"breed {number}" for number in generator.zipf(1.6, rows) % 97]


def dogs(breeds: list[str]) -> pl.DataFrame:
    ages = np.random.default_rng(4).normal(6, 2, len(breeds)).round(1)
    return pl.DataFrame(
        {"breed": breeds, "age": ages, "label": [i % 2 for i in range(len(breeds))]}
    )


@pytest.mark.parametrize("max_categories", [2, 7, 1_000])
@pytest.mark.parametrize("min_frequency", [1, 4, 30])
def test_inputs_are_those_of_scikit_learn(project, max_categories, min_frequency):
    breeds = draw_breeds()
    project.table(dogs(breeds))
    changes = {"data.max_categories": max_categories, "data.min_frequency": min_frequency}
    dataset = project.dataset({**changes, **NO_SPLIT, "data.features": ["breed"]})
    cells = np.array(breeds)[:, None]
    oracle = OneHotEncoder(
        max_categories=max_categories, min_frequency=min_frequency, sparse_output=False
    ).fit_transform(cells)
    assert sorted(map(tuple, dataset.train.x.T)) == sorted(map(tuple, oracle.T))


def test_categories_are_those_of_the_rows_trained_on(project):
    project.table(dogs(draw_breeds()))
    dataset = project.dataset({"data.validation_split": 0.5, "data.features": ["breed"]})
    (feature,) = dataset.encoder.features
    rows = dataset.train.x.sum(axis=0)
    assert feature.other
    assert dataset.encoder.input_names[-1] == "breed is other"
    assert rows[:-1].min() >= 5
    counts = Counter(draw_breeds())
    assert {breed for breed, count in counts.items() if count >= 40} <= set(feature.categories)
    for part in (dataset.train, dataset.validation):
        assert (part.x.sum(axis=1) == 1).all()


def test_cells_that_become_other_are_counted_and_are_no_warning(project):
    breeds = ["Corgi"] * 30 + ["Pug"] * 20 + ["Saluki", "Borzoi"] * 2
    project.table(dogs(breeds))
    later = "breed,age\nCorgi,1\nDingo,2\nSaluki,3\nDingo,4\n"
    dataset = project.dataset(NO_SPLIT)
    assert dataset.encoder.features[0].categories == ["Corgi", "Pug"]
    assert dataset.encoder.inputs[2].mean == 0  # one-hots stay 0 and 1
    reader = EncodedReader(dataset.encoder, open_table(later.encode(), [""], "l.csv"), target=False)
    x = np.concatenate([block.x for block in reader])
    assert x[:, :3].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]]
    assert reader.notes() == [
        "l.csv: column 'breed': 3 cells hold categories that are rare or new to training "
        "('Dingo', 'Saluki'), and are taken as other"
    ]
    assert not [finding for finding in lint(dataset) if finding.code == "unseen-category"]


def test_one_row_is_enough_where_no_category_has_more():
    counts = {"a": 3, "b": 2, "c": 1}
    assert choose_categories(counts, max_categories=9, min_frequency=5) == (["a", "b", "c"], False)
    assert choose_categories(counts, max_categories=9, min_frequency=3) == (["a"], True)
    assert choose_categories(counts, max_categories=2, min_frequency=1) == (["a"], True)


def test_an_encoding_without_others_is_read_as_before():
    feature = {"name": "breed", "kind": "text", "categories": ["Pug"]}
    assert Feature(**feature).input_names == ["breed is Pug"]
    assert Feature(**feature, other=True).input_names == ["breed is Pug", "breed is other"]
    encoder = Encoder(features=[feature], targets=[{"name": "age"}], labels=[])
    (block,) = open_table(b"breed\nPug\nDingo\n", [""], "t.csv").blocks()
    assert encoder.transform(block).values.tolist() == [[1], [0]]


def test_text_of_more_values_than_can_be_counted_is_refused(project, problems):
    rows = 30_000
    cells = [f"name {row if row < 20_001 else 7}" for row in range(rows)]
    project.table(dogs(cells))
    (line,) = problems(project.dataset, {})
    assert "column 'breed' holds text of more than 20,000 categories ('name 0'" in line
    assert line.endswith("`drop: [breed]`")
