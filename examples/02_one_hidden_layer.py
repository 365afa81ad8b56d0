"""A hidden layer of one neuron: δ₂ and δ₁ by hand, and from the engine.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Adding a hidden layer".

The hidden neuron has a sigmoid σ, the output none. The four derivatives agree to the last digits,
and the bent line of the network comes close to y = 2x + 1 on the interval it was trained on, and
nowhere else.
"""

import numpy as np

import autodiff as ad
from plotting import save_plot

rng = np.random.default_rng(2)


def sigmoid(z):
    """Return σ(z) = 1 / (1 + exp(−z))."""
    return 1 / (1 + np.exp(-z))


def feed_forward(theta, x):
    """Return the outputs a₁ of the hidden neuron and a₂ of the network."""
    w1, b1, w2, b2 = theta
    a1 = sigmoid(w1 * x + b1)
    return a1, w2 * a1 + b2


def cost(theta, x, y):
    """Return C = ½ (a₂ − y)², averaged over the inputs."""
    return np.mean(0.5 * (feed_forward(theta, x)[1] - y) ** 2)


def back_propagation(theta, x, y):
    """Return ∂C/∂(w₁, b₁, w₂, b₂) by the chain rule, from the output backwards."""
    _, _, w2, _ = theta
    a1, a2 = feed_forward(theta, x)
    delta2 = a2 - y  # δ₂ = ∂C/∂z₂
    delta1 = delta2 * w2 * a1 * (1 - a1)  # δ₁ = δ₂ w₂ σ′(z₁),  σ′ = σ (1 − σ)
    return np.array([np.mean(delta1 * x), np.mean(delta1), np.mean(delta2 * a1), np.mean(delta2)])


x = np.linspace(-1, 1, 20)
y = 2 * x + 1
theta = rng.normal(size=4)

by_hand, by_engine = back_propagation(theta, x, y), ad.grad(cost)(theta, x, y)
print("           by hand               engine")
for name, hand, engine in zip(("∂C/∂w₁", "∂C/∂b₁", "∂C/∂w₂", "∂C/∂b₂"), by_hand, by_engine, strict=True):
    print(f"{name}  {hand:20.16f}  {engine:20.16f}")

eta, costs = 0.3, []
for _ in range(10_001):
    C, gradient = ad.value_and_grad(cost)(theta, x, y)
    costs.append(C)
    theta = theta - eta * gradient
print("\nstep        C")
for step in (0, 100, 1000, 10_000):
    print(f"{step:5}  {costs[step]:.1e}")


def draw(figure):
    """Draw the cost, and the line with what the network makes of it."""
    left, right = figure.subplots(1, 2)
    left.loglog(np.arange(1, len(costs) + 1), costs)
    left.set(xlabel="step of gradient descent", ylabel="cost C")
    wide = np.linspace(-2.5, 2.5, 200)
    right.axvspan(-1, 1, color="0.93", label="training data")
    right.plot(wide, 2 * wide + 1, color="0.3", linestyle="--", label="y = 2x + 1")
    right.plot(wide, feed_forward(theta, wide)[1], label="network")
    right.set(xlabel="x", ylabel="y")
    right.legend(loc="upper left")


save_plot(draw, __file__, width=9)
assert np.max(np.abs(by_hand - by_engine)) <= 1e-15
assert costs[-1] < 1e-3
