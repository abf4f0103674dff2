"""Labels taken for each other: the most rows first, never a label with itself."""

from nnrun.reporting.confused_labels import confused_pairs


def test_the_most_frequent_confusions_come_first():
    pairs = confused_pairs(["a", "b", "c"], [[9, 1, 0], [4, 6, 0], [2, 2, 1]])
    assert [(pair.actual, pair.called, pair.rows) for pair in pairs] == [
        ("b", "a", 4),
        ("c", "a", 2),
        ("c", "b", 2),
        ("a", "b", 1),
    ]
    assert [pair.share for pair in pairs] == [0.4, 0.4, 0.4, 0.1]


def test_a_perfect_network_confuses_nothing():
    assert confused_pairs(["a", "b"], [[3, 0], [0, 4]]) == []
