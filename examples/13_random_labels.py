"""A network learns random labels by heart, and knows nothing.

Lecture: Javier Duarte, "PHYS 139/239: Machine Learning in Physics, Lecture 5: Neural networks",
January 24, 2023, "Data memorization" and "Generalization bounds".

The same network is trained on digits with their labels and with labels that were drawn by lot.
Both trainings reach an error of zero; only the test set tells which of them has learned. A training
error of zero is no proof of anything.
"""

import numpy as np
from sklearn.datasets import load_digits

import nn
from plotting import save_plot

rng = np.random.default_rng(13)
X, y = load_digits(return_X_y=True)
X = X / 16
order = rng.permutation(len(X))
train, test = order[:500], order[500:]
labels = {"true labels": y, "random labels": rng.integers(0, 10, len(y))}


def accuracy(model, rows, labels):
    """Return the part of the rows whose label the model gives."""
    return np.mean(model(X[rows]).numpy().argmax(axis=1) == labels[rows])


epochs, learned, tested, losses = 150, {}, {}, {}
print("                epochs   training accuracy   test accuracy")
for name, target in labels.items():
    model = nn.Sequential(nn.Linear(64, 256, rng=1), nn.ReLU(), nn.Linear(256, 10, rng=2))
    optimizer = nn.optim.Adam(model.parameters(), lr=5e-3)
    history = nn.fit(
        model, X[train], target[train], loss=nn.CrossEntropyLoss(), optimizer=optimizer, epochs=epochs, rng=0
    )
    losses[name] = history["loss"]
    learned[name], tested[name] = accuracy(model, train, target), accuracy(model, test, target)
    print(f"{name:13}   {epochs:6}   {learned[name]:17.3f}   {tested[name]:13.3f}")


def draw(figure):
    """Draw the loss against the epoch, and the accuracies."""
    left, right = figure.subplots(1, 2)
    for name, loss in losses.items():
        left.semilogy(range(1, epochs + 1), loss, label=name)
    left.set(xlabel="epoch", ylabel="training loss (cross-entropy, nats)")
    left.legend()
    position = np.arange(2)
    for shift, name in zip((-0.2, 0.2), labels, strict=True):
        bars = right.bar(position + shift, [learned[name], tested[name]], width=0.4, label=name)
        right.bar_label(bars, fmt="{:.0%}", padding=2)
    right.axhline(0.1, color="0.3", linestyle=":", label="guessing")
    right.set(
        xticks=position, xticklabels=["training", "test"], ylabel="accuracy", ylim=(0, 1.4), yticks=np.linspace(0, 1, 6)
    )
    right.legend(loc="upper right")


save_plot(draw, __file__, width=9)
assert learned["random labels"] == 1
assert tested["random labels"] < 0.15
assert tested["true labels"] > 0.9
