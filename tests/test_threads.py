"""Threads and tasks: each has its own `no_grad` and `detect_anomaly`, and none disturbs another."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autodiff as ad

THREADS = 8
ROUNDS = 200


def in_threads(work):
    """Run work(number) in eight threads that start together; return their results, or raise what they raised."""
    together = threading.Barrier(THREADS)

    def start(number):
        together.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


@pytest.fixture(autouse=True)
def switch_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def f(x, w):
    return np.sum(np.tanh(x * w) ** 2) + np.sum(x[::2])


def test_half_of_eight_threads_in_no_grad():
    x = np.linspace(-1.0, 1.0, 7)
    expected = ad.grad(f)(x, 2.0)

    def work(number):
        wrong = 0
        for _ in range(ROUNDS):
            t = ad.tensor(x, requires_grad=True)
            if number % 2:
                with ad.no_grad():
                    y = f(t, 2.0)
                wrong += y.requires_grad
            else:
                y = f(t, 2.0)
                y.backward()
                wrong += not np.array_equal(t.grad, expected)
        return wrong

    assert in_threads(work) == [0] * THREADS


def test_transformations_of_all_kinds_in_all_threads():
    x = np.linspace(-1.0, 1.0, 5)
    v = np.cos(x)
    expected = [
        ad.grad(f)(x, 1.5),
        ad.hvp(lambda u: f(u, 1.5))(x, v),
        ad.jacobian(lambda u: np.exp(u) * u[0])(x),
        ad.hessian(lambda u: f(u, 1.5))(x),
    ]

    def work(_number):
        wrong = 0
        for _ in range(ROUNDS // 4):
            results = [
                ad.grad(f)(x, 1.5),
                ad.hvp(lambda u: f(u, 1.5))(x, v),
                ad.jacobian(lambda u: np.exp(u) * u[0])(x),
                ad.hessian(lambda u: f(u, 1.5))(x),
            ]
            wrong += sum(not np.array_equal(a, b) for a, b in zip(results, expected, strict=True))
        return wrong

    assert in_threads(work) == [0] * THREADS


def test_one_graph_read_by_all_threads():
    """A pullback keeps its adjoints in the pass, so that several passes may run at once."""
    x = np.linspace(0.1, 1.0, 6)
    _, pullback = ad.vjp(lambda u: np.cumsum(np.sin(u) * u), x)
    cotangents = np.eye(6)
    expected = [pullback(ct)[0] for ct in cotangents]

    def work(number):
        return all(np.array_equal(pullback(cotangents[number % 6])[0], expected[number % 6]) for _ in range(ROUNDS))

    assert all(in_threads(work))


def test_anomaly_mode_is_the_threads_own():
    def work(number):
        with np.errstate(divide="ignore"):
            if number % 2:
                return ad.grad(np.log)(0.0) == np.inf
            with ad.detect_anomaly(), pytest.raises(FloatingPointError):
                ad.grad(np.log)(0.0)
            return True

    assert all(in_threads(work))


def test_a_new_thread_starts_recording():
    """`no_grad` of the thread that starts another one does not reach into it."""
    found = []
    t = ad.tensor(1.0, requires_grad=True)
    with ad.no_grad():
        thread = threading.Thread(target=lambda: found.append((t * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert found == [True]


def test_tasks_do_not_share_no_grad():
    t = ad.tensor(1.0, requires_grad=True)

    async def paused():
        with ad.no_grad():
            await asyncio.sleep(0)
            return (t * 2.0).requires_grad

    async def recording():
        await asyncio.sleep(0)
        return (t * 2.0).requires_grad

    async def both():
        return await asyncio.gather(paused(), recording(), paused(), recording())

    assert asyncio.run(both()) == [False, True, False, True]
