"""Numbers in text."""

import numpy as np

FLOAT32_MAX = float(np.finfo(np.float32).max)
