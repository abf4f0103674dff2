"""Paths that lead nowhere, `~`, and columns whose names are nearly right."""

from pathlib import Path

import pytest


@pytest.fixture
def trained(project, trained_runs) -> Path:
    return trained_runs.copy_to(project, epochs=20)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["train", "table.csv"], "that is a table; write a config for it with: nnrun init"),
        (["check", "confg.yaml"], "did you mean 'config.yaml'?"),
        (
            ["predict", "run", "tabel.csv"],
            "tabel.csv: there is no such file; did you mean 'table.csv'",
        ),
        (["predict", "run", "s3://bucket/x.csv"], "paths are local"),
        (["check", "config.yaml", "--set", "data.train=https://host/x.csv"], "paths are local"),
        (["predict", "named", "table.csv"], "did you mean 'runs/named'?"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_to(arguments, advice, project, trained, nnrun):
    project.config()
    named = project.folder / "runs/named"
    named.mkdir(parents=True)
    (named / "run.json").write_text("{}")
    done = nnrun(*arguments)
    assert done.code == 2
    assert advice in done.err


def test_the_tilde_is_the_home_folder(project, trained, nnrun, monkeypatch):
    monkeypatch.setenv("HOME", str(project.folder))
    assert nnrun("predict", "~/run", "~/table.csv").code == 0
    assert nnrun("check", project.config(), "--set", "data.train=~/table.csv").code == 0


def test_missing_columns_name_those_that_are_nearly_so_spelt(project, trained, nnrun):
    table = (project.folder / "table.csv").read_text()
    (project.folder / "new.csv").write_text(table.replace("age", "AGE ", 1))
    assert "column is missing: 'age' (did you mean 'AGE" in nnrun("predict", "run", "new.csv").err


def test_keep_is_repeatable_and_takes_names_with_commas(project, trained, nnrun):
    table = (project.folder / "table.csv").read_text().splitlines()
    lines = [table[0] + ',"a, b"', *(line + ",1" for line in table[1:])]
    (project.folder / "new.csv").write_text("\n".join(lines))
    done = nnrun("predict", "run", "new.csv", "--keep", "a, b", "--keep", "age")
    assert done.out.startswith('"a, b",age,')
