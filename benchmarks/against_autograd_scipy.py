"""Programs on `autograd.scipy`, run by it and, with the imports changed, by this library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benchmarks.against_autograd import flat, normal, workload
from benchmarks.harness.workload import Run


def of(ad: Any, name: str) -> Any:
    """Return a module of the library."""
    return import_module(f"{ad.__name__}.{name}")


# --- an ordinary differential equation -------------------------------------------------------------------

STIFFNESS, DAMPING = 2.0, 0.3


def times() -> Any:
    import numpy

    return numpy.linspace(0.0, 2.0, 9)


@workload(
    "odeint",
    "gradients through odeint of a damped pendulum, by its start and 2 parameters",
    lambda: ode_by_hand,
    tolerance=1e-5,  # odeint's own, and what it integrates is not the same
)
def ode(np: Any, ad: Any) -> Run:
    odeint, t = of(ad, "scipy.integrate").odeint, times()
    tuple_of = of(ad, "builtins").tuple  # autograd cannot differentiate by what stands in a plain tuple

    def slope(y: Any, _t: Any, p: Any) -> Any:
        return np.array([y[1], -p[0] * np.sin(y[0]) - p[1] * y[1]])

    gradient = ad.grad(lambda start, p: np.sum(odeint(slope, start, t, tuple_of((p,))) ** 2), (0, 1))
    start, p = normal(2) + 1.0, np.array([STIFFNESS, DAMPING])
    return lambda: flat(gradient(start, p))


def ode_by_hand() -> Any:
    """Return the gradients by the sensitivities: the Jacobians of the state, integrated along with it."""
    import numpy
    from scipy.integrate import odeint

    def slope(z: Any, _t: float) -> Any:
        y, jacobian = z[:2], z[2:].reshape(2, 4)
        local = numpy.array([[0.0, 1.0], [-STIFFNESS * numpy.cos(y[0]), -DAMPING]])
        by_parameter = numpy.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, -numpy.sin(y[0]), -y[1]]])
        motion = [y[1], -STIFFNESS * numpy.sin(y[0]) - DAMPING * y[1]]
        return numpy.concatenate([motion, (local @ jacobian + by_parameter).ravel()])

    z = odeint(slope, numpy.concatenate([normal(2) + 1.0, numpy.eye(2, 4).ravel()]), times())
    return numpy.einsum("ti,tij->j", 2 * z[:, :2], z[:, 2:].reshape(-1, 2, 4))


# --- a density, a filter -----------------------------------------------------------------------------------


@workload("logpdf", "gradients of the likelihood of 100 normal samples, by mean and deviation", lambda: density_by_hand)
def density(np: Any, ad: Any) -> Run:
    norm, x = of(ad, "scipy.stats").norm, normal(100)
    gradient = ad.grad(lambda mean, deviation: np.sum(norm.logpdf(x, mean, deviation)), (0, 1))
    return lambda: flat(gradient(0.3, 1.7))


def density_by_hand() -> Any:
    mean, deviation = 0.3, 1.7
    z = (normal(100) - mean) / deviation
    return flat([z.sum() / deviation, (z * z - 1.0).sum() / deviation])


@workload("convolve", "gradients of Σ sin(a ∗ b), 24 × 24 and 5 × 5, by both", lambda: filter_by_hand)
def filtered(np: Any, ad: Any) -> Run:
    convolve = of(ad, "scipy.signal").convolve
    gradient, a, b = ad.grad(lambda a, b: np.sum(np.sin(convolve(a, b))), (0, 1)), normal(24, 24), normal(5, 5)
    return lambda: flat(gradient(a, b))


def filter_by_hand() -> Any:
    import numpy
    from scipy.signal import convolve, correlate

    a, b = normal(24, 24), normal(5, 5)
    ct = numpy.cos(convolve(a, b))
    return flat([correlate(ct, b, "valid"), correlate(ct, a, "valid")])


workloads = [ode, density, filtered]
