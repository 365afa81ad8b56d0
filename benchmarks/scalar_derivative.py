"""The derivative of sqrt(x² + exp(x²)) at a Python float: what the machinery itself costs."""

from __future__ import annotations

import math

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Run, Workload

X = 1.3

workload = Workload(
    "scalar-derivative",
    "derivative of sqrt(x² + exp(x²)) at a Python float",
    tolerance=1e-14,
    goals=(
        Goal("autograd", 1 / 4, issue=2),
        Goal("PyTorch eager", 1 / 2, issue=2),
        Goal(BY_HAND, 2, issue=5, subject=COMPILED),
        Goal("jax.jit", 1 / 2, issue=5, subject=COMPILED),
    ),
)


@workload.contender(BY_HAND)
def by_hand() -> Run:
    def derivative(x: float) -> float:
        a = x * x
        b = math.exp(a)
        return x * (1.0 + b) / math.sqrt(a + b)

    return lambda: derivative(X)


@workload.contender(EAGER)
def eager() -> Run:
    import numpy as np

    import autodiff as ad

    derivative = ad.grad(lambda x: np.sqrt(x**2 + np.exp(x**2)))
    return lambda: derivative(X)


@workload.contender(COMPILED)
def compiled() -> Run:
    import numpy as np

    import autodiff as ad

    derivative = ad.compile(ad.grad(lambda x: np.sqrt(x**2 + np.exp(x**2))))
    return lambda: derivative(X)


@workload.contender("PyTorch eager")
def pytorch() -> Run:
    import torch

    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    return lambda: torch.autograd.grad(torch.sqrt(x**2 + torch.exp(x**2)), x)[0]


@workload.contender("jax.jit")
def jax_jit() -> Run:
    import jax
    import jax.numpy as jnp

    derivative = jax.jit(jax.grad(lambda x: jnp.sqrt(x**2 + jnp.exp(x**2))))
    return lambda: derivative(X).block_until_ready()


@workload.contender("autograd")
def hips_autograd() -> Run:
    import autograd
    import autograd.numpy as np

    derivative = autograd.grad(lambda x: np.sqrt(x**2 + np.exp(x**2)))
    return lambda: derivative(X)


@workload.contender("MyGrad")
def mygrad() -> Run:
    import mygrad as mg

    mg.turn_memory_guarding_off()  # its documented switch for speed
    x = mg.tensor(X)

    def derivative() -> object:
        mg.sqrt(x**2 + mg.exp(x**2)).backward()
        return x.grad

    return derivative


@workload.contender("micrograd")
def micrograd() -> Run:
    from benchmarks.scalar_nodes import unary, value

    exp = unary(math.exp, lambda _x, y: y)

    def derivative() -> float:
        x = value(X)
        ((x**2 + exp(x**2)) ** 0.5).backward()
        return x.grad

    return derivative
