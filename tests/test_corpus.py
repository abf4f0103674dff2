"""Bad configs and bad tables, each a file in tests/corpus with the whole answer of `nnrun check` beside it.

After a change of wording `python tests/test_corpus.py` writes the answers anew: read the diff as a user would.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"
CONFIGS = sorted(CORPUS.glob("configs/*.yaml"))
TABLES = sorted(path for path in CORPUS.glob("tables/*") if path.suffix not in (".txt", ".yaml"))


def arguments(case: Path) -> list[str]:
    """Return the arguments of `check` for a config of the corpus, or for a table, read with one of two configs."""
    if case in CONFIGS:
        return [str(case)]
    kind = "numbers" if case.name.startswith("numbers-") else "classes"
    return [str(case.with_name(f"{kind}.yaml")), "--set", f"data.train={case}"]


def answer(case: Path) -> Path:
    """Return the file that holds what `check` says of a case."""
    return case.with_name(f"{case.name}.txt")


def without_folder(text: str, case: Path) -> str:
    """Return a message as it reads in the folder of the case."""
    return text.replace(f"{case.parent}/", "").replace(str(case.parent), ".")


@pytest.mark.parametrize("case", CONFIGS + TABLES, ids=lambda case: case.name)
def test_check_answers_what_stands_beside_the_file(nnrun, case):
    done = nnrun("check", *arguments(case))
    assert (done.code, done.out) == (2, "")
    assert without_folder(done.err, case) == answer(case).read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CONFIGS, ids=lambda case: case.name)
def test_every_mistake_in_a_config_has_its_line_and_column(case):
    for line in answer(case).read_text(encoding="utf-8").splitlines():
        assert re.match(rf"(warning: )?{re.escape(case.name)}:\d+:\d+: \S", line)


def test_the_corpus_is_large_every_answer_has_its_file_and_none_is_a_traceback():
    assert min(len(CONFIGS), len(TABLES)) >= 45
    assert sorted(CORPUS.rglob("*.txt")) == sorted(map(answer, CONFIGS + TABLES))
    assert not any(
        "Traceback" in answer(case).read_text(encoding="utf-8") for case in CONFIGS + TABLES
    )


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # as a test has it: paths below the working directory are shortened
        for each in CONFIGS + TABLES:
            command = [sys.executable, "-m", "nnrun", "check", *arguments(each)]
            said = subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr
            answer(each).write_text(without_folder(said, each), encoding="utf-8")
