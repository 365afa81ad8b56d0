"""Thirty layers with and without residual connections: one learns the digits, the other nothing.

Lecture: Javier Duarte, "PHYS 139/239: Machine Learning in Physics, Lecture 5: Neural networks",
January 24, 2023, "Residual connections" (He et al. 2016).

Without them information has to pass through every layer, and so has the gradient on its way back.
y = x + f(x) adds a path around each layer. Same layers, same initial weights, same optimiser.
"""

import numpy as np
from sklearn.datasets import load_digits

import nn
from plotting import save_plot

depth, width, epochs = 30, 32, 15
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = nn.data.train_test_split(X / 16, y, test_size=0.25, stratify=y, rng=0)


def network(connection):
    """Return a classifier of `depth` hidden layers, each wrapped by `connection`."""
    rng = np.random.default_rng(14)
    layers = [nn.Sequential(nn.Linear(width, width, rng=rng), nn.Tanh()) for _ in range(depth)]
    return nn.Sequential(nn.Linear(64, width, rng=rng), *map(connection, layers), nn.Linear(width, 10, rng=rng))


models = {"plain": network(lambda layer: layer), "residual": network(nn.Residual)}
first, losses, accuracy = {}, {}, {}
print("connections   |∂C/∂W| first layer   training loss   test accuracy")
for name, model in models.items():
    loss = nn.CrossEntropyLoss()
    loss(model(X_train), y_train).backward()
    first[name] = np.linalg.norm(model[0].weight.grad)
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-3)
    history = nn.fit(model, X_train, y_train, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=64, rng=0)
    losses[name] = history["loss"]
    accuracy[name] = np.mean(model(X_test).numpy().argmax(axis=1) == y_test)
    print(f"{name:11}   {first[name]:19.1e}   {losses[name][-1]:13.3f}   {accuracy[name]:13.3f}")


def draw(figure):
    """Draw the loss of both against the epoch."""
    axes = figure.subplots()
    for name, loss in losses.items():
        axes.plot(range(1, epochs + 1), loss, "o-", label=name)
    axes.axhline(np.log(10), color="0.5", linestyle=":", label="guessing, ln 10")
    axes.set(xlabel="epoch", ylabel="training loss (cross-entropy, nats)", title=f"{depth} hidden layers")
    axes.legend()


save_plot(draw, __file__)
assert first["residual"] > 1e6 * first["plain"]
assert accuracy["residual"] > 0.94
assert accuracy["plain"] < 0.5
