"""The plain Keras script that does what nnrun makes of a config, without nnrun.

`codegen.txt` is the script, each line behind a bar and the facts on which it stands, as in `missing=mean`; $ is the
value of a fact. Whatever comes from files, of strangers perhaps, enters as a Python literal.
"""

import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from nnrun.config import keras_catalog as names
from nnrun.config.architecture import metric_arguments, uses_xla
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.features.labels import label_key
from nnrun.runs.directory import Run
from nnrun.tables.csv_pieces import read_pieces
from nnrun.tables.table import find_files

WIDTH = 88  # of a line, as ruff and black have it


class Group(NamedTuple):
    """Code in brackets: what comes before and opens them, what commas divide, what closes them."""

    head: str
    items: "list[Group]"
    tail: str = ")"

    def __str__(self) -> str:
        return f"{self.head}{', '.join(map(str, self.items))}{self.tail}"

    def lines(self, width: int) -> list[str]:
        """Return the code in lines of this width, divided as ruff and black do."""
        together = ", ".join(map(str, self.items))
        if not self.items or len(str(self)) <= width:
            return [str(self)]
        if self.head.endswith("(") and len(together) <= width - 4:
            return [self.head, f"    {together}", self.tail]
        parts = [item._replace(tail=f"{item.tail},").lines(width - 4) for item in self.items]
        return [self.head, *(f"    {line}" for part in parts for line in part), self.tail]


def dataset_script(dataset: Dataset) -> str:
    """Return the script of a config and its tables."""
    return _script(
        dataset.config,
        dataset.encoder,
        len(dataset.train.x),
        find_files(Path(dataset.config.data.train)),
    )


def run_script(path: Path) -> str:
    """Return the script of a run; raise a RunError where it is none, or was altered."""
    _, config, encoder = Run(path).load()
    return _script(config, encoder, 0, [Path(config.data.train)])  # patterns can match a whole disk


def _script(config: Config, encoder: Encoder, rows: int, files: list[Path]) -> str:
    facts = (
        dict(config)
        | dict(config.data)
        | _network_facts(config, encoder, rows)
        | _table_facts(config, encoder)
    )
    facts |= _format_facts(config.data.train, files) | _label_facts(config, encoder.labels)
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    text = text.replace("$layers", "\n|".join(f"    $layer{i}," for i in range(len(config.layers))))
    return "\n".join(line for template in text.splitlines() for line in _filled(template, facts))


def _filled(template: str, facts: dict[str, Any]) -> list[str]:
    """Return the lines that come of one of the template, none where a fact before the bar does not hold."""
    conditions, _, code = template.partition("|")
    for condition in conditions.split():
        name, _, value = condition.removeprefix("!").partition("=")
        if (str(facts[name]) == value if value else bool(facts[name])) == condition.startswith("!"):
            return []
    if "load" in conditions.split() and not facts["tables"]:  # no function needs to be defined
        code = code.removeprefix("    ")
    start, *found = re.split(r"\$(\w+)", code, maxsplit=1)
    if not found:
        return [code]
    head, items, tail = _code(facts[found[0]])
    indent = start[: len(start) - len(start.lstrip())]
    filled = Group(start.lstrip() + head, items, tail + found[1])
    return [indent + line for line in filled.lines(WIDTH - len(indent))]


def _network_facts(config: Config, encoder: Encoder, rows: int) -> dict[str, Any]:
    stops = (
        (names.EARLY_STOPPING, config.early_stopping),
        (names.REDUCE_LR, config.reduce_lr_on_plateau),
    )
    callbacks = [_object("callbacks", named, spec) for named, spec in stops if spec]
    return {
        **{
            f"layer{i}": _object("layers", names.LAYER, spec)
            for i, spec in enumerate(config.layers)
        },
        **{
            name: getattr(config, name)
            for name in ("is_binary", "is_classes", "from_logits", "rescales")
        },
        "output": config.output_activation(),
        "optimizer": _object("optimizers", names.OPTIMIZER, config.optimizer),
        "loss": _object("losses", names.LOSS, config.loss),
        "metrics": [_metric(config, metric) for metric in config.metric_specs],
        "jit_compile": uses_xla(config, len(encoder.inputs), rows),
        "callbacks": callbacks
        + [Group('keras.callbacks.TensorBoard("tensorboard"', [])] * config.tensorboard,
    }


def _table_facts(config: Config, encoder: Encoder) -> dict[str, Any]:
    data, features = config.data, list(dict.fromkeys(feature.name for feature in encoder.features))
    texts = {f.name: f.categories for f in encoder.features if f.kind == "text"}
    dates = {f.name: f.format for f in encoder.features if f.format}
    parts = {name: [f.part for f in encoder.features if f.name == name] for name in dates}
    tables, mixed = bool(data.validation or data.test), bool(texts or dates)
    columns = {
        "load": True,
        "tables": tables,
        "mixed": mixed,
        "texts": texts,
        "dates": dates,
        "parts": parts,
    }
    return columns | {
        "target": data.target if len(data.target) > 1 else data.target[0],
        "features": features if data.features or tables or mixed else None,
        "boolean": any(f.kind == "boolean" for f in encoder.features),
        "unnamed": "Unnamed: 0" in (*features, *data.target, *data.drop),
    }


def _format_facts(path: str, files: list[Path]) -> dict[str, Any]:
    """Return what kind of table is at the path, as the first bytes of its first file tell, if it is there."""
    start = b"PAR1" if path.endswith(".parquet") else b""
    with suppress(OSError, EOFError, zlib.error):
        if files[0].is_file() and files[0].stat().st_size:  # /proc has files that never end
            start = next(read_pieces(files[0]), b"")
    header = re.split(r"[\r\n]", start.decode(errors="replace"), maxsplit=1)[0]
    separator = max(",;\t", key=header.count)
    spaced = any(cell != cell.strip() for cell in header.split(separator))
    literally = (
        bool(re.search(r"[*?\[]", path)) and Path(path).is_file()
    )  # no pattern, though it looks like one
    return {
        "parquet": start.startswith(b"PAR1"),
        "separator": separator,
        "spaced": spaced,
        "literally": literally,
    }


def _label_facts(config: Config, labels: list[str]) -> dict[str, Any]:
    """Return how the labels are spelt, and what becomes 0, 1, ... where they are not these numbers already."""
    keys = [label_key(label) for label in labels]
    numbers = [float(key) for key in keys if re.fullmatch(r"-?\d{1,16}\.\d+", key)]
    words = set(keys) <= {"true", "false", "yes", "no"}  # which are labels in any case
    spelling = "number" if len(numbers) == len(keys) else "word" if words else "text"
    whole = [int(number) if number.is_integer() else number for number in numbers]
    order = sorted(range(len(keys)), key=keys.__getitem__)  # as the survey ranks them
    given = config.class_weight if isinstance(config.class_weight, dict) else {}
    by_key = {label_key(label): weight for label, weight in given.items()}
    return {
        "spelling": spelling,
        "labels": {"number": whole, "word": keys, "text": labels}[spelling],
        "mapped": config.is_classes and (spelling != "number" or whole != list(range(len(whole)))),
        "order": order if order != sorted(order) else None,
        "weights": [by_key.get(key, 1.0) for key in keys],
    }


def _metric(config: Config, metric: names.Spec) -> Any:
    if metric in ({"name": "accuracy"}, {"name": "acc"}) and not config.from_logits:
        return metric["name"]
    arguments = metric_arguments(config, metric)
    arguments["name"] = arguments.pop("class")
    return _object("metrics", names.METRIC, arguments, name=metric["name"])


def _object(module: str, named: names.Named, spec: names.Spec, **more: Any) -> Group:
    """Return the call that makes a Keras object, with the arguments that differ from Keras's defaults."""
    name = spec[named.key]
    required = {
        a: spec[a] for a, (_, default) in named.table[name].items() if default is names.REQUIRED
    }
    usual = named.validate({named.key: name, **required})
    changed = {a: v for a, v in spec.items() if a != named.key and v != usual.get(a)} | more
    return Group(
        f"keras.{module}.{name}(",
        [*map(_code, required.values()), *map(_keyword, changed, changed.values())],
    )


def _keyword(argument: str, value: Any) -> Group:
    if isinstance(value, dict):  # kernel_initializer and its like
        kind = argument.rpartition("_")[2]
        value = _object(f"{kind}s", getattr(names, kind.upper()), value)
    code = _code(value)
    return code._replace(head=f"{argument}={code.head}")


def _code(value: Any) -> Group:
    """Return a value as a Python literal; what cannot be printed stands in text as an escape."""
    if isinstance(value, Group):
        return value
    if isinstance(value, list):
        return Group("[", [_code(item) for item in value], "]")
    if isinstance(value, dict):
        pairs = [(_code(key), _code(item)) for key, item in value.items()]
        return Group("{", [item._replace(head=f"{key}: {item.head}") for key, item in pairs], "}")
    text = repr(value)
    return Group(f'"{text[1:-1]}"' if isinstance(value, str) and '"' not in text else text, [], "")
