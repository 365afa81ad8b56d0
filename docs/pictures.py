"""Draw the pictures of this folder: python docs/pictures.py [folder].

The functions are those of the lectures: a textbook's example, a chain of three hidden nodes, a
network of matrices, a computation graph, a multilayer perceptron and a convolutional network.
"""

import sys
from pathlib import Path

import numpy as np

import autodiff as ad
import nn


def textbook():
    """Return y = ln(x1) + x1 x2 − sin(x2), with its gradient, computed eagerly."""
    x1 = ad.tensor(2.0, requires_grad=True, name="x1")
    x2 = ad.tensor(5.0, requires_grad=True, name="x2")
    y = ad.label(np.log(x1) + x1 * x2 - np.sin(x2), "y")
    y.backward()
    return ad.draw(y)


def computation_graph():
    """Return y = sin(w1 x + log x) + cos x."""

    def f(w1, x):
        y = np.sin(w1 * x + np.log(x)) + np.cos(x)
        return y

    return ad.record(f, 0.5, 2.0).draw()


def hidden_chain():
    """Return the loss of a network with three hidden layers of one node."""

    def loss(x, β0, ω0, β1, ω1, β2, ω2, β3, ω3, y):
        f0 = β0 + ω0 * x
        h1 = np.maximum(f0, 0.0)
        f1 = β1 + ω1 * h1
        h2 = np.maximum(f1, 0.0)
        f2 = β2 + ω2 * h2
        h3 = np.maximum(f2, 0.0)
        f3 = β3 + ω3 * h3
        loss = (f3 - y) ** 2
        return loss

    return ad.record(loss, 1.0, 0.1, 0.5, 0.2, 0.6, 0.3, 0.7, 0.4, 0.8, 2.0).draw()


def matrix_network():
    """Return the loss of a network with three hidden layers of 4, 2 and 3 nodes."""
    rng = np.random.default_rng(4)
    sizes = [3, 4, 2, 3, 2]
    weights = [rng.normal(size=shape) for shape in zip(sizes[1:], sizes[:-1], strict=True)]
    biases = [np.full(size, 0.5) for size in sizes[1:]]

    def loss(x, β0, Ω0, β1, Ω1, β2, Ω2, β3, Ω3, y):  # noqa: N803 - the letters of the lectures
        f0 = β0 + Ω0 @ x
        h1 = np.maximum(f0, 0.0)
        f1 = β1 + Ω1 @ h1
        h2 = np.maximum(f1, 0.0)
        f2 = β2 + Ω2 @ h2
        h3 = np.maximum(f2, 0.0)
        f3 = β3 + Ω3 @ h3
        loss = np.sum((f3 - y) ** 2)
        return loss

    layers = [array for pair in zip(biases, weights, strict=True) for array in pair]
    return ad.record(loss, np.array([0.5, -1.0, 2.0]), *layers, np.array([1.0, 0.0])).draw()


def perceptron():
    """Return a multilayer perceptron with its loss, layer by layer."""
    layers = [nn.Linear(4, 50, rng=0)]
    for seed in range(1, 4):
        layers += [nn.Tanh(), nn.Linear(50, 50, rng=seed)]
    model = nn.Sequential(*layers, nn.Tanh(), nn.Linear(50, 3, rng=4))
    criterion = nn.CrossEntropyLoss()
    classes = np.arange(16) % 3

    def loss(x):
        return criterion(model(x), classes)

    return ad.record(loss, np.random.default_rng(0).normal(size=(16, 4))).draw(view="model")


def convolutional():
    """Return a convolutional network for images of 28 × 28 pixels, layer by layer."""
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, rng=0),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, rng=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 7 * 7, 10, rng=2),
    )
    return ad.record(model, np.random.default_rng(0).normal(size=(5, 1, 28, 28))).draw(view="model")


PICTURES = (textbook, computation_graph, hidden_chain, matrix_network, perceptron, convolutional)

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for picture in PICTURES:
        picture().save(folder / f"{picture.__name__}.svg")
