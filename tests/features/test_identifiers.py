"""Identifiers: columns that tell rows apart, and groups that are only named so."""

import numpy as np
import pytest
from support.profiles import profile_of

from nnrun.features.column_profile import kind_of
from nnrun.features.unfit_columns import why_identifier

SHUFFLED = np.random.default_rng(3).permutation(200)
HALF = SHUFFLED[:100]
PRICES = np.random.default_rng(4).integers(1, 10**6, 200)


def cells(numbers) -> list[str]:
    return [str(number) for number in numbers]


IDENTIFIERS = {
    "row numbers": ("n", cells(range(200))),
    "row numbers from seven on": ("n", cells(range(7, 207))),
    "row numbers in another order": ("n", cells(SHUFFLED)),
    "row numbers of half a table": ("n", cells(HALF)),
    "row numbers as pandas writes them after a join": ("n", [f"{number}.0" for number in HALF]),
    "row numbers of which one is missing": ("n", ["", *cells(range(200))]),
    "an index without a name": ("Unnamed: 0", cells([3, 1, 2] * 20)),
    "row names of R": ("rownames", cells(range(0, 2000, 10))),
    "an id": ("id", cells(range(0, 2000, 10))),
    "an id in camel case": ("customerId", cells(range(0, 2000, 10))),
    "an id of few rows each": ("person_id", cells(sorted([*range(50)] * 4))),
    "a number that hardly repeats": ("policy_number", cells(range(0, 2000, 10))),
}

MEASURES = {
    "a sorted price": ("price", cells(sorted(PRICES))),
    "years": ("year", cells(range(1850, 2050))),
    "repeated numbers": ("age", cells([*range(100), *range(100)])),
    "distinct numbers that are not whole": ("x", [f"{number}.5" for number in range(200)]),
    "few rows": ("n", cells(range(10))),
    "an index that measures": ("stress_index", cells([*range(20)] * 10)),
}


@pytest.mark.parametrize(("name", "numbers"), IDENTIFIERS.values(), ids=IDENTIFIERS.keys())
@pytest.mark.parametrize("blocks", [1, 2])
def test_a_column_that_tells_rows_apart_is_known(name, numbers, blocks):
    assert why_identifier(profile_of(numbers, name=name, blocks=blocks))


@pytest.mark.parametrize(("name", "numbers"), MEASURES.values(), ids=MEASURES.keys())
@pytest.mark.parametrize("blocks", [1, 2])
def test_a_measure_is_none(name, numbers, blocks):
    assert why_identifier(profile_of(numbers, name=name, blocks=blocks)) is None


@pytest.mark.parametrize("name", ["plot_id", "Station ID", "shop.id", "userId", "id"])
@pytest.mark.parametrize("values", [2, 20, 120])
def test_an_id_of_few_values_with_many_rows_each_is_a_category(name, values):
    profile = profile_of(cells([*range(values)] * 12), name=name)
    assert kind_of(profile) == "text"
    assert why_identifier(profile) is None
    assert len(profile.text_counts) == values


@pytest.mark.parametrize("name", ["humid", "paid", "grid", "Madrid", "acid"])
def test_a_word_that_ends_in_id_is_no_id(name):
    assert kind_of(profile_of(cells([*range(20)] * 12), name=name)) == "number"
