"""Two inputs, two hidden neurons, one output: the nine derivatives, one by one.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Simple neural network and the back propagation equations".

Each derivative is written out as on the slides and set beside the engine's. Then gradient descent
fits the lecture's polynomial: two hidden neurons get near, but cannot follow it where it is small
(and from many other seeds end in a worse minimum); example 04 takes more of them.
"""

import numpy as np

import autodiff as ad
from plotting import save_plot

rng = np.random.default_rng(4)


def sigmoid(z):
    """Return σ(z) = 1 / (1 + exp(−z))."""
    return 1 / (1 + np.exp(-z))


def feed_forward(theta, x):
    """Return a⁽¹⁾, shape (n, 2), and a⁽²⁾, shape (n,), for inputs of shape (n, 2)."""
    a1 = sigmoid(x @ theta["w1"].T + theta["b1"])  # w1[i, j] leads from input j to hidden neuron i
    return a1, a1 @ theta["w2"] + theta["b2"]


def cost(theta, x, y):
    """Return C = ½ (a⁽²⁾ − y)², averaged over the inputs."""
    return np.mean(0.5 * (feed_forward(theta, x)[1] - y) ** 2)


def nine_derivatives(theta, x, y):
    """Return the derivatives of C for one input x of shape (2,), by name."""
    (a1,), (a2,) = feed_forward(theta, x[None])
    delta2 = a2 - y
    delta1 = [theta["w2"][i] * a1[i] * (1 - a1[i]) * delta2 for i in (0, 1)]
    return {
        "w1": np.array([[delta1[0] * x[0], delta1[0] * x[1]], [delta1[1] * x[0], delta1[1] * x[1]]]),
        "b1": np.array([delta1[0], delta1[1]]),
        "w2": np.array([delta2 * a1[0], delta2 * a1[1]]),
        "b2": delta2,
    }


X = rng.uniform(-1, 1, (100, 2))
y = X[:, 0] ** 2 + 3 * X[:, 0] * X[:, 1] + X[:, 1] ** 2 + 5
theta = {"w1": rng.normal(size=(2, 2)), "b1": np.zeros(2), "w2": rng.normal(size=2), "b2": 0.0}

by_hand, by_engine = nine_derivatives(theta, X[0], y[0]), ad.grad(cost)(theta, X[:1], y[:1])
largest_difference = 0.0
print("∂C/∂              by hand               engine")
for name, derivatives in by_hand.items():
    for index in np.ndindex(np.shape(derivatives)):
        hand, engine = np.asarray(derivatives)[index], np.asarray(by_engine[name])[index]
        largest_difference = max(largest_difference, abs(hand - engine) / abs(hand))
        print(f"{name + str(list(index) or ''):8}  {hand:19.15f}  {engine:19.15f}")

eta, costs = 0.3, []
for _ in range(5000):
    C, gradient = ad.value_and_grad(cost)(theta, X, y)
    costs.append(C)
    theta = {name: theta[name] - eta * gradient[name] for name in theta}
R2 = 1 - 2 * costs[-1] / np.var(y)
print(f"\nR² with two hidden neurons, after {len(costs)} steps: {R2:.2f}")


def draw(figure):
    """Draw the cost, and what the network predicts against the target."""
    left, right = figure.subplots(1, 2)
    left.loglog(np.arange(1, len(costs) + 1), costs)
    left.set(xlabel="step of gradient descent", ylabel="cost C")
    right.plot(np.sort(y), np.sort(y), color="0.3", linestyle="--", label="perfect")
    right.plot(y, feed_forward(theta, X)[1], "o", markersize=4, label="network")
    right.set(xlabel="target y", ylabel="output a⁽²⁾")
    right.legend(loc="upper left")


save_plot(draw, __file__, width=9)
assert largest_difference <= 1e-15
assert 0.95 < R2 < 0.99
