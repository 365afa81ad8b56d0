"""Tune the learning rate η below 2 / curvature, then anneal it.

Lecture: Judith Katzy, "Introduction to Machine Learning, Part II", Hamburg, September 2024,
"Tuning the learning rate"; Javier Duarte, "PHYS 139/239: Machine Learning in Physics, Lecture 5:
Neural networks", January 24, 2023, "Flat & sharp minima" and "Learning rate annealing".

First a parabola in ten dimensions: the Hessian says where gradient descent turns from converging to
diverging, to the digit. Then a network on noisy data in mini-batches: a high η is fast and stays
noisy, a low one is slow; one that starts high and is lowered in steps is better than both.
"""

import numpy as np

import autodiff as ad
import nn
from plotting import save_plot

rng = np.random.default_rng(17)
A, b = rng.normal(size=(50, 10)), rng.normal(size=50)


def cost(theta):
    """Return the mean squared error of a linear regression."""
    return np.mean((A @ theta - b) ** 2)


curvature = np.linalg.eigvalsh(ad.hessian(cost)(np.zeros(10))).max()
best = cost(np.linalg.lstsq(A, b)[0])
excess = {}
print(f"largest curvature {curvature:.4f}, so η must be below 2 / curvature = {2 / curvature:.4f}\n")
print("η · curvature / 2   C − C_min after 1000 steps")
for fraction in (0.01, 0.1, 0.5, 0.99, 1.01):
    theta, excess[fraction] = np.zeros(10), []
    for _ in range(1001):
        excess[fraction].append(max(cost(theta) - best, 1e-16))
        theta = theta - fraction * 2 / curvature * ad.grad(cost)(theta)
    print(f"{fraction:17}   {excess[fraction][-1]:.1e}")

X = rng.uniform(-2, 2, (500, 1))
y = np.sin(3 * X) + rng.normal(0, 0.3, X.shape)
X_test = np.linspace(-2, 2, 400)[:, None]
losses, errors = {}, {}
print("\nlearning rate               error against the noiseless curve")
for name, eta, gamma in (("high, 0.02", 2e-2, 1), ("low, 0.0002", 2e-4, 1), ("annealed, 0.02 … 0.00002", 2e-2, 0.1)):
    model = nn.Sequential(nn.Linear(1, 50, rng=1), nn.Tanh(), nn.Linear(50, 1, rng=2))
    optimizer = nn.optim.SGD(model.parameters(), lr=eta, momentum=0.9)
    scheduler = nn.optim.lr_scheduler.StepLR(optimizer, step_size=75, gamma=gamma)
    history = nn.fit(model, X, y, optimizer=optimizer, scheduler=scheduler, epochs=300, batch_size=10, rng=3)
    losses[name] = history["loss"]
    errors[name] = np.sqrt(np.mean((model(X_test).numpy() - np.sin(3 * X_test)) ** 2))
    print(f"{name:26}  {errors[name]:.3f}")


def draw(figure):
    """Draw the excess of the cost for each η, and the loss of each way to choose it."""
    left, right = figure.subplots(1, 2)
    for fraction, values in excess.items():
        (line,) = left.semilogy(values[:201])
        left.text(205, values[200], fraction, color=line.get_color(), verticalalignment="center")
    left.set(xlabel="step", ylabel="C − C_min", xlim=(0, 240), title="a parabola; η in units of 2 / curvature")
    for name, loss in losses.items():
        right.plot(range(1, 301), loss, linewidth=1.2, label=name)
    right.set(
        xlabel="epoch",
        ylabel="training loss (mean squared error)",
        ylim=(0.08, 0.25),
        title="a network in mini-batches",
    )
    right.legend(fontsize=9)


save_plot(draw, __file__, width=9.6)
assert excess[0.99][-1] < excess[0.99][0] < excess[1.01][-1]
assert errors["annealed, 0.02 … 0.00002"] < 0.9 * min(errors["high, 0.02"], errors["low, 0.0002"])
