"""Gradient descent for programs written for autograd: `grad(x, i)` is the gradient at step i.

`x` may be nested containers of arrays; `callback(x, i, gradient)` is called before every step.
(`nn.optim` has the optimisers of PyTorch.) The steps can themselves be differentiated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.misc.flatten import flatten

__all__ = ["adam", "rmsprop", "sgd", "unflatten_optimizer"]


def unflatten_optimizer(optimizer: Callable) -> Callable:
    """Return an optimiser of vectors, (grad, x, callback, *options) ↦ x, as one of containers.

    Examples
    --------
    >>> @unflatten_optimizer
    ... def descend(grad, x, callback=None, rate=0.25):
    ...     for i in range(50):
    ...         x = x - rate * grad(x, i)
    ...     return x
    >>> print(round(descend(lambda p, i: {"a": 2 * (p["a"] - 3.0)}, {"a": 0.0})["a"], 6))
    3.0
    """

    @functools.wraps(optimizer)
    def optimize(grad: Callable, x0: Any, callback: Callable | None = None, *args: Any, **kwargs: Any) -> Any:
        start, unflatten = flatten(x0)

        def of_vectors(x: Any, i: int) -> Any:
            return flatten(grad(unflatten(x), i))[0]

        def call_back(x: Any, i: int, gradient: Any) -> Any:
            return callback and callback(unflatten(x), i, unflatten(gradient))

        return unflatten(optimizer(of_vectors, start, callback and call_back, *args, **kwargs))

    return optimize


def of_steps(steps: Callable) -> Callable:
    """Return an optimiser, given the steps it takes as a generator."""

    @unflatten_optimizer
    @functools.wraps(steps)
    def optimize(grad: Callable, start: Any, callback: Callable | None, *args: Any, **kwargs: Any) -> Any:
        x = start

        def gradient(x: Any, i: int) -> Any:
            found = grad(x, i)
            if callback is not None:
                callback(x, i, found)
            return found

        for x in steps(gradient, start, *args, **kwargs):  # noqa: B007 - the last one
            pass
        return x

    return optimize


@of_steps
def sgd(grad: Callable, x: Any, num_iters: int = 200, step_size: float = 0.1, mass: float = 0.9) -> Iterator:
    """Descend with momentum: v ← m v - (1 - m) g, x ← x + η v.

    References
    ----------
    B. T. Polyak (1964), USSR Comput. Math. Math. Phys. 4, 1, with the gradient weighted by 1 - m.

    Examples
    --------
    >>> print(round(sgd(lambda x, i: 2 * x, 1.0, num_iters=500), 6) + 0.0)
    0.0
    """
    v = np.zeros(len(x))
    for i in range(num_iters):
        v = mass * v - (1.0 - mass) * grad(x, i)
        x = x + step_size * v
        yield x


@of_steps
def rmsprop(
    grad: Callable, x: Any, num_iters: int = 100, step_size: float = 0.1, gamma: float = 0.9, eps: float = 1e-8
) -> Iterator:
    """Descend by RMSprop: s ← γ s + (1 - γ) g², starting at 1; x ← x - η g / (√s + ε).

    References
    ----------
    T. Tieleman and G. Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.

    Examples
    --------
    >>> print(abs(rmsprop(lambda x, i: 2 * x, 1.0, num_iters=100)) < 0.1)
    True
    """
    s = np.ones(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        s = s * gamma + g**2 * (1 - gamma)
        x = x - step_size * g / (np.sqrt(s) + eps)
        yield x


@of_steps
def adam(
    grad: Callable,
    x: Any,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Iterator:
    """Descend by Adam.

    References
    ----------
    D. P. Kingma and J. Ba (2015), "Adam: a method for stochastic optimization", ICLR, algorithm 1.

    Examples
    --------
    >>> print(abs(adam(lambda x, i: 2 * x, 1.0, num_iters=300, step_size=0.1)) < 1e-3)
    True
    """
    m = np.zeros(len(x))
    v = np.zeros(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        m = (1 - b1) * g + b1 * m
        v = (1 - b2) * g**2 + b2 * v
        m_hat = m / (1 - b1 ** (i + 1))
        v_hat = v / (1 - b2 ** (i + 1))
        x = x - step_size * m_hat / (np.sqrt(v_hat) + eps)
        yield x
