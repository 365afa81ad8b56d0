"""Dropout hinders a wide network from learning wrong labels by heart.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Dropout"; Javier Duarte, "PHYS 139/239: Machine Learning in Physics,
Lecture 5: Neural networks", January 24, 2023, "Generalization bounds" (stochasticity limits what the
weights can store).

At every training step each hidden neuron is left out with probability p; afterwards none is. The
others are scaled by 1 / (1 − p), so that their sum is the same on average. Every third training
label here is drawn by lot: without dropout the network memorises the wrong ones.
"""

import numpy as np
from sklearn.datasets import load_digits

import nn
from plotting import save_plot

rng = np.random.default_rng(10)
layer, ones = nn.Dropout(0.5, rng=0), np.ones(100_000)
dropped, mean = np.mean(layer(ones) == 0), np.mean(layer(ones))
print(f"in training: {dropped:.1%} of the neurons are left out, their mean is {mean:.3f}")
assert np.array_equal(layer.eval()(ones), ones)

X, y = load_digits(return_X_y=True)
X, order = X / 16, rng.permutation(len(X))
train, test = order[:600], order[600:]
labels = y[train].copy()
labels[::3] = rng.integers(0, 10, len(labels[::3]))

epochs, curves, test_error, memorised = 60, {}, {}, {}
print("\n  p   wrong labels learned   test error")
for p in (0.0, 0.2, 0.5, 0.7):
    model = nn.Sequential(nn.Linear(64, 400, rng=1), nn.ReLU(), nn.Dropout(p, rng=2), nn.Linear(400, 10, rng=3))
    optimizer, loss = nn.optim.Adam(model.parameters(), lr=2e-3), nn.CrossEntropyLoss()
    history = nn.fit(
        model,
        X[train],
        labels,
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        validation_data=(X[test], y[test]),
        metrics=["accuracy"],
        rng=0,
    )
    model.eval()
    curves[p] = 1 - np.array(history["val_accuracy"])
    wrong = labels != y[train]
    memorised[p] = np.mean(model(X[train][wrong]).numpy().argmax(axis=1) == labels[wrong])
    test_error[p] = curves[p][-1]
    print(f"{p:3}   {memorised[p]:20.1%}   {test_error[p]:10.1%}")


def draw(figure):
    """Draw the test error against the epoch."""
    axes = figure.subplots()
    for p, error in curves.items():
        axes.plot(range(1, epochs + 1), 100 * error, label=f"p = {p}")
    axes.set(xlabel="epoch", ylabel="test error (%)", title="every third training label is random", ylim=(0, None))
    axes.legend()


save_plot(draw, __file__)
assert abs(dropped - 0.5) < 0.01
assert abs(mean - 1) < 0.01
assert memorised[0.5] < memorised[0.0] / 2
assert test_error[0.5] < test_error[0.0] / 1.3
