"""Labels, however they are spelt."""

import re


def label_key(text: str) -> str:
    """Return what spellings of one label have in common: `1`, `1.0`; `True`, `true`; `Yes`, `yes`."""
    stripped = text.strip()
    if re.fullmatch(
        r"[-+]?(\d{1,15}\.?\d*|\.\d+)", stripped
    ):  # beyond 15 digits floats merge integers
        return repr(float(stripped))
    return stripped.lower() if stripped.lower() in ("true", "false", "yes", "no") else stripped


KNOWN_LABELS = {
    ("0.0", "1.0"),
    ("false", "true"),
    ("no", "yes"),
}  # whose second is the positive one
