"""The lesson's job with PyTorch: python torch_lesson.py TABLE.csv MODEL.pt EPOCHS."""

import sys

import polars as pl
import torch
from torch import nn

table, target, epochs = sys.argv[1:]
data = pl.read_csv(table)
x = torch.from_numpy(data.drop("label").to_numpy()).float()
y = torch.from_numpy(data["label"].to_numpy()).float()[:, None]
x = (x - x.mean(0)) / x.std(0)

model = nn.Sequential(
    nn.Linear(x.shape[1], 25), nn.ReLU(), nn.Linear(25, 15), nn.ReLU(), nn.Linear(15, 1)
)
optimizer = torch.optim.Adam(model.parameters())
loss = nn.BCEWithLogitsLoss()
for _ in range(int(epochs)):
    order = torch.randperm(len(x))
    for start in range(0, len(x), 32):
        batch = order[start : start + 32]
        optimizer.zero_grad()
        loss(model(x[batch]), y[batch]).backward()
        optimizer.step()
torch.save(model.state_dict(), target)
