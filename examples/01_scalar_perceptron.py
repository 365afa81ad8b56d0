"""One neuron, one weight, one bias: learn y = 2x + 1 with derivatives found by hand and by the engine.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "First network example, simple perceptron with one input".

The table shows that the engine's derivatives are the chain rule's, and the weight and the bias on
their way to 2 and 1.
"""

import numpy as np

import autodiff as ad
from plotting import save_plot

rng = np.random.default_rng(1)


def feed_forward(x, w, b):
    """Return the output a of the neuron; its activation function is the identity."""
    return w * x + b


def cost(w, b, x, y):
    """Return C = ½ (a − y)² for one input x and its target y."""
    return 0.5 * (feed_forward(x, w, b) - y) ** 2


def back_propagation(w, b, x, y):
    """Return ∂C/∂w = δ x and ∂C/∂b = δ, with δ = ∂C/∂a · ∂a/∂z = (a − y) · 1."""
    delta = feed_forward(x, w, b) - y
    return delta * x, delta


gradient = ad.grad(cost, argnum=(0, 1))  # of the same cost, without a formula

w, b = rng.normal(size=2)
eta = 0.1  # the learning rate η
steps, largest_difference = [], 0.0
print("step        w        b       C     ∂C/∂w     ∂C/∂b   by hand − engine")
for step in range(201):
    x = rng.uniform(-2, 2)
    y = 2 * x + 1
    dw, db = gradient(w, b, x, y)
    difference = np.max(np.abs(np.subtract(back_propagation(w, b, x, y), (dw, db))))
    largest_difference = max(largest_difference, difference)
    if step % 25 == 0:
        print(f"{step:4} {w:8.5f} {b:8.5f} {cost(w, b, x, y):7.0e} {dw:9.1e} {db:9.1e} {difference:18.1e}")
    steps.append((w, b))
    w, b = w - eta * dw, b - eta * db


def draw(figure):
    """Draw the way of the weight and the bias to the slope and the intercept of the line."""
    axes = figure.subplots()
    for values, name, target in zip(np.transpose(steps), ("weight w", "bias b"), (2, 1), strict=True):
        axes.plot(values, label=name)
        axes.axhline(target, color="0.5", linestyle=":", linewidth=1.5)
    axes.set(xlabel="step of gradient descent", ylabel="value", xlim=(0, 60), title="A neuron learns y = 2x + 1")
    axes.legend(loc="center right")


save_plot(draw, __file__)
assert largest_difference <= 1e-15
assert abs(w - 2) < 1e-9
assert abs(b - 1) < 1e-9
