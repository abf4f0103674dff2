"""Rows are drawn from a stream with the same chance each, whatever the blocks they come in."""

import numpy as np
import pytest

from nnrun.results.row_sample import RowSampler


def drawn(rows, blocks, most=100, seed=0):
    numbers = np.arange(rows)[:, None]
    sampler = RowSampler(most, seed)
    for block in np.array_split(numbers, blocks):
        sampler.add(block, -block)
    return sampler.result()


def test_few_rows_are_all_kept_in_their_order():
    sample = drawn(90, blocks=4)
    assert sample.matrices[0][:, 0].tolist() == list(range(90))
    assert sample.rows_given == 90


def test_many_rows_are_drawn_in_their_order_and_stay_together():
    sample = drawn(5_000, blocks=13)
    first, second = sample.matrices
    assert (first.shape, sample.rows_given) == ((100, 1), 5_000)
    assert (np.diff(first[:, 0]) > 0).all()
    assert np.array_equal(first, -second)


@pytest.mark.parametrize("blocks", [1, 2, 50, 5_000])
def test_blocks_do_not_change_which_rows_are_drawn(blocks):
    assert np.array_equal(drawn(5_000, blocks).matrices[0], drawn(5_000, 7).matrices[0])


def test_every_row_has_the_same_chance():
    counts = np.zeros(1_000)
    for seed in range(300):
        counts[drawn(1_000, blocks=5, seed=seed).matrices[0][:, 0]] += 1
    # 30 times each in the mean, with a deviation of the root of 300 * 0.1 * 0.9
    assert counts.sum() == 30_000
    assert counts.std() == pytest.approx(5.2, rel=0.1)
    assert counts[:500].sum() == pytest.approx(15_000, rel=0.02)
