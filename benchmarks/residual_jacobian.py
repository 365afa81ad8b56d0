"""The Jacobian of 1,000 residuals in 20 parameters, as a least-squares fit asks for: a sum of ten decays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Run, Workload

RESIDUALS, PARAMETERS = 1_000, 20

workload = Workload(
    "residual-jacobian",
    f"Jacobian of {RESIDUALS:,} residuals in {PARAMETERS} parameters: a sum of decays, float64",
    tolerance=1e-12,
)


def data() -> tuple[Any, Any, Any]:
    """Return the times and the values measured at them, both of shape (RESIDUALS,), and parameters (PARAMETERS,)."""
    import numpy as np

    rng = np.random.default_rng(0)
    times = np.linspace(0.0, 3.0, RESIDUALS)
    return times, np.exp(-times) + 0.1 * rng.normal(size=RESIDUALS), rng.uniform(0.5, 2.0, PARAMETERS)


def residuals(exp: Callable, times: Any, values: Any) -> Callable:
    """Return the function p ↦ Σₖ aₖ exp(-bₖ t) - values, where p holds a, then b."""
    column = times[:, None]

    def of(p: Any) -> Any:
        return exp(-column * p[PARAMETERS // 2 :]) @ p[: PARAMETERS // 2] - values

    return of


@workload.contender(BY_HAND)
def by_hand() -> Run:
    import numpy as np

    times, _, p = data()
    column = times[:, None]

    def jacobian(p: Any) -> Any:
        a, b = np.split(p, 2)
        result = np.empty((RESIDUALS, PARAMETERS))
        left, right = np.hsplit(result, 2)
        np.multiply(column, -b, out=left)
        np.exp(left, out=left)
        np.multiply(left, -a, out=right)
        np.multiply(right, column, out=right)
        return result

    return lambda: jacobian(p)


@workload.contender(EAGER)
def eager() -> Run:
    import numpy as np

    import autodiff as ad

    times, values, p = data()
    jacobian = ad.jacobian(residuals(np.exp, times, values))
    return lambda: jacobian(p)


@workload.contender(COMPILED)
def compiled() -> Run:
    import numpy as np

    import autodiff as ad

    times, values, p = data()
    jacobian = ad.compile(ad.jacobian(residuals(np.exp, times, values)))
    return lambda: jacobian(p)


@workload.contender("PyTorch eager")
def pytorch() -> Run:
    import torch

    times, values, p = map(torch.tensor, data())
    f = residuals(torch.exp, times, values)
    return lambda: torch.autograd.functional.jacobian(f, p, vectorize=True, strategy="forward-mode")


@workload.contender("PyTorch torch.func")
def torch_func() -> Run:
    import torch

    times, values, p = map(torch.tensor, data())
    jacobian = torch.func.jacfwd(residuals(torch.exp, times, values))
    return lambda: jacobian(p)


@workload.contender("jax.jit")
def jax_jit() -> Run:
    import jax
    import jax.numpy as jnp

    times, values, p = map(jnp.array, data())
    jacobian = jax.jit(jax.jacfwd(residuals(jnp.exp, times, values)))
    return lambda: jacobian(p).block_until_ready()


@workload.contender("autograd")
def hips_autograd() -> Run:
    import autograd
    import autograd.numpy as np

    times, values, p = data()
    column = times[:, None]

    def f(p: Any) -> Any:  # autograd has no rule for a matrix times a vector with the operator @ on both sides traced
        return np.dot(np.exp(-column * p[PARAMETERS // 2 :]), p[: PARAMETERS // 2]) - values

    jacobian = autograd.jacobian(f)
    return lambda: jacobian(p)
