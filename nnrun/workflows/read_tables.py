"""The tables that the trials of a sweep have read, none of which may change meanwhile."""

from nnrun.errors import TableError
from nnrun.features.dataset import Dataset


class ReadTables:
    """Remembers what each table contained when a trial read it first.

    Trials that read the columns or rows in another way read the table again. Their metrics would
    not compare with those before if it had changed.
    """

    def __init__(self) -> None:
        self._fingerprints: dict[str, str] = {}

    def add(self, dataset: Dataset) -> None:
        """Remember the tables of a dataset.

        Args:
            dataset: The dataset, which was just read.

        Raises:
            TableError: A table contains something else than when it was read first.
        """
        for part, fingerprint in dataset.fingerprints.items():
            path = str(getattr(dataset.config.data, part))
            first_fingerprint = self._fingerprints.setdefault(path, fingerprint)
            if fingerprint != first_fingerprint:
                reason = "the table has changed since the first trial read it"
                raise TableError(f"{path}: {reason}; sweep again into another folder")
