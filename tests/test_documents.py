"""The README, the pages of docs/ and the shipped configs are true."""

import json
import re
import shlex
import shutil
from pathlib import Path

import jsonschema
import pytest
from support.marks import exhaustive, usual
from support.pages import PAGES, blocks, broken_links, read_page
from support.processes import run_python
from support.project import ROOT

from nnrun import __version__
from nnrun.checks.registry import lint, rules
from nnrun.cli.main import cli
from nnrun.config.editor_schema import editor_schema
from nnrun.config.json_schema import config_schema
from nnrun.config.loading import load_config
from nnrun.config.schema import Config, Data
from nnrun.config.yaml_reader import read_file
from nnrun.features.loading import load_dataset
from nnrun.runs.directory import FILES
from nnrun.training.expectations import check_expectations
from nnrun.training.trainer import train

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
@pytest.mark.parametrize("path", usual({path.stem: path for path in CONFIGS}, "diabetes"))
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


def of_every_page(function):
    """Run a test for each page."""
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)(function)


def test_the_readme_is_short_and_has_the_commands_of_the_first_hour():
    text = PAGES[0].read_text(encoding="utf-8")
    before, _, after = re.split("<details>|</details>", text)  # every table is folded away
    assert len((before + after).splitlines()) <= 160
    assert "pip install . && nnrun train configs/digits-relu.yaml\n" in text
    assert "\npip install '.[test]' && pytest\n" in text  # which .ci/run looks for


@of_every_page
def test_every_link_of_a_page_leads_somewhere(page):
    assert broken_links(page) == []


def test_the_contents_and_the_readme_name_every_page():
    pages = {page.name for page in PAGES[1:]}
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"- (\S+\.md)$", navigation, re.MULTILINE)) == pages
    assert set(re.findall(r"\]\(([\w-]+\.md)", read_page("index"))) == pages - {"index.md"}
    assert set(re.findall(r"\]\(docs/([\w-]+\.md)", PAGES[0].read_text())) == pages


def test_config_page_documents_every_key():
    keys = [*Config.model_fields, *(f"data.{key}" for key in Data.model_fields)]
    page = read_page("config")
    assert [key for key in keys if key != "data" and f"| `{key}` |" not in page] == []


def test_checks_page_documents_every_rule_and_no_other():
    for level in ("error", "warning"):
        codes = {rule.code for rule in rules() if rule.level == level}
        heading = "Errors stop the run:" if level == "error" else "Warnings do not:"
        table = read_page("checks").split(heading)[1].split("\n\n")[1]
        assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == codes


def test_pages_document_every_command_and_file():
    table = read_page("commands").split("\n## ")[0]
    assert re.findall(r"^\| `nnrun (\w+)", table, re.MULTILINE) == list(cli.commands)
    page = read_page("run-directory")
    assert all(f"| `{name}` |" in page for name in FILES)


@of_every_page
def test_the_commands_of_a_page_exist(page):
    shell = "".join(blocks(page.read_text(encoding="utf-8"), "sh"))
    for line in re.findall(r"\bnnrun ([a-z].+)$", shell, re.MULTILINE):
        command = line.partition(" | ")[0]
        name, *arguments = shlex.split(command, comments=True)
        cli.commands[name].make_context(name, arguments)


@of_every_page
def test_the_configs_of_a_page_are_valid(page, tmp_path):
    for text in blocks(page.read_text(encoding="utf-8"), "yaml"):
        if text.startswith("data:"):
            (tmp_path / "config.yaml").write_text(text)
            assert load_config(tmp_path / "config.yaml").epochs


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A folder with the configs and their tables, as a checkout has them."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_commands(page: str, nnrun) -> str:
    """Run the commands of a page in their order, and return all that they print."""
    printed = ""
    for block in blocks(page, "sh"):
        for line in re.findall(r"\bnnrun ([a-z].+)$", block, re.MULTILINE):
            done = nnrun(*_in_short(line))
            assert done.code == 0, (line, done.err)
            printed += done.out + done.err
    return printed


def _in_short(line: str) -> list[str]:
    """Return the arguments of a command, of fewer folds, trials and epochs where it trains often."""
    few = line.replace("--trials 30", "--trials 2").replace("--folds 5", "--folds 2")
    arguments = shlex.split(few)
    if arguments[0] in ("cv", "sweep"):
        arguments.append("epochs=2")
    return arguments


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README", exhaustive("docs/runs", id="docs/runs")])
def test_the_commands_of_a_page_run_in_their_order(repository, nnrun, name):
    run_commands((ROOT / f"{name}.md").read_text(encoding="utf-8"), nnrun)


def line_shapes(text: str) -> list[str]:
    """Return the lines of a text with each number as 0 and each gap as a space: numbers differ by machine."""
    return [re.sub(r"[\d.]+(e[+-]\d+)?", "0", " ".join(line.split())) for line in text.splitlines()]


@pytest.mark.slow
def test_the_tutorial_shows_what_its_commands_print_and_write(repository, nnrun):
    page = read_page("tutorial")
    printed = run_commands(page, nnrun)
    for name in ("rows.csv", "predictions.csv"):
        printed += Path(name).read_text(encoding="utf-8")
    shown = line_shapes("".join(blocks(page, "text")))
    assert len(shown) > 12
    assert [line for line in shown if line not in line_shapes(printed)] == []


def test_what_pages_generate_is_written_anew():
    # in a process of its own, for click keeps what contexts of tests made
    pages = ("README.md", "docs/commands.md", "docs/config.md")
    done = run_python("-m", "cogapp", "--check", *pages, cwd=ROOT)
    assert done.returncode == 0, (
        f"write it anew: cog -r README.md docs/*.md\n{done.stdout}{done.stderr}"
    )


@pytest.mark.exhaustive
def test_the_workflow_is_ten_lines_and_its_commands_run(repository, nnrun, monkeypatch):
    workflow, *_ = blocks(read_page("ci"), "yaml")
    assert len(workflow.splitlines()) == 10
    lines = [line.partition("run: ")[2] for line in workflow.splitlines() if "run: nnrun" in line]
    monkeypatch.chdir(repository)
    for command in lines[0].split(" && "):
        done = nnrun(*shlex.split(command)[1:])
        assert done.code == 0, done.err
    assert json.loads(done.out)["status"] == "finished"


@pytest.mark.exhaustive
def test_the_python_of_its_page_runs(repository):
    first, second = blocks(read_page("python"), "python")
    names: dict[str, object] = {}
    with pytest.warns(UserWarning, match="constant"):
        exec(first, names)
    assert (repository / "runs" / "digits-relu" / "run.json").exists()
    assert (repository / "digits.html").exists()
    exec(second, names)
    assert (repository / "runs" / "run" / "run.json").exists()


def test_the_shipped_schema_is_what_nnrun_prints(nnrun):
    assert (ROOT / "configs" / "nnrun.schema.json").read_text(encoding="utf-8") == nnrun(
        "schema"
    ).out


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_names_the_schema_and_fits_it(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    schema = path.with_name(first.removeprefix("# yaml-language-server: $schema="))
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    assert list(validator.iter_errors(read_file(path).values)) == []


def test_editors_offer_one_spelling_of_a_class_and_take_the_others():
    loss = config_schema()["properties"]["loss"]
    offered = loss["anyOf"][0]["enum"]
    assert "BinaryCrossentropy" in offered
    assert len({name.replace("_", "").lower() for name in offered}) == len(offered)
    validator = jsonschema.Draft202012Validator(loss)
    for name in ("BinaryCrossentropy", "binary_crossentropy", "bce", "mse"):
        assert validator.is_valid(name)
        assert validator.is_valid({"name": name})
    assert not validator.is_valid("binarycrossentropi")


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in text


def objects(node) -> list[dict]:
    """Return every part of a schema that describes a mapping of known keys."""
    found: list[dict] = []
    below: list = []
    if isinstance(node, dict):
        below = list(node.values())
        if "properties" in node:
            found.append(node)
    elif isinstance(node, list):
        below = node
    for inner in below:
        found += objects(inner)
    return found


def test_the_schema_describes_every_key_and_allows_no_other():
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for found in objects(schema):
        assert found["additionalProperties"] is False
        for key, value in found["properties"].items():
            described = value.get("description", "")
            assert described.endswith("."), (found["title"], key)
            chosen = key in ("name", "type")  # by which the class is told
            assert ("default" in value) != (key in found.get("required", [])) or chosen, (
                found["title"],
                key,
            )
    own = {"Config": schema, **schema["$defs"]}
    assert all(
        "examples" in value for part in own.values() for value in part["properties"].values()
    )


def choices(node) -> list[dict]:
    """Return every part of a schema that offers texts to choose from."""
    found: list[dict] = []
    below = node if isinstance(node, list) else []
    if isinstance(node, dict):
        below = list(node.values())
        if any(isinstance(value, str) for value in node.get("enum", [])):
            found.append(node)
    for inner in below:
        found += choices(inner)
    return found


def test_the_schema_describes_every_value_that_it_offers():
    found = choices(config_schema())
    assert len(found) > 100
    for choice in found:
        for value, description in zip(choice["enum"], choice["enumDescriptions"], strict=True):
            assert description.endswith("."), f"{value!r} needs a sentence in value_texts.json"


def test_the_schema_describes_a_value_that_stands_beside_another_kind():
    text = json.dumps(config_schema())
    described = re.findall(r'{"const": "(\w+)", "type": "string", "description": "[^"]+\."}', text)
    assert sorted(described) == ["auto", "auto", "balanced", "baseline", "log1p"]
    assert text.count('"const"') == len(described)


def shown_as_objects(node) -> list[object]:
    """Return the values that an editor shows as `[object Object]`."""
    found: list[object] = []
    below = node if isinstance(node, list) else []
    if isinstance(node, dict):
        below = [value for key, value in node.items() if key != "defaultSnippets"]
        offered = [*node.get("enum", []), *node.get("examples", []), node.get("default")]
        found += [value for value in offered if isinstance(value, dict)]
    for inner in below:
        found += shown_as_objects(inner)
    return found


def test_editors_show_no_mapping_as_an_object():
    schema = editor_schema()
    assert shown_as_objects({"properties": {"x": {"default": {}}}}) == [{}]
    assert shown_as_objects(schema) == []
    snippets = schema["$defs"]["Data"]["properties"]["numeric"]["defaultSnippets"]
    assert snippets == [
        {
            "label": "{name: ple, bins: 16, values: true}",
            "body": {"name": "ple", "bins": 16, "values": True},
        },
    ]


def test_every_example_of_the_schema_fits_it():
    schema = config_schema()
    for found in objects(schema):
        for key, value in found["properties"].items():
            validator = jsonschema.Draft202012Validator({**value, "$defs": schema["$defs"]})
            for example in value.get("examples", []):
                assert validator.is_valid(example), (found["title"], key, example)


def test_init_writes_the_schema_beside_the_config_but_to_stdout_names_none(repository, nnrun):
    done = nnrun("init", "configs/diabetes.csv", "--target", "progression", "-o", "diabetes.yaml")
    first, second = Path("diabetes.yaml").read_text().splitlines()[:2]
    assert (done.code, first) == (0, "# yaml-language-server: $schema=nnrun.schema.json")
    assert second.startswith("# 442 rows")
    assert json.loads(Path("nnrun.schema.json").read_text())["title"] == "Config"
    Path("nnrun.schema.json").write_text("mine")
    assert nnrun("init", "configs/digits01.csv", "--target", "label", "-o", "digits.yaml").code == 0
    assert Path("nnrun.schema.json").read_text() == "mine"
    assert "$schema" not in nnrun("init", "configs/diabetes.csv", "--target", "progression").out
