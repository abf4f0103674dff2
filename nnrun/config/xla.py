"""Decides whether a run compiles with XLA, where `jit_compile` leaves it to nnrun.

All figures are of `tests/benchmarks/xla.py` on two quiet cores. With XLA the first epoch takes
0.5 s longer, or 1 s where the last batch is smaller, for that is compiled too. Later steps mostly
take less, so that XLA pays from some number of steps on:

    units               features  batch  a step without, with XLA  pays from
    25-15-1                  400     32       167 and    75 us     6,235 steps
    25-15-1                   28     32       123 and    36 us     5,384
    64-64-1                   28     32       151 and    42 us     4,862
    128-64-1                 100    128       301 and   188 us     4,846
    64-64-1                   28  1,024       519 and   485 us    13,686
    512-256-1                100    256     2,024 and 1,802 us     1,806
    1024-1024-1              100    128     8,659 and 5,553 us       144
    25-15-1, Dropout          28     32       161 and   640 us     never

On busy cores, XLA pays from 7,700 to 10,400 steps on.
"""

from nnrun.config.architecture import summarize
from nnrun.config.schema import Config

XLA_PAYS_FROM = 6_000  # steps of a small network
HALVED_BY = 100_000  # parameters: a large network gains more by a step, so that fewer are enough
RANDOM_LAYERS = ("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout")
"""XLA draws random numbers several times slower."""


def uses_xla(config: Config, features: int, rows: int) -> bool:
    """Return whether training compiles with XLA.

    Args:
        config: The config; its `jit_compile` decides unless it is `auto`.
        features: The number of features that enter the network.
        rows: The number of training rows.
    """
    if config.jit_compile != "auto":
        return config.jit_compile
    if any(spec["type"] in RANDOM_LAYERS for spec in config.layers):
        return False
    layers = summarize(config, features)
    parameters = sum(layer.parameters for layer in layers)
    gain_by_step = 1 + parameters / HALVED_BY
    return config.steps(rows) * gain_by_step >= XLA_PAYS_FROM
