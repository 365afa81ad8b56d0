"""The Rosenbrock function of 100 variables, vectorised: its gradient and its full Hessian."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Run, Workload

N = 100

gradient = Workload(
    "rosenbrock-gradient",
    f"gradient of the Rosenbrock function, n = {N}",
    tolerance=1e-13,
    goals=(
        Goal("autograd", 1 / 3, issue=2),
        Goal("PyTorch eager", 1, issue=2),
        Goal("jax.jit", 2, issue=5, subject=COMPILED),
    ),
)
hessian = Workload(
    "rosenbrock-hessian",
    f"full Hessian of the Rosenbrock function, n = {N}",
    tolerance=1e-13,
    goals=(
        Goal("autograd", 1 / 20, issue=2),
        Goal("PyTorch eager", 1 / 20, issue=2),
        Goal("PyTorch torch.func", 1 / 20, issue=2),
        Goal("jax.jit", 3, issue=5, subject=COMPILED),
        Goal("PyTorch eager", 1 / 50, issue=5, subject=COMPILED),
    ),
)


def rosenbrock(x: Any) -> Any:
    """Return Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)², written with operators alone: it serves every array type."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def start() -> Any:
    """Return the usual kind of starting point, shape (N,)."""
    import numpy as np

    return np.random.default_rng(0).uniform(-2.0, 2.0, N)


@gradient.contender(BY_HAND)
def gradient_by_hand() -> Run:
    import numpy as np

    def of(x: Any) -> Any:
        residual = x[1:] - x[:-1] ** 2
        result = np.zeros_like(x)
        result[:-1] = -400.0 * x[:-1] * residual - 2.0 * (1.0 - x[:-1])
        result[1:] += 200.0 * residual
        return result

    x = start()
    return lambda: of(x)


@hessian.contender(BY_HAND)
def hessian_by_hand() -> Run:
    import numpy as np

    def of(x: Any) -> Any:
        result = np.zeros((N, N))
        diagonal = np.einsum("ii->i", result)
        diagonal[:-1] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        diagonal[1:] += 200.0
        above = np.einsum("ii->i", result[:-1, 1:])
        below = np.einsum("ii->i", result[1:, :-1])
        above[:] = below[:] = -400.0 * x[:-1]
        return result

    x = start()
    return lambda: of(x)


@gradient.contender(EAGER)
def gradient_eager() -> Run:
    import autodiff as ad

    of, x = ad.grad(rosenbrock), start()
    return lambda: of(x)


@hessian.contender(EAGER)
def hessian_eager() -> Run:
    import autodiff as ad

    of, x = ad.hessian(rosenbrock), start()
    return lambda: of(x)


@gradient.contender(COMPILED)
def gradient_compiled() -> Run:
    import autodiff as ad

    of, x = ad.compile(ad.grad(rosenbrock)), start()
    return lambda: of(x)


@hessian.contender(COMPILED)
def hessian_compiled() -> Run:
    import autodiff as ad

    of, x = ad.compile(ad.hessian(rosenbrock)), start()
    return lambda: of(x)


@gradient.contender("PyTorch eager")
def gradient_pytorch() -> Run:
    import torch

    x = torch.tensor(start(), requires_grad=True)
    return lambda: torch.autograd.grad(rosenbrock(x), x)[0]


@hessian.contender("PyTorch eager")
def hessian_pytorch() -> Run:
    import torch

    x = torch.tensor(start())
    return lambda: torch.autograd.functional.hessian(rosenbrock, x)


@hessian.contender("PyTorch torch.func")
def hessian_torch_func() -> Run:
    import torch

    of, x = torch.func.hessian(rosenbrock), torch.tensor(start())
    return lambda: of(x)


@gradient.contender("torch.compile")
def gradient_torch_compile() -> Run:
    import torch

    x, f = torch.tensor(start(), requires_grad=True), torch.compile(rosenbrock)
    return lambda: torch.autograd.grad(f(x), x)[0]


@gradient.contender("jax.jit")
def gradient_jax_jit() -> Run:
    import jax

    of, x = jax.jit(jax.grad(rosenbrock)), jax.numpy.array(start())
    return lambda: of(x).block_until_ready()


@hessian.contender("jax.jit")
def hessian_jax_jit() -> Run:
    import jax

    of, x = jax.jit(jax.hessian(rosenbrock)), jax.numpy.array(start())
    return lambda: of(x).block_until_ready()


@gradient.contender("autograd")
def gradient_autograd() -> Run:
    import autograd

    of, x = autograd.grad(rosenbrock_in_autograd), start()
    return lambda: of(x)


@hessian.contender("autograd")
def hessian_autograd() -> Run:
    import autograd

    of, x = autograd.hessian(rosenbrock_in_autograd), start()
    return lambda: of(x)


def rosenbrock_in_autograd(x: Any) -> Any:
    """Return `rosenbrock(x)`; autograd's boxes take np.sum, not the method."""
    import autograd.numpy as np

    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@gradient.contender("MyGrad")
def gradient_mygrad() -> Run:
    import mygrad as mg

    mg.turn_memory_guarding_off()  # its documented switch for speed
    x = mg.tensor(start())

    def of() -> object:
        rosenbrock(x).backward()
        return x.grad

    return of


@gradient.contender("micrograd")
def gradient_micrograd() -> Run:
    from benchmarks.scalar_nodes import value

    numbers = start().tolist()

    def of() -> list[float]:
        x = [value(number) for number in numbers]
        sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)).backward()
        return [node.grad for node in x]

    return of
