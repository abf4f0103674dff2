"""What the rows to train on tell: the statistics that an encoder is fitted on, and more."""

import numpy as np

from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.fitting import TargetMoments
from nnrun.features.number_scales import NumberScales
from nnrun.features.statistics import Moments, Values
from nnrun.features.target_copies import TargetCopies


class TrainingRows:
    """Gathers the statistics of the rows to train on, block by block.

    Args:
        encoder: The encoder of the table, without statistics.
        config: Says how numbers are encoded, and whether targets are rescaled.
        rows: How many rows will be added.
        has_categories: Whether the inputs of text are among those that are added.
    """

    def __init__(
        self,
        encoder: Encoder,
        config: Config,
        rows: int,
        *,
        has_categories: bool,
    ):
        inputs = encoder.inputs_read(has_categories=has_categories)
        numbers = []
        for place, feature in enumerate(inputs):
            if feature.kind != "text":
                numbers.append(place)
        targets = len(encoder.targets)
        self._encoder = encoder
        self._config = config
        self._has_categories = has_categories
        self._inputs = Moments(len(inputs))
        self._scales = NumberScales(config.data, numbers, rows)
        self._targets = TargetMoments(Moments(targets), Moments(targets))
        self._copies = TargetCopies(inputs, targets)

    def add(self, x: Values, y: Values) -> None:
        """Take rows into account.

        Args:
            x: Their inputs, shape (rows, inputs), NaN where a number is missing.
            y: Their targets, shape (rows, targets).
        """
        self._inputs.add(x)
        self._scales.add(x)
        self._targets.values.add(y)
        if self._config.data.target_transform:
            logs = np.log1p(np.maximum(y, 0))
            self._targets.logs.add(logs)
        self._copies.add(x, y)

    def fitted_encoder(self) -> Encoder:
        """Return the encoder with the statistics of these rows."""
        return self._encoder.fitted(
            self._inputs,
            self._targets,
            self._scales,
            self._config,
            has_categories=self._has_categories,
        )

    def copies(self) -> list[str]:
        """Return the columns that equal a target in all of these rows."""
        return self._copies.names()
