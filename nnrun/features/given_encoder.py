"""The encoder of an earlier run, through which the tables of another config are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from nnrun.config.lines_to_paste import leave_out_line
from nnrun.config.schema import Config, Data
from nnrun.features.encoder import Encoder
from nnrun.features.encoding_size import encoding_text
from nnrun.features.feature import Feature, Kind
from nnrun.features.labels import label_codes, label_key
from nnrun.features.profile import TableProfile
from nnrun.features.selection import declared_kind
from nnrun.wording import listed, received

KEYS: dict[Kind, str] = {
    "text": "categorical",
    "number": "numeric_columns",
    "date": "date_columns",
}
"""The key of data that says a column to be of this kind."""

SHOWN = 10  # names in a message


@dataclass(frozen=True)
class GivenEncoder:
    """An encoder that is not fitted on the training rows.

    Attributes:
        encoder: The encoder of the earlier run.
        run: The run directory, as messages call it.
        misfits: A line for each thing of the config that does not fit the run. They are raised
            together with what does not fit in the table.
    """

    encoder: Encoder
    run: str
    misfits: Sequence[str] = ()

    def for_table(self, profile: TableProfile) -> Encoder:
        """Return the encoder as this table is read: with its missing cells and its split.

        Args:
            profile: The profile of the training table.
        """
        split_formats = list(profile.split.formats) if profile.split else []
        update = {
            "missing": profile.config.data.missing,
            "split_formats": split_formats,
        }
        return self.encoder.model_copy(update=update)

    def checksum(self) -> str:
        """Return the SHA-256 of what the encoder says."""
        text = encoding_text(self.encoder)
        return sha256(text.encode()).hexdigest()

    def all_misfits(self, profile: TableProfile) -> list[str]:
        """Return a line for each thing of the config and of its training table that does not fit.

        Args:
            profile: The profile of the training table.
        """
        return [
            *self.misfits,
            *self._target_misfits(profile.config),
            *self._label_misfits(profile),
            *self._column_misfits(profile),
        ]

    def _target_misfits(self, config: Config) -> Iterator[str]:
        """Yield why the targets of a config are not those of the run."""
        names_of_run = self.encoder.target_names
        names = config.data.target
        if names != names_of_run:
            place = config.where("data", "target")
            rule = f"must be {listed(names_of_run, SHOWN)}, as in {self.run}"
            value = listed(names, SHOWN)
            yield f"{place}: {rule}; received {value}"
        run_has_labels = any(self.encoder.labels_of_targets)
        if config.is_classes == run_has_labels:
            return
        place = config.where("loss")
        loss = config.loss["name"]
        kind = "labels" if config.is_classes else "numbers"
        kind_of_run = "labels" if run_has_labels else "numbers"
        reading = f"{self.run} predicts {kind_of_run}"
        yield f"{place}: {loss} predicts {kind}, but {reading}"

    def _label_misfits(self, profile: TableProfile) -> Iterator[str]:
        """Yield which labels of the table the run does not know, and other positive labels."""
        pairs = zip(self.encoder.targets, self.encoder.labels_of_targets, strict=True)
        for target, labels in pairs:
            if not labels or target.name not in profile.labels:
                continue
            spellings = profile.labels[target.name].spellings
            known_keys = label_codes(labels).keys()
            unknown = [text for key, text in spellings.items() if key not in known_keys]
            if unknown:
                place = f"{profile.name}: column {target.name!r}"
                unknown_labels = listed(unknown, SHOWN)
                problem = f"has labels that {self.run} does not know: {unknown_labels}"
                known_labels = listed(labels, SHOWN)
                yield f"{place} {problem}; it knows {known_labels}"
            yield from self._positive_misfits(profile.config, labels)

    def _positive_misfits(self, config: Config, labels: Sequence[str]) -> Iterator[str]:
        """Yield which labels the config says to be positive, where the run has another."""
        *negatives, positive = labels
        negative_keys = label_codes(negatives).keys()
        place = config.where("data", "positive")
        rule = f"must be {positive!r}, as in {self.run}"
        label_of_key = {label_key(str(label)): label for label in config.data.positives}
        for key, label in label_of_key.items():
            if key in negative_keys:
                yield f"{place}: {rule}; received {received(label)}"

    def _column_misfits(self, profile: TableProfile) -> Iterator[str]:
        """Yield which columns the run does not know, lacks here, or reads in another way."""
        data = profile.config.data
        features = {feature.name: feature for feature in self.encoder.features}
        names_here = profile.feature_names
        names_of_run = {*features, *self.encoder.target_names}
        extra = [name for name in names_here if name not in names_of_run]
        if extra:
            shown = listed(extra, SHOWN)
            problem = f"has columns that are not features of {self.run}: {shown}"
            line = leave_out_line(data, extra)
            yield f"{profile.name}: {problem}; to train without them: {line}"
        used_names = {*names_here, *data.target}
        lacking = [name for name in features if name not in used_names]
        if lacking:
            problem = f"features of {self.run} are not features here"
            shown = listed(lacking, SHOWN)
            yield f"{profile.name}: {problem}: {shown}"
        for feature in features.values():
            yield from self._kind_misfits(profile.config, data, feature)

    def _kind_misfits(
        self,
        config: Config,
        data: Data,
        feature: Feature,
    ) -> Iterator[str]:
        """Yield that the config says a column to be of another kind than the run reads."""
        declared = declared_kind(data, feature.name)
        if declared is None or declared == feature.kind:
            return
        if declared == "number" and feature.kind == "boolean":
            return
        place = config.where("data", KEYS[declared])
        column = f"column {feature.name!r} is {declared}"
        reading = f"where {self.run} reads it as {feature.kind}"
        yield f"{place}: {column}, {reading}"
