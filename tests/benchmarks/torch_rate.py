"""The seconds of each epoch of a PyTorch loop: python torch_rate.py TABLE.csv EPOCHS."""

import json
import sys
import time

import polars as pl
import torch
from torch import nn

table, epochs = sys.argv[1:]
data = pl.read_csv(table)
x = torch.from_numpy(data.drop("y").to_numpy()).float()
y = torch.from_numpy(data["y"].to_numpy()).float()[:, None]
x = (x - x.mean(0)) / x.std(0)

model = nn.Sequential(
    nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
)
optimizer = torch.optim.Adam(model.parameters())
loss = nn.BCEWithLogitsLoss()
times = []
for _ in range(int(epochs)):
    began = time.perf_counter()
    order = torch.randperm(len(x))
    for start in range(0, len(x), 1024):
        batch = order[start : start + 1024]
        optimizer.zero_grad()
        loss(model(x[batch]), y[batch]).backward()
        optimizer.step()
    times.append(time.perf_counter() - began)
print(json.dumps(times))
