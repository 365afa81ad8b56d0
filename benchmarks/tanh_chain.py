"""Ten chained tanh on 10⁶ values and the gradient of their sum: what memory traffic costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Run, Workload

SIZE = 1_000_000
DEPTH = 10

workload = Workload(
    "tanh-chain",
    f"{DEPTH} chained tanh on {SIZE:,} values, value and gradient of the sum",
    tolerance=1e-13,
    goals=(
        Goal(BY_HAND, 1.1, issue=2),
        Goal(BY_HAND, 0.6, issue=5, subject=COMPILED),
        Goal("jax.jit", 1.1, issue=5, subject=COMPILED),
    ),
)


def start() -> Any:
    """Return the values, shape (SIZE,)."""
    import numpy as np

    return np.random.default_rng(0).normal(size=SIZE)


def chain(tanh: Callable) -> Callable:
    """Return the function x ↦ Σ tanh(…tanh(x)…)."""

    def chained(x: Any) -> Any:
        for _ in range(DEPTH):
            x = tanh(x)
        return x.sum()

    return chained


@workload.contender(BY_HAND)
def by_hand() -> Run:
    import numpy as np

    def value_and_gradient(x: Any) -> tuple:
        ys = []
        for _ in range(DEPTH):
            x = np.tanh(x)
            ys.append(x)
        ct = np.ones_like(x)
        for y in reversed(ys):
            ct = ct * (1 - y * y)
        return ys[-1].sum(), ct

    x = start()
    return lambda: value_and_gradient(x)[1]


@workload.contender(EAGER)
def eager() -> Run:
    import numpy as np

    import autodiff as ad

    value_and_gradient, x = ad.value_and_grad(chain(np.tanh)), start()
    return lambda: value_and_gradient(x)[1]


@workload.contender(COMPILED)
def compiled() -> Run:
    import numpy as np

    import autodiff as ad

    value_and_gradient, x = ad.compile(ad.value_and_grad(chain(np.tanh))), start()
    return lambda: value_and_gradient(x)[1]


@workload.contender("PyTorch eager")
def pytorch() -> Run:
    import torch

    f = chain(torch.tanh)
    x = torch.tensor(start(), requires_grad=True)
    return lambda: torch.autograd.grad(f(x), x)[0]


@workload.contender("torch.compile")
def torch_compile() -> Run:
    import torch

    f = torch.compile(chain(torch.tanh))
    x = torch.tensor(start(), requires_grad=True)
    return lambda: torch.autograd.grad(f(x), x)[0]


@workload.contender("jax.jit")
def jax_jit() -> Run:
    import jax
    import jax.numpy as jnp

    value_and_gradient, x = jax.jit(jax.value_and_grad(chain(jnp.tanh))), jnp.array(start())
    return lambda: jax.block_until_ready(value_and_gradient(x))[1]


@workload.contender("autograd")
def hips_autograd() -> Run:
    import autograd
    import autograd.numpy as np

    def f(x: Any) -> Any:
        for _ in range(DEPTH):
            x = np.tanh(x)
        return np.sum(x)

    value_and_gradient, x = autograd.value_and_grad(f), start()
    return lambda: value_and_gradient(x)[1]


@workload.contender("MyGrad")
def mygrad() -> Run:
    import mygrad as mg

    mg.turn_memory_guarding_off()  # its documented switch for speed
    f = chain(mg.tanh)
    x = mg.tensor(start())

    def value_and_gradient() -> object:
        f(x).backward()
        return x.grad

    return value_and_gradient
