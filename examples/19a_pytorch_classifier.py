"""A classifier from the PyTorch slides, with `torch` replaced by `autodiff` and `nn`.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "And using PyTorch".

A class with `__init__` and `forward`, trained in mini-batches: whoever knows PyTorch can read it, and
the other way round. What differs is `ad.tensor` for `torch.tensor`, NumPy's dtypes, and the `rng` that
makes the initial weights the same in every run.
"""

import numpy as np

import autodiff as ad
import nn
import nn.optim as optim
from plotting import save_plot

rng = np.random.default_rng(19)


class NNClassifier(nn.Module):
    """Eight features, hidden layers of 12 and 8 neurons, one probability."""

    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(8, 12, rng=rng)
        self.act1 = nn.ReLU()
        self.hidden2 = nn.Linear(12, 8, rng=rng)
        self.act2 = nn.ReLU()
        self.output = nn.Linear(8, 1, rng=rng)
        self.act_output = nn.Sigmoid()

    def forward(self, x):
        """Return P(y = 1), shape (n, 1)."""
        x = self.act1(self.hidden1(x))
        x = self.act2(self.hidden2(x))
        return self.act_output(self.output(x))


dataset = rng.normal(size=(1000, 9))
dataset[:, 8] = dataset[:, 0] * dataset[:, 1] + dataset[:, 2] > 0  # the last column is the class
X = ad.tensor(dataset[:, 0:8], dtype=np.float32)
y = ad.tensor(dataset[:, 8], dtype=np.float32).reshape(-1, 1)

model = NNClassifier()
loss_fn = nn.BCELoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)
batch_size, losses = 50, []
for _epoch in range(60):
    for i in range(0, 700, batch_size):
        loss = loss_fn(model(X[i : i + batch_size]), y[i : i + batch_size])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    losses.append(loss_fn(model(X[:700]), y[:700]).item())

with ad.no_grad():
    accuracy = ((model(X[700:]) > 0.5) == (y[700:] > 0.5)).mean()
print(model, end="\n\n")
print("epoch   training loss")
for epoch in (1, 10, 20, 40, 60):
    print(f"{epoch:5}   {losses[epoch - 1]:13.3f}")
print(f"\ntest accuracy {accuracy:.3f}")


def draw(figure):
    """Draw the loss against the epoch."""
    axes = figure.subplots()
    axes.plot(range(1, 61), losses)
    axes.set(xlabel="epoch", ylabel="binary cross-entropy (nats)", ylim=(0, None))


save_plot(draw, __file__)
assert accuracy > 0.9
