"""The size of encoding.json, which readers of a run take no larger than it may be."""

from collections.abc import Iterable

from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.files import to_json
from nnrun.ordinary_files import LARGEST_FILE

TOO_LONG = (
    f"encoding.json would be larger than the {LARGEST_FILE >> 20} MiB that it may have: the "
    "columns, their names and categories are too many or too long; drop some"
)


def encoding_text(encoder: Encoder) -> str:
    """Return the text of encoding.json.

    Args:
        encoder: The encoder.
    """
    return to_json(encoder.model_dump())


def is_too_long(text: str) -> bool:
    """Return whether a text is larger than encoding.json may be.

    Args:
        text: The text, of which the bytes in UTF-8 count.
    """
    return len(text.encode()) > LARGEST_FILE


def least_size(names: Iterable[str]) -> int:
    """Return the bytes that encoding.json has at the least.

    Args:
        names: The names of the features. Their categories and statistics are not known yet.
    """
    nameless = Feature.model_construct(name="").model_dump()
    without_features = to_json({"features": []})
    with_one = to_json({"features": [nameless]})
    size_without_name = len(with_one) - len(without_features)
    size = 0
    for name in names:
        size += size_without_name + len(name.encode())
    return size
