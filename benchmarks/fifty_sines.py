"""The gradient of sin(sin(…sin(x)…)), 50 deep, at a scalar: the cost of one operation, times 50.

The depth is an argument of the builders: `curves` varies it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Run, Workload

X = 1.3
DEPTH = 50

workload = Workload(
    "fifty-sines",
    "gradient of 50 chained sines of a scalar",
    tolerance=1e-13,
    goals=(Goal("autograd", 1 / 3, issue=2), Goal("PyTorch eager", 1, issue=2)),
)


def chain(sin: Callable, depth: int = DEPTH) -> Callable:
    """Return the function x ↦ sin(…sin(x)…)."""

    def chained(x: Any) -> Any:
        for _ in range(depth):
            x = sin(x)
        return x

    return chained


@workload.contender(BY_HAND)
def by_hand(depth: int = DEPTH) -> Run:
    def derivative(x: float) -> float:
        xs = []
        for _ in range(depth):
            xs.append(x)
            x = math.sin(x)
        ct = 1.0
        for x in reversed(xs):
            ct *= math.cos(x)
        return ct

    return lambda: derivative(X)


@workload.contender(EAGER)
def eager(depth: int = DEPTH) -> Run:
    import numpy as np

    import autodiff as ad

    derivative = ad.grad(chain(np.sin, depth))
    return lambda: derivative(X)


@workload.contender(COMPILED)
def compiled(depth: int = DEPTH) -> Run:
    import numpy as np

    import autodiff as ad

    derivative = ad.compile(ad.grad(chain(np.sin, depth)))
    return lambda: derivative(X)


@workload.contender("PyTorch eager")
def pytorch(depth: int = DEPTH) -> Run:
    import torch

    f = chain(torch.sin, depth)
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    return lambda: torch.autograd.grad(f(x), x)[0]


@workload.contender("jax.jit")
def jax_jit(depth: int = DEPTH) -> Run:
    import jax
    import jax.numpy as jnp

    derivative = jax.jit(jax.grad(chain(jnp.sin, depth)))
    return lambda: derivative(X).block_until_ready()


@workload.contender("autograd")
def hips_autograd(depth: int = DEPTH) -> Run:
    import autograd
    import autograd.numpy as np

    derivative = autograd.grad(chain(np.sin, depth))
    return lambda: derivative(X)


@workload.contender("MyGrad")
def mygrad(depth: int = DEPTH) -> Run:
    import mygrad as mg

    mg.turn_memory_guarding_off()  # its documented switch for speed
    f = chain(mg.sin, depth)
    x = mg.tensor(X)

    def derivative() -> object:
        f(x).backward()
        return x.grad

    return derivative


@workload.contender("micrograd")
def micrograd(depth: int = DEPTH) -> Run:
    from benchmarks.scalar_nodes import unary, value

    f = chain(unary(math.sin, lambda x, _y: math.cos(x)), depth)

    def derivative() -> float:
        x = value(X)
        f(x).backward()
        return x.grad

    return derivative
