"""Fit y = x0² + 3 x0 x1 + x1² + 5 with a two-layer tanh network, and check its gradient.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Simple neural network and the back propagation equations".

The lecture derives ∂C/∂w and ∂C/∂b of a small network by hand; `loss.backward()` finds the
same numbers, and two witnesses that know nothing of the chain rule confirm them.
"""

import numpy as np

import autodiff as ad
import nn
from plotting import save_plot

rng = np.random.default_rng(2024)


def polynomial(x):
    """Return x0² + 3 x0 x1 + x1² + 5, shape (…, 1), for x of shape (…, 2)."""
    x0, x1 = x[..., :1], x[..., 1:]
    return x0**2 + 3 * x0 * x1 + x1**2 + 5


X, X_test = rng.uniform(-1, 1, (100, 2)), rng.uniform(-1, 1, (100, 2))
mean, std = polynomial(X).mean(), polynomial(X).std()
y = (polynomial(X) - mean) / std  # a network starts near 0 with slopes near 1: so should its target

model = nn.Sequential(nn.Linear(2, 32, rng=rng), nn.Tanh(), nn.Linear(32, 1, rng=rng))
loss_function = nn.MSELoss()
print(model, end="\n\n")


def cost(theta):
    """Return the loss as a plain NumPy function of all parameters in one vector; complex ones too."""
    W1, b1, W2, b2 = theta[:64].reshape(2, 32), theta[64:96], theta[96:128].reshape(32, 1), theta[128:]
    residual = np.tanh(X @ W1 + b1) @ W2 + b2 - y
    return np.mean(residual * residual)


loss_function(model(X), y).backward()
gradient = np.concatenate([p.grad.ravel() for p in model.parameters()])
theta = np.concatenate([p.data.ravel() for p in model.parameters()])
directions = np.eye(theta.size)
complex_step = np.array([cost(theta + 1e-100j * e).imag / 1e-100 for e in directions])
h = np.finfo(float).eps ** (1 / 3)
differences = np.array([(cost(theta + h * e) - cost(theta - h * e)) / (2 * h) for e in directions])

scale = np.max(np.abs(gradient))
errors = {
    "ad.grad": np.max(np.abs(ad.grad(cost)(theta) - gradient)) / scale,
    "complex step": np.max(np.abs(complex_step - gradient)) / scale,
    "central differences": np.max(np.abs(differences - gradient)) / scale,
}
print("largest difference between backward() and")
for witness, error in errors.items():
    print(f"  {witness:20} {error:.1e}")
assert max(errors["ad.grad"], errors["complex step"]) < 1e-13
assert errors["central differences"] < 1e-8
ad.check_grads(cost, theta, order=2)
print("  ad.check_grads       agrees to second order\n")

optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
for step in range(3001):
    optimizer.zero_grad()
    loss = loss_function(model(X), y)
    loss.backward()
    optimizer.step()
    if step % 500 == 0:
        print(f"step {step:4}   loss {loss.item():.3e}")

y_test = polynomial(X_test)
residual = y_test - (mean + std * model(X_test).numpy())
R2 = 1 - np.sum(residual**2) / np.sum((y_test - y_test.mean()) ** 2)
print(f"\ntest R² = {R2:.6f}")


def draw(figure):
    """Draw the network's output in colours, and the polynomial's contours on top."""
    axes, axis = figure.subplots(), np.linspace(-1, 1, 81)
    grid, levels = np.stack(np.meshgrid(axis, axis), axis=-1), np.arange(3.5, 10.5, 0.5)
    colours = axes.contourf(axis, axis, mean + std * model(grid).numpy()[..., 0], levels)
    axes.contour(axis, axis, polynomial(grid)[..., 0], levels, colors="white", linewidths=1)
    axes.plot(*X.T, "k.", markersize=4)
    axes.set(title="colours: network, lines: polynomial", xlabel="x₀", ylabel="x₁", aspect="equal")
    figure.colorbar(colours, label="y")


save_plot(draw, __file__, width=5.4)
assert R2 >= 0.999
