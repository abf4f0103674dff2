"""Paths that lead nowhere, `~`, and columns whose names are nearly right."""

from pathlib import Path

import pytest


@pytest.fixture
def trained(project, trained_runs) -> Path:
    return trained_runs.copy_to(project, epochs=20)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["train", "table.csv"], "this is a table; write a config for it with: nnrun init"),
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


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("AGE ", "'age' (did you mean 'AGE'?)"),
        ("aeg", "'age' (did you mean 'aeg'?)"),
        ("weight of all", "'age'\n"),
    ],
)
def test_missing_columns_name_those_that_are_nearly_so_spelt(project, trained, nnrun, column, said):
    table = (project.folder / "table.csv").read_text()
    (project.folder / "new.csv").write_text(table.replace("age", column, 1))
    assert f"column is missing: {said}" in nnrun("predict", "run", "new.csv").err


def test_keep_is_repeatable_and_takes_names_with_commas(project, trained, nnrun):
    table = (project.folder / "table.csv").read_text().splitlines()
    lines = [table[0] + ',"a, b"', *(line + ",1" for line in table[1:])]
    (project.folder / "new.csv").write_text("\n".join(lines))
    done = nnrun("predict", "run", "new.csv", "--keep", "a, b", "--keep", "age")
    assert done.out.startswith('"a, b",age,')


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (r"C:\data\x.csv", "config.yaml:2:13: not YAML: "),
        (r"D:\new\table.csv", "config.yaml:2:10: data.train: "),
        (r"..\users\x.csv", "config.yaml:2:15: not YAML: "),
    ],
    ids=["no escape", "escapes", "an escape that is none"],
)
def test_a_backslash_in_double_quotes_is_told_as_an_escape(path, place, project, nnrun):
    config = project.config().read_text().replace("train: table.csv", f'train: "{path}"')
    project.write("config.yaml", config)
    done = nnrun("check", "config.yaml")
    assert done.code == 2
    assert place in done.err
    assert "a backslash in double quotes begins an escape" in done.err
    assert "use single quotes" in done.err


@pytest.mark.parametrize(
    "command", [["check"], ["predict", "run"], ["evaluate", "run"], ["init"], ["show"]]
)
@pytest.mark.parametrize("url", ["https://host.org/a/x.csv", "s3://bucket/x.yaml", "gs://b/x"])
def test_a_url_is_shown_as_it_was_given(command, url, project, shared_run, nnrun):
    (project.folder / "run").symlink_to(shared_run)
    more = ["--target", "y"] if command == ["init"] else []
    done = nnrun(*command, url, *more)
    assert done.code == 2
    assert "paths are local" in done.err
    assert url in done.err
