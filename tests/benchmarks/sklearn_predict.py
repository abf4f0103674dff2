"""Rows predicted with scikit-learn: python sklearn_predict.py MODEL.pickle TABLE.csv.

The first call makes the pickle.
"""

import pickle
import sys
from pathlib import Path

import numpy as np

model, table = map(Path, sys.argv[1:])
if not model.exists():
    from sklearn.neural_network import MLPClassifier

    generator = np.random.default_rng(0)
    x = generator.standard_normal((200, 28))
    network = MLPClassifier((25, 15), max_iter=20).fit(x, x[:, 0] > 0)
    model.write_bytes(pickle.dumps(network))
network = pickle.loads(model.read_bytes())
x = np.loadtxt(table, delimiter=",", skiprows=1, ndmin=2)
print("probability,prediction")
for probability, label in zip(network.predict_proba(x)[:, 1], network.predict(x), strict=True):
    print(f"{probability},{label:d}")
