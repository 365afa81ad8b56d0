"""OR and AND are linear, XOR is not: logistic regression fails where one hidden layer works.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Testing the XOR gate and other gates".

A single straight line separates the ones of OR and of AND from their zeros; no line does so for
XOR. Two tanh neurons bend the plane enough.
"""

import numpy as np

import nn
from plotting import save_plot

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
gates = {"OR": [0, 1, 1, 1], "AND": [0, 0, 0, 1], "XOR": [0, 1, 1, 0]}


def logistic_regression():
    """Return a model with no hidden layer: its output is the logit of P(y = 1)."""
    return nn.Linear(2, 1, rng=0)


def hidden_layer():
    """Return a model with one hidden layer of two neurons."""
    return nn.Sequential(nn.Linear(2, 2, rng=1), nn.Tanh(), nn.Linear(2, 1, rng=2))


def probability(model, X):
    """Return P(y = 1) for inputs of shape (…, 2)."""
    return nn.functional.sigmoid(model(X)).numpy()[..., 0]


accuracy, models = {}, {}
print("gate   model                 P(y = 1) at 00, 01, 10, 11     right")
for gate, y in gates.items():
    for make in (logistic_regression, hidden_layer):
        model = make()
        optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
        target = np.array(y, dtype=float)[:, None]
        nn.fit(model, X, target, loss=nn.BCEWithLogitsLoss(), optimizer=optimizer, epochs=500, batch_size=None, rng=0)
        p = probability(model, X)
        accuracy[gate, make], models[gate, make] = np.mean((p > 0.5) == y), model
        print(f"{gate:6} {make.__name__:20} {'  '.join(f'{value:6.3f}' for value in p)}   {accuracy[gate, make]:6.0%}")


def draw(figure):
    """Draw P(y = 1) over the plane, for each gate and model."""
    axis = np.linspace(-0.5, 1.5, 101)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    for axes, ((gate, make), model) in zip(panels.T.flat, models.items(), strict=True):
        colours = axes.contourf(axis, axis, probability(model, grid), np.linspace(0, 1, 11), cmap="PuOr", alpha=0.8)
        axes.scatter(*X.T, c=gates[gate], cmap="gray", edgecolors="black", s=60, zorder=3)
        axes.set(title=f"{gate}, {make.__name__.replace('_', ' ')}", aspect="equal")
        axes.grid(visible=False)
    figure.suptitle("white: the gate gives 1, black: it gives 0", fontsize=11)
    figure.supxlabel("x₀")
    figure.supylabel("x₁")
    figure.colorbar(colours, ax=panels, label="P(y = 1)")


save_plot(draw, __file__, width=9, height=5.6)
assert all(right == 1 for (gate, make), right in accuracy.items() if gate != "XOR" or make is hidden_layer)
assert accuracy["XOR", logistic_regression] <= 0.75
