"""One gradient step of a logistic regression on all 10,000 samples of 100 features: two passes over a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Run, Workload

SAMPLES, FEATURES, LR, PENALTY = 10_000, 100, 0.5, 1e-3

workload = Workload(
    "logistic-regression",
    f"gradient step of a logistic regression, full batch, {SAMPLES:,} x {FEATURES}, L2 penalty, float64",
    tolerance=1e-11,
    calls=10,
)


def data() -> tuple[Any, Any]:
    """Return X of shape (samples, features), and y of shape (samples,): -1 or 1."""
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(SAMPLES, FEATURES))
    return X, np.where(X @ rng.normal(size=FEATURES) + rng.normal(size=SAMPLES) > 0.0, 1.0, -1.0)


def loss_of(np: Any) -> Callable:
    """Return the loss, mean log(1 + exp(-y Xw)) + ½ penalty |w|², in the NumPy of the caller's library."""

    def loss(w: Any, X: Any, y: Any) -> Any:
        return np.mean(np.logaddexp(0.0, -y * (X @ w))) + 0.5 * PENALTY * np.sum(w * w)

    return loss


def steps(gradient: Callable, w: Any, X: Any, y: Any) -> Run:
    """Return a run that is one gradient step; it returns the weights after it."""

    def step() -> Any:
        nonlocal w
        w = w - LR * gradient(w, X, y)
        return w

    return step


@workload.contender(BY_HAND)
def by_hand() -> Run:
    import numpy as np

    def gradient(w: Any, X: Any, y: Any) -> Any:
        ct = X @ w
        np.multiply(ct, y, out=ct)
        np.exp(ct, out=ct)
        np.add(ct, 1.0, out=ct)
        np.divide(y, ct, out=ct)
        return ct @ X * (-1.0 / len(y)) + PENALTY * w

    return steps(gradient, np.zeros(FEATURES), *data())


@workload.contender(EAGER)
def eager() -> Run:
    import numpy as np

    import autodiff as ad

    return steps(ad.grad(loss_of(np)), np.zeros(FEATURES), *data())


@workload.contender(COMPILED)
def compiled() -> Run:
    import numpy as np

    import autodiff as ad

    return steps(ad.compile(ad.grad(loss_of(np))), np.zeros(FEATURES), *data())


@workload.contender("PyTorch eager")
def pytorch() -> Run:
    import torch

    X, y = map(torch.tensor, data())
    w = torch.zeros(FEATURES, dtype=torch.float64, requires_grad=True)

    def step() -> Any:
        loss = torch.nn.functional.softplus(-y * (X @ w)).mean() + 0.5 * PENALTY * (w * w).sum()
        (gradient,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w.sub_(LR * gradient)
        return w

    return step


@workload.contender("jax.jit")
def jax_jit() -> Run:
    import jax
    import jax.numpy as jnp

    X, y = map(jnp.array, data())
    gradient = jax.grad(loss_of(jnp))
    update = jax.jit(lambda w, X, y: w - LR * gradient(w, X, y))
    w = jnp.zeros(FEATURES)

    def step() -> Any:
        nonlocal w
        w = update(w, X, y).block_until_ready()
        return w

    return step


@workload.contender("autograd")
def hips_autograd() -> Run:
    import autograd
    import autograd.numpy as np

    return steps(autograd.grad(loss_of(np)), np.zeros(FEATURES), *data())


@workload.contender("MyGrad")
def mygrad() -> Run:
    import mygrad as mg
    import numpy as np

    mg.turn_memory_guarding_off()  # its documented switch for speed
    X, y = data()
    w = mg.tensor(np.zeros(FEATURES))

    def step() -> Any:
        loss = mg.mean(mg.logaddexp(0.0, -y * (mg.matmul(X, w)))) + 0.5 * PENALTY * mg.sum(w * w)
        loss.backward()
        w.data[...] -= LR * w.grad
        return w.data

    return step
