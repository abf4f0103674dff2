"""The lesson's job with scikit-learn: python sklearn_lesson.py TABLE.csv MODEL.joblib EPOCHS."""

import sys
import warnings

import joblib
import polars as pl
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

table, target, epochs = sys.argv[1:]
data = pl.read_csv(table)
X = data.drop("label").to_numpy()
Y = data["label"].to_numpy()

stopping = {"max_iter": int(epochs), "tol": 0, "n_iter_no_change": int(epochs) + 1}  # none
network = MLPClassifier((25, 15), solver="adam", alpha=0, batch_size=32, random_state=0, **stopping)
model = make_pipeline(StandardScaler(), network)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it has not converged
    model.fit(X, Y)
if network.n_iter_ != int(epochs):
    sys.exit(f"stopped after {network.n_iter_} epochs")
joblib.dump(model, target)
