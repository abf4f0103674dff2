"""The worst rows: those of the largest losses, however the rows are cut into blocks."""

import numpy as np
import pytest

from nnrun.results.worst_rows import WorstRowKeeper


@pytest.mark.parametrize("blocks", [1, 3, 40], ids="{} blocks".format)
def test_the_rows_of_the_largest_losses_are_kept_in_order(blocks):
    losses = np.random.default_rng(0).normal(size=200).round(1)  # some are equal
    y = np.arange(200.0)[:, None]
    keeper = WorstRowKeeper(most=7)
    for rows in np.array_split(np.arange(200), blocks):
        keeper.add(losses[rows], y[rows], -y[rows])
    worst = keeper.result()
    expected = np.argsort(-losses, kind="stable")[:7]
    np.testing.assert_array_equal(worst.numbers, expected)
    np.testing.assert_array_equal(worst.losses, losses[expected])
    np.testing.assert_array_equal(worst.y, y[expected])
    np.testing.assert_array_equal(worst.outputs, -y[expected])


def test_of_few_rows_all_are_kept():
    keeper = WorstRowKeeper()
    keeper.add(np.array([1.0, 2.0]), np.zeros((2, 1)), np.zeros((2, 1)))
    assert keeper.result().numbers.tolist() == [1, 0]
