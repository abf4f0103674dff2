"""The journal of a sweep: what a kill leaves unfinished in it is left out."""

import os

import pytest

from nnrun.errors import RunError
from nnrun.ordinary_files import UnfitFileError
from nnrun.workflows.study_journal import JOURNAL, journal_errors, open_journal

optuna = pytest.importorskip("optuna")


def trials(folder):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with journal_errors(folder):
        study = optuna.create_study(
            study_name="s", storage=open_journal(folder), load_if_exists=True
        )
        return study, [trial.number for trial in study.get_trials() if trial.state.is_finished()]


@pytest.fixture
def journal(tmp_path):
    study, _ = trials(tmp_path)
    for _ in range(3):
        trial = study.ask()
        trial.suggest_float("rate", 0.1, 0.5)
        study.tell(trial, 1.0)
    return tmp_path / JOURNAL


def test_a_journal_that_was_cut_anywhere_is_read_as_far_as_it_is_whole(journal):
    content = journal.read_bytes()
    found = []
    for length in (0, 1, 90, len(content) // 2, len(content) - 2, len(content) - 1, len(content)):
        journal.write_bytes(content[:length])
        study, before = trials(journal.parent)
        study.tell(study.ask(), 2.0)
        _, after = trials(journal.parent)
        assert len(after) == len(before) + 1
        found.append(len(before))
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] == 3


def test_a_journal_that_was_altered_is_refused(journal):
    content = journal.read_bytes()
    journal.write_bytes(b'{"op_code": 99}\n' + content)
    with pytest.raises(RunError, match=r"study\.journal: it was altered .*; remove the file"):
        trials(journal.parent)
    assert not os.path.lexists(f"{journal}.lock")


def sparse(path):
    with path.open("wb") as file:
        file.truncate(64 << 30)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, sparse])
def test_what_is_no_journal_is_neither_read_nor_waited_for(tmp_path, make):
    make(tmp_path / JOURNAL)
    with pytest.raises(UnfitFileError):
        trials(tmp_path)


@pytest.mark.parametrize("content", ["", "a line\nthe next", '{"op_code": 0}\n'])
def test_a_link_in_place_of_a_journal_is_not_followed(tmp_path, content):
    (tmp_path / "other").write_text(content)
    (tmp_path / JOURNAL).symlink_to(tmp_path / "other")
    with pytest.raises(UnfitFileError, match="is a link"):
        trials(tmp_path)
    assert (tmp_path / "other").read_text() == content
