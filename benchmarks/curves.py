"""Cost against size: the number of inputs, the number of operations, the batch.  `python -m benchmarks --curves`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from benchmarks import fifty_sines, mlp_step
from benchmarks.harness.curve import Curve
from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Run


def start(n: int) -> Any:
    """Return n values, float64."""
    import numpy as np

    return np.random.default_rng(0).normal(size=n)


def inputs_by_hand(n: int) -> Run:
    import numpy as np

    x = start(n)
    return lambda: np.sin(x) + x * np.cos(x)


def inputs_ours(n: int, compiled: bool = False) -> Run:
    import numpy as np

    import autodiff as ad

    x, gradient = start(n), ad.grad(lambda x: (x * np.sin(x)).sum())
    if compiled:
        gradient = ad.compile(gradient)
    return lambda: gradient(x)


def inputs_pytorch(n: int) -> Run:
    import torch

    x = torch.tensor(start(n), requires_grad=True)
    return lambda: torch.autograd.grad((x * torch.sin(x)).sum(), x)[0]


def inputs_jax(n: int) -> Run:
    import jax
    import jax.numpy as jnp

    x, gradient = jnp.array(start(n)), jax.jit(jax.grad(lambda x: (x * jnp.sin(x)).sum()))
    return lambda: gradient(x).block_until_ready()


def inputs_autograd(n: int) -> Run:
    import autograd
    import autograd.numpy as np

    x, gradient = start(n), autograd.grad(lambda x: np.sum(x * np.sin(x)))
    return lambda: gradient(x)


def chain(contender: str, depth: int) -> Run:
    return fifty_sines.workload.builders[contender](depth)


def mlp(contender: str, batch: int) -> Run:
    return mlp_step.CONTENDERS[contender](replace(mlp_step.NETWORKS[2], batch=batch))


def of(build: Callable[[str, int], Run], *contenders: str) -> dict[str, Callable[[int], Run]]:
    return {contender: partial(build, contender) for contender in contenders}


inputs = Curve(
    "inputs",
    "gradient of Σ x sin x",
    axis="number of inputs",
    sizes=(1, 10, 100, 1_000, 10_000),
    tolerance=1e-13,
    builders={
        BY_HAND: inputs_by_hand,
        EAGER: inputs_ours,
        COMPILED: partial(inputs_ours, compiled=True),
        "PyTorch eager": inputs_pytorch,
        "jax.jit": inputs_jax,
        "autograd": inputs_autograd,
    },
    largest={},
)
depth = Curve(
    "depth",
    "gradient of chained sines of a scalar",
    axis="number of operations",
    sizes=(10, 100, 1_000, 10_000, 100_000, 1_000_000),
    tolerance=1e-9,  # a product of a million factors
    builders=of(chain, BY_HAND, EAGER, COMPILED, "PyTorch eager", "jax.jit", "autograd"),
    largest={
        COMPILED: 10_000,  # a line of source for each operation
        "jax.jit": 1_000,  # compiles for minutes beyond
        "autograd": 100_000,  # GBs beyond
    },
)
batch = Curve(
    "batch",
    f"training step of an MLP {mlp_step.NETWORKS[2].name}, float32",
    axis="batch size",
    sizes=(1, 4, 16, 64, 256, 1_024, 4_096),
    tolerance=5e-4,  # float32, sums in another order
    builders=of(mlp, BY_HAND, EAGER, COMPILED, "PyTorch eager", "jax.jit", "scikit-learn"),
    largest={},
    calls=5,
    looser={"scikit-learn": mlp_step.SCIKIT_LEARN},
)
