"""The README and the shipped configs are true."""

import re
import shlex
from pathlib import Path

import pytest

from nnrun.cli import cli
from nnrun.config import Config, Data, load_config
from nnrun.dataset import load_dataset
from nnrun.lint import RULES, lint
from nnrun.runs import FILES
from nnrun.training import check_expectations, train

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))

# What the held-out rows must reach. For numbers: the mean absolute error of scikit-learn's MLP on the same
# rows (tests/benchmarks/mlp.py), and of predicting the mean.
BARS = {
    "digits-sigmoid": ("val_accuracy", ">=", 0.98),
    "digits-relu": ("val_accuracy", ">=", 0.98),
    "digits": ("val_accuracy", ">=", 0.96),
    "breast-cancer": ("val_accuracy", ">=", 0.95),
    "seattle-weather": ("val_mean_absolute_error", "<=", 1.393),
    "diabetes": ("val_mean_absolute_error", "<=", 56.07),
}


def test_every_config_has_a_bar():
    assert {path.stem for path in CONFIGS} == BARS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_trains_to_a_result_worth_having(path, tmp_path):
    config = load_config(path)
    dataset = load_dataset(config)
    assert not [finding for finding in lint(dataset) if finding.level == "error"]
    result = train(dataset, stem=path.stem, path=tmp_path / "run")
    check_expectations(config, result.metrics)
    name, operator, bar = BARS[path.stem]
    assert result.metrics[name] >= bar if operator == ">=" else result.metrics[name] <= bar
    if not config.is_classes:
        train_y, held_out = dataset.train.y, dataset.validation.y
        assert result.metrics[name] < 0.7 * abs(held_out - train_y.mean()).mean()


def test_every_table_has_its_origin_and_licence():
    text = (ROOT / "configs" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "configs").glob("*.csv*"):
        assert f"`{path.name}`" in text


def test_readme_documents_every_key_of_the_config():
    keys = [*Config.model_fields, *(f"data.{key}" for key in Data.model_fields)]
    missing = [key for key in keys if key != "data" and f"| `{key}` |" not in README]
    assert missing == []


def test_readme_documents_every_rule_and_no_other():
    for level in ("error", "warning"):
        codes = set(RULES[level])
        heading = "Errors stop the run:" if level == "error" else "Warnings do not:"
        table = README.split(heading)[1].split("\n\n")[1]
        assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == codes


def test_readme_documents_every_command_and_file():
    assert re.findall(r"^\| `nnrun (\w+)", README.split("## Commands")[1].split("\n## ")[0], re.MULTILINE) == list(
        cli.commands
    )
    assert all(f"| `{name}` |" in README for name in FILES)


def test_the_commands_of_the_readme_exist():
    blocks = "".join(re.findall(r"```sh\n(.+?)```", README, re.DOTALL))
    lines = re.findall(r"\bnnrun (.+)$", blocks, re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        name, *arguments = shlex.split(line)
        cli.commands[name].make_context(name, arguments)


def test_the_readmes_config_is_valid(tmp_path):
    text = re.search(r"```yaml\n(data:\n.+?)```", README, re.DOTALL)
    (tmp_path / "houses.yaml").write_text(text[1])
    config = load_config(tmp_path / "houses.yaml")
    assert config.optimizer["name"] == "Adam"
