"""The encoder of an earlier run, through which the tables of another config are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from nnrun.config.lines_to_paste import leave_out_line
from nnrun.config.schema import Config, Data
from nnrun.features.encoder import Encoder
from nnrun.features.encoding_size import encoding_text
from nnrun.features.feature import Feature, Kind
from nnrun.features.labels import label_key
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
        missing = profile.config.data.missing
        return self.encoder.model_copy(update={"missing": missing, "split_formats": split_formats})

    def checksum(self) -> str:
        """Return the SHA-256 of what the encoder says."""
        return sha256(encoding_text(self.encoder).encode()).hexdigest()

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
        known = self.encoder.target_names
        wanted = config.data.target
        if wanted != known:
            place = config.where("data", "target")
            names = listed(known, SHOWN)
            rule = f"must be {names}, as in {self.run}"
            yield f"{place}: {rule}; received {listed(wanted, SHOWN)}"
        if config.is_classes != any(self.encoder.labels_of_targets):
            place = config.where("loss")
            kind = "labels" if config.is_classes else "numbers"
            other = "numbers" if config.is_classes else "labels"
            name = config.loss["name"]
            yield f"{place}: {name} predicts {kind}, but {self.run} predicts {other}"

    def _label_misfits(self, profile: TableProfile) -> Iterator[str]:
        """Yield which labels of the table the run does not know, and other positive labels."""
        positives = {label_key(str(label)): label for label in profile.config.data.positives}
        pairs = zip(self.encoder.targets, self.encoder.labels_of_targets, strict=True)
        for target, labels in pairs:
            if not labels or target.name not in profile.labels:
                continue
            known = {label_key(label) for label in labels}
            spellings = profile.labels[target.name].spellings
            unknown = [text for key, text in spellings.items() if key not in known]
            if unknown:
                yield (
                    f"{profile.name}: column {target.name!r} has labels that {self.run} does not "
                    f"know: {listed(unknown, SHOWN)}; it knows {listed(labels, SHOWN)}"
                )
            for key in positives.keys() & {label_key(label) for label in labels[:-1]}:
                place = profile.config.where("data", "positive")
                value = received(positives[key])
                yield f"{place}: must be {labels[-1]!r}, as in {self.run}; received {value}"

    def _column_misfits(self, profile: TableProfile) -> Iterator[str]:
        """Yield which columns the run does not know, lacks here, or reads in another way."""
        data = profile.config.data
        known = {feature.name: feature for feature in self.encoder.features}
        here = profile.feature_names
        targets = set(self.encoder.target_names)
        extra = [name for name in here if name not in known and name not in targets]
        if extra:
            yield (
                f"{profile.name}: has columns that are not features of {self.run}: "
                f"{listed(extra, SHOWN)}; to train without them: {leave_out_line(data, extra)}"
            )
        lacking = [name for name in known if name not in here and name not in data.target]
        if lacking:
            yield (
                f"{profile.name}: features of {self.run} are not features here: "
                f"{listed(lacking, SHOWN)}"
            )
        for feature in known.values():
            yield from self._kind_misfits(profile.config, data, feature)

    def _kind_misfits(self, config: Config, data: Data, feature: Feature) -> Iterator[str]:
        """Yield that the config says a column to be of another kind than the run reads."""
        declared = declared_kind(data, feature.name)
        if declared is None or declared == feature.kind:
            return
        if (declared, feature.kind) != ("number", "boolean"):
            place = config.where("data", KEYS[declared])
            yield (
                f"{place}: column {feature.name!r} is {declared}, where {self.run} "
                f"reads it as {feature.kind}"
            )
