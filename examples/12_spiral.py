"""Two spirals: separated by hidden layers, or by a straight line in the right two features.

Lecture: Javier Duarte, "PHYS 139/239: Machine Learning in Physics, Lecture 5: Neural networks",
January 24, 2023, the solution of the homework and "Neural networks & topology".

In (x₁, x₂) no line separates the arms, and logistic regression does little better than a coin;
hidden layers bend the plane until it works. In r and (θ − 2r) mod 2π, with θ = arctan2(x₁, x₂),
logistic regression is enough: a good feature replaces a network.
"""

import numpy as np

import nn
from plotting import COLORS, save_plot

rng = np.random.default_rng(12)


def spiral(n):
    """Return points of shape (2n, 2) on two noisy spiral arms, and the arm of each."""
    r, arm = 5 * np.sqrt(rng.uniform(0, 1, 2 * n)), np.repeat([0, 1], n)
    theta = 2.2 * r + np.pi * arm + 1
    return np.stack([r * np.sin(theta), r * np.cos(theta)], axis=-1) + rng.normal(0, 0.1, (2 * n, 2)), arm


def raw(X):
    """Return x₁ and x₂ as they are."""
    return X


def engineered(X):
    """Return r and (θ − 2r) mod 2π."""
    x1, x2 = X[..., 0], X[..., 1]
    r, theta = np.hypot(x1, x2), np.arctan2(x1, x2)
    return np.stack([r, (theta - 2 * r) % (2 * np.pi)], axis=-1)


X, y = spiral(200)
X_test, y_test = spiral(1000)
hidden = nn.Sequential(nn.Linear(2, 32, rng=1), nn.Tanh(), nn.Linear(32, 32, rng=2), nn.Tanh(), nn.Linear(32, 1, rng=3))
models = {
    "raw, linear": (raw, nn.Linear(2, 1, rng=1)),
    "raw, hidden layers": (raw, hidden),
    "engineered, linear": (engineered, nn.Linear(2, 1, rng=1)),
}
accuracy = {}
print("features and model    parameters   test accuracy")
for name, (features, model) in models.items():
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    target = y[:, None].astype(float)
    nn.fit(model, features(X), target, loss=nn.BCEWithLogitsLoss(), optimizer=optimizer, epochs=200, rng=0)
    accuracy[name] = np.mean((model(features(X_test)).numpy()[:, 0] > 0) == y_test)
    print(f"{name:20}  {sum(p.size for p in model.parameters()):10}   {accuracy[name]:13.1%}")


def draw(figure):
    """Draw where each model says which arm, in the plane of the points."""
    axis = np.linspace(-6, 6, 301)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    for axes, (name, (features, model)) in zip(figure.subplots(1, 3, sharey=True), models.items(), strict=True):
        logit = model(features(grid)).numpy()[..., 0]
        axes.contourf(axis, axis, logit > 0, levels=[-0.5, 0.5, 1.5], colors=COLORS[:2], alpha=0.3)
        for arm, marker in enumerate("os"):
            axes.plot(*X[y == arm].T, marker, color=COLORS[arm], markersize=3)
        axes.set(title=f"{name}: {accuracy[name]:.1%}", xlabel="x₁", ylabel="x₂", aspect="equal")
        axes.label_outer()
        axes.grid(visible=False)


save_plot(draw, __file__, width=10, height=3.8)
assert accuracy["raw, linear"] < 0.75
assert accuracy["raw, hidden layers"] > 0.95
assert accuracy["engineered, linear"] > 0.95
