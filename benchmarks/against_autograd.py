"""Programs written for HIPS autograd, run by it and, with the imports changed, by this library.

Each program is one function of the two modules it imports, so that both run the same text; beside
it stands its derivative by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from benchmarks.harness.workload import BY_HAND, EAGER, Goal, Run, Workload


def workload(
    name: str, title: str, by_hand: Callable[[], Run], tolerance: float = 1e-11
) -> Callable[[Callable], Workload]:
    """Return a decorator that makes a workload of a program (numpy module, library) ↦ Run."""

    def enter(program: Callable[[Any, Any], Run]) -> Workload:
        result = Workload(f"autograd-{name}", title, tolerance, goals=(Goal("autograd", 1 / 2, issue=6),))
        result.contender(BY_HAND)(by_hand)

        @result.contender(EAGER)
        def eager() -> Run:
            import autodiff
            import autodiff.numpy

            return program(autodiff.numpy, autodiff)

        @result.contender("autograd")
        def hips_autograd() -> Run:
            import autograd
            import autograd.numpy

            return program(autograd.numpy, autograd)

        return result

    return enter


def normal(*shape: int) -> Any:
    import numpy

    return numpy.random.default_rng(0).standard_normal(shape) * 0.5


def flat(arrays: Sequence) -> Any:
    """Return what a run gives as one vector, by the plain NumPy of both."""

    import numpy

    return numpy.concatenate([numpy.ravel(a) for a in arrays])


# --- scalars -------------------------------------------------------------------------------------------


@workload("short-function", "gradient of x cos x + sin x² at a float", lambda: lambda: short_by_hand(1.3))
def short_function(np: Any, ad: Any) -> Run:
    gradient = ad.grad(lambda x: x * np.cos(x) + np.sin(x**2))
    return lambda: gradient(1.3)


def short_by_hand(x: float) -> float:
    return math.cos(x) - x * math.sin(x) + 2 * x * math.cos(x**2)


@workload("long-function", "gradient of 25 steps x ↦ exp(-x²) + x/3 at a float", lambda: lambda: long_by_hand(0.7))
def long_function(np: Any, ad: Any) -> Run:
    def f(x: Any) -> Any:
        for _ in range(25):
            x = np.exp(-(x * x)) + x / 3.0
        return x

    gradient = ad.grad(f)
    return lambda: gradient(0.7)


def long_by_hand(x: float) -> float:
    slope = 1.0
    for _ in range(25):
        e = math.exp(-x * x)
        slope *= 1 / 3 - 2 * x * e
        x = e + x / 3
    return slope


@workload("fifty-sines", "gradient of 50 chained sines at a float", lambda: lambda: sines_by_hand(1.3))
def fifty_sines(np: Any, ad: Any) -> Run:
    def f(x: Any) -> Any:
        for _ in range(50):
            x = np.sin(x)
        return x

    gradient = ad.grad(f)
    return lambda: gradient(1.3)


def sines_by_hand(x: float) -> float:
    slope = 1.0
    for _ in range(50):
        slope *= math.cos(x)
        x = math.sin(x)
    return slope


@workload("tanh-derivatives", "third derivative of tanh at 200 points", lambda: tanh_by_hand)
def tanh_derivatives(np: Any, ad: Any) -> Run:
    import numpy

    third = ad.elementwise_grad(ad.elementwise_grad(ad.elementwise_grad(np.tanh)))
    x = numpy.linspace(-4.0, 4.0, 200)
    return lambda: third(x)


def tanh_by_hand() -> Any:
    import numpy

    y = numpy.tanh(numpy.linspace(-4.0, 4.0, 200))
    return (6 * y**2 - 2) * (1 - y**2)


# --- products --------------------------------------------------------------------------------------------


@workload(
    "dot",
    "gradients of Σ sin(A B), 30 × 20 and 20 × 10",
    lambda: lambda: product_by_hand("ij,jk->ik", (30, 20), (20, 10)),
)
def dot(np: Any, ad: Any) -> Run:
    gradient = ad.grad(lambda a, b: np.sum(np.sin(np.dot(a, b))), (0, 1))
    a, b = normal(30, 20), normal(20, 10)
    return lambda: flat(gradient(a, b))


@workload(
    "tensordot",
    "gradients of Σ sin(A · B) over two axes, 5 × 6 × 7 and 6 × 7 × 4",
    lambda: lambda: product_by_hand("iab,abk->ik", (5, 6, 7), (6, 7, 4)),
)
def tensordot(np: Any, ad: Any) -> Run:
    gradient = ad.grad(lambda a, b: np.sum(np.sin(np.tensordot(a, b, 2))), (0, 1))
    a, b = normal(5, 6, 7), normal(6, 7, 4)
    return lambda: flat(gradient(a, b))


@workload(
    "matmul",
    "gradients of Σ sin(A @ B), stacks of 8 matrices 6 × 5 and 5 × 4",
    lambda: lambda: product_by_hand("nij,njk->nik", (8, 6, 5), (8, 5, 4)),
)
def matmul(np: Any, ad: Any) -> Run:
    gradient = ad.grad(lambda a, b: np.sum(np.sin(np.matmul(a, b))), (0, 1))
    a, b = normal(8, 6, 5), normal(8, 5, 4)
    return lambda: flat(gradient(a, b))


def product_by_hand(subscripts: str, left: tuple, right: tuple) -> Any:
    import numpy

    operands, result = subscripts.split("->")
    first, second = operands.split(",")
    a, b = normal(*left), normal(*right)
    ct = numpy.cos(numpy.einsum(subscripts, a, b))
    return flat([
        numpy.einsum(f"{result},{second}->{first}", ct, b),
        numpy.einsum(f"{result},{first}->{second}", ct, a),
    ])  # fmt: skip


# --- containers -------------------------------------------------------------------------------------------

SIZES = [4, 16, 16, 3]


def layers() -> list[tuple]:
    import numpy

    rng = numpy.random.default_rng(1)
    return [(rng.standard_normal((m, n)) * 0.5, rng.standard_normal(n)) for m, n in pairwise(SIZES)]


@workload(
    "flatten", "gradient of a sum of squares of three layers through flatten and unflatten", lambda: flatten_by_hand
)
def flatten(np: Any, ad: Any) -> Run:
    import importlib

    flatten = importlib.import_module(f"{ad.__name__}.misc").flatten
    params = layers()
    vector, unflatten = flatten(params)

    def f(vector: Any) -> Any:
        again, _ = flatten(unflatten(vector))
        return np.dot(again, again)

    gradient = ad.grad(f)
    return lambda: gradient(vector)


def flatten_by_hand() -> Any:
    return 2 * flat([part for layer in layers() for part in layer])


@workload("network", "gradient of a 4-16-16-3 tanh network with log-softmax, 32 samples", lambda: network_by_hand)
def network(np: Any, ad: Any) -> Run:
    import numpy

    inputs, targets, params = normal(32, 4), numpy.eye(3)[numpy.arange(32) % 3], layers()

    def loss(params: Any) -> Any:
        a = inputs
        for W, b in params:
            z = np.dot(a, W) + b
            a = np.tanh(z)
        return -np.sum((z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))) * targets)

    gradient = ad.grad(loss)
    return lambda: flat([part for layer in gradient(params) for part in layer])


def network_by_hand() -> Any:
    import numpy

    inputs, targets, params = normal(32, 4), numpy.eye(3)[numpy.arange(32) % 3], layers()
    activations = [inputs]
    for W, b in params:
        z = activations[-1] @ W + b
        activations.append(numpy.tanh(z))
    delta = numpy.exp(z) / numpy.exp(z).sum(1, keepdims=True) - targets
    parts: list = []
    for k in reversed(range(len(params))):
        parts[:0] = [activations[k].T @ delta, delta.sum(0)]
        delta = delta @ params[k][0].T * (1 - activations[k] ** 2)
    return flat(parts)


STEPS, WIDTH, STATE = 12, 5, 20


def recurrent() -> tuple:
    import numpy

    rng = numpy.random.default_rng(2)
    return rng.standard_normal((STATE, STATE)) * 0.2, rng.standard_normal((WIDTH, STATE)), normal(STEPS, 8, WIDTH)


@workload("rnn", f"gradients of a recurrent network, {STEPS} steps, {STATE} units, 8 sequences", lambda: rnn_by_hand)
def rnn(np: Any, ad: Any) -> Run:
    W, U, sequence = recurrent()

    def loss(params: Any) -> Any:
        W, U = params
        state = np.zeros((8, STATE))
        for x in sequence:
            state = np.tanh(np.dot(state, W) + np.dot(x, U))
        return np.sum(state**2)

    gradient = ad.grad(loss)
    return lambda: flat(gradient((W, U)))


def rnn_by_hand() -> Any:
    import numpy

    W, U, sequence = recurrent()
    states = [numpy.zeros((8, STATE))]
    for x in sequence:
        states.append(numpy.tanh(states[-1] @ W + x @ U))
    ct, dW, dU = 2 * states[-1], numpy.zeros_like(W), numpy.zeros_like(U)
    for t in reversed(range(STEPS)):
        delta = ct * (1 - states[t + 1] ** 2)
        dW += states[t].T @ delta
        dU += sequence[t].T @ delta
        ct = delta @ W.T
    return flat([dW, dU])


# --- whole matrices -------------------------------------------------------------------------------------------


@workload("jacobian", "Jacobian of tanh(M x), 20 × 20", lambda: jacobian_by_hand)
def jacobian(np: Any, ad: Any) -> Run:
    M, x = normal(20, 20), normal(20)
    of = ad.jacobian(lambda x: np.tanh(np.dot(M, x)))
    return lambda: of(x)


def jacobian_by_hand() -> Any:
    import numpy

    M, x = normal(20, 20), normal(20)
    return (1 - numpy.tanh(M @ x) ** 2)[:, None] * M


@workload("hessian", "Hessian of Σ log cosh(M x), 20 variables", lambda: hessian_by_hand)
def hessian(np: Any, ad: Any) -> Run:
    M, x = normal(20, 20), normal(20)
    of = ad.hessian(lambda x: np.sum(np.log(np.cosh(np.dot(M, x)))))
    return lambda: of(x)


def hessian_by_hand() -> Any:
    import numpy

    M, x = normal(20, 20), normal(20)
    return M.T @ ((1 - numpy.tanh(M @ x) ** 2)[:, None] * M)


@workload(
    "hessian-vector",
    "Hessian-vector product of Σ log cosh(M x), 20 variables",
    lambda: lambda: hessian_by_hand().sum(1),
)
def hessian_vector(np: Any, ad: Any) -> Run:
    import numpy

    M, x, v = normal(20, 20), normal(20), numpy.ones(20)
    product = ad.hessian_vector_product(lambda x: np.sum(np.log(np.cosh(np.dot(M, x)))))
    return lambda: product(x, v)


# --- loops -------------------------------------------------------------------------------------------------------


@workload("ode", "gradient through 20 Runge-Kutta steps of a pendulum, by its 3 parameters", lambda: ode_by_hand)
def ode(np: Any, ad: Any) -> Run:
    import numpy

    def motion(y: Any, p: Any) -> Any:
        return np.array([y[1], -p[0] * np.sin(y[0]) - p[1] * y[1] + p[2]])

    def last(p: Any) -> Any:
        y = np.array([1.0, 0.0])
        for _ in range(20):
            k1 = motion(y, p)
            k2 = motion(y + 0.05 * k1, p)
            k3 = motion(y + 0.05 * k2, p)
            k4 = motion(y + 0.1 * k3, p)
            y = y + (k1 + 2.0 * k2 + 2.0 * k3 + k4) * (0.1 / 6.0)
        return y[0]

    gradient = ad.grad(last)
    p = numpy.array(PENDULUM)
    return lambda: gradient(p)


PENDULUM = (2.0, 0.1, 0.3)


def ode_by_hand() -> Any:
    """Return the sensitivities S = ∂y/∂p, which obey S' = J S + ∂motion/∂p, by the same steps."""

    import numpy

    def motion(state: Any) -> Any:
        (angle, speed), S = state[:2], state[2:].reshape(2, 3)
        p = PENDULUM
        below = -p[0] * math.cos(angle) * S[0] - p[1] * S[1] + numpy.array([-math.sin(angle), -speed, 1.0])
        return numpy.array([speed, -p[0] * math.sin(angle) - p[1] * speed + p[2], *S[1], *below])

    state = numpy.array([1.0, *[0.0] * 7])
    for _ in range(20):
        k1 = motion(state)
        k2 = motion(state + 0.05 * k1)
        k3 = motion(state + 0.05 * k2)
        k4 = motion(state + 0.1 * k3)
        state = state + (k1 + 2.0 * k2 + 2.0 * k3 + k4) * (0.1 / 6.0)
    return state[2:5]


@workload("diffusion", "gradient through 30 steps of diffusion by np.roll on a 20 × 20 grid", lambda: diffusion_by_hand)
def diffusion(np: Any, ad: Any) -> Run:
    def loss(u: Any) -> Any:
        for _ in range(30):
            u = 0.2 * (u + np.roll(u, 1, 0) + np.roll(u, -1, 0) + np.roll(u, 1, 1) + np.roll(u, -1, 1))
        return np.sum(u**4)

    gradient, u = ad.grad(loss), normal(20, 20) + 1.0
    return lambda: gradient(u)


def diffusion_by_hand() -> Any:
    import numpy

    def step(u: Any) -> Any:  # it is its own transpose
        return 0.2 * (u + numpy.roll(u, 1, 0) + numpy.roll(u, -1, 0) + numpy.roll(u, 1, 1) + numpy.roll(u, -1, 1))

    u = normal(20, 20) + 1.0
    for _ in range(30):
        u = step(u)
    ct = 4 * u**3
    for _ in range(30):
        ct = step(ct)
    return ct


workloads = [value for value in list(globals().values()) if isinstance(value, Workload)]
