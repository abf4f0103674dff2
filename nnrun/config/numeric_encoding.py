"""How the network takes its numbers: the encoding that `data.numeric` names."""

from typing import Annotated

from pydantic import Field

from nnrun.config.named import Catalog, Named, Spec

STANDARD: Spec = {"name": "standard"}

DEFAULT_BINS = 16  # few enough for 25 training rows each in a table of 500
MOST_BINS = 256
"""Of a column: each is a unit, and the layer has a weight for each input and unit."""

_ENCODINGS: Catalog = {
    "standard": {},
    "robust": {},
    "ple": {
        "bins": (Annotated[int, Field(ge=1, le=MOST_BINS)], DEFAULT_BINS),
        "values": (bool, False),
    },
}

NUMERIC = Named(
    kind="numeric encoding",
    catalog=_ENCODINGS,
    number_means="name: ple, bins",
    example="name: ple, bins: 16",
)
"""`standard` subtracts the mean and divides by the standard deviation; `robust` takes the median
and the interquartile range; `ple` is the piecewise-linear encoding of quantiles of Gorishniy et
al. (2022), "On Embeddings for Numerical Features in Tabular Deep Learning". With `values`, the
number itself stands beside its code."""
