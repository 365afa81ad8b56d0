"""Long chains, many steps, large arrays: nothing recurses, nothing leaks, nothing needless is kept.

What may exhaust memory or the interpreter runs in a process of its own. No test is timed.
"""

import gc
import subprocess
import sys
import textwrap
import tracemalloc
import weakref

import numpy as np
import pytest

import autodiff as ad


def run(program):
    """Run a program in a new interpreter and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout.split()


PEAK = """
import resource, sys
def peak():  # bytes
    try:  # of this program alone: what getrusage says may begin with the memory of the process that started it
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""


def test_a_chain_of_a_million_operations():
    """Reverse and forward, alternating a unary and a binary operation, freed without recursion, within 1 GB."""
    program = (
        PEAK
        + """
import gc
import autodiff as ad
gc.disable()
n = 500_000
def chain(x, n=n):
    y = x
    for _ in range(n):
        y = -y
        y = y + x
    return y  # x - x, x - (x - x), and so on: x or 0, with derivative 1 or 0
print(float(ad.grad(chain)(2.0)))
print(float(ad.jvp(chain, (2.0,), (1.0,))[1]))
t = ad.tensor(3.0, requires_grad=True)
y = chain(t, 100_000)
y.backward()
print(float(t.grad))
y.backward()
print(float(t.grad))
del y
print(peak())
"""
    )
    *derivatives, peak = run(program)
    assert [float(d) for d in derivatives] == [1.0, 1.0, 1.0, 2.0]
    assert int(peak) < 1e9


def test_a_chain_that_is_never_differentiated_is_freed():
    program = (
        PEAK
        + """
import gc
import numpy as np
import autodiff as ad
gc.disable()
for _ in range(3):
    y = ad.tensor(1.0, requires_grad=True)
    for _ in range(200_000):
        y = np.sin(y)
    del y
print(peak())
"""
    )
    (peak,) = run(program)
    assert int(peak) < 0.25e9  # one chain at a time


STEPS = """
import gc
import numpy as np
import autodiff as ad
gc.disable()
rng = np.random.default_rng(0)
x, target = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
w = ad.tensor(rng.normal(size=(2, 1)), requires_grad=True)
b = ad.tensor(np.zeros(1), requires_grad=True)
def by_backward():
    loss = np.mean((np.tanh(x @ w + b) - target) ** 2)
    loss.backward()
    with ad.no_grad():
        for p in (w, b):
            p -= 1e-3 * p.grad
            p.zero_grad()
slope = ad.value_and_grad(lambda w: np.sum((w[0] * x[:, :1] - target) ** 2))
def by_transformation():
    slope(w.data)
def rss():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * 4096
def measure(step, n):
    for _ in range(2000):
        step()
    objects, memory = len(gc.get_objects()), rss()
    for _ in range(n):
        step()
    print(len(gc.get_objects()) - objects, rss() - memory)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_100_000_steps_grow_nothing_without_the_garbage_collector():
    program = (
        STEPS
        + """
measure(by_backward, 50_000)
measure(by_transformation, 50_000)
print(gc.collect(), 0)
"""
    )
    numbers = [int(n) for n in run(program)]
    assert numbers[0] <= 5 and numbers[2] <= 5, numbers  # objects
    assert numbers[1] <= 2**20 and numbers[3] <= 2**20, numbers  # byte; one leaked node a step would be 20 MB
    assert numbers[4] < 2000, numbers  # what Python's imports left, no steps' worth


@pytest.mark.parametrize(
    "use",
    [
        lambda t: np.sum(np.tanh(t @ t.T)),
        lambda t: np.sum(np.split(t, 3)[1] * 2.0),
        lambda t: np.sum(np.concatenate([t, t * t])),
        lambda t: np.linalg.norm(t) + np.max(t) + np.sum(np.where(t > 0, t, t**3)),
        lambda t: ad.checkpoint(lambda v: np.sum(np.exp(v)))(t),
        lambda t: np.sum(np.sort(t, axis=0) * np.cumsum(t, axis=1)),
        lambda t: np.var(t) * np.prod(t) + np.sum(np.einsum("ij,kj->ik", t, t)),
    ],
)
def test_graphs_hold_no_cycles(use):
    differentiate_and_forget(use)  # what the first call of a function leaves, such as imports, is not the graph's
    gc.collect()
    gc.disable()
    try:
        differentiate_and_forget(use)
    finally:
        gc.enable()
    assert gc.collect() == 0


def differentiate_and_forget(use):
    """Use every mode; the graph must be gone when its last name is."""
    t = ad.tensor(np.random.default_rng(0).normal(size=(3, 3)), requires_grad=True)
    gone = [weakref.ref(t), weakref.ref(t.node)]
    y = use(t)
    gone.append(weakref.ref(y.node))
    y.backward()
    del y, t
    assert [ref() for ref in gone] == [None] * 3
    x = np.eye(3)
    _, pullback = ad.vjp(use, x)
    pullback(1.0)
    ad.jvp(use, (x,), (x,))


# --- what a node keeps -------------------------------------------------------------------------------

N = 1_000_000
LAYERS = 20
ARRAY = 8 * N  # bytes

# name: (operation, how many of its arrays the rule reads)
OPERATIONS = {
    "exp": (np.exp, 1),
    "sin": (np.sin, 1),
    "x*x": (lambda x: x * x, 1),
    "negative": (np.negative, 0),
    "add a number": (lambda x: x + 1.0, 0),
    "times a number": (lambda x: 2.0 * x, 0),
    "sqrt": (np.sqrt, 1),
    "arctan": (np.arctan, 1),
    "transpose": (np.transpose, 0),
    "reshape": (lambda x: np.reshape(x, (2, -1)), 0),
}


def peak_of(function):
    """Return the bytes that NumPy and Python allocate at most while `function` runs, beyond what was there."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1] - before, result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_chain_keeps_what_its_rules_read_and_no_more(name):
    """Peak memory, forward and backward: 1.1 × the residuals plus two arrays (the value and a cotangent in flight).

    The residuals: `reads` arrays a layer, and where the rule reads the operand rather than the
    value, the frozen copy of the input, which is the caller's own.
    """
    operation, reads = OPERATIONS[name]

    def chain(x):
        for _ in range(LAYERS):
            x = operation(x)
        return np.sum(x)

    x = np.full(N, 0.5)
    with np.errstate(over="ignore"):
        peak, gradient = peak_of(lambda: ad.grad(chain)(x))
    assert gradient.shape == (N,)
    # the input is copied, as the caller may write to it: a residual where it is read, an array in flight otherwise
    assert peak <= 1.1 * LAYERS * reads * ARRAY + 2 * ARRAY + (ARRAY if not reads else 0) + 1e5


def test_a_chain_of_different_operations():
    """sum of residuals over (exp, sin, tanh, add, mul by captured array)."""
    w = np.full(N, 0.5)
    w.setflags(write=False)

    def chain(x):
        for _ in range(LAYERS // 5):
            x = np.exp(x)  # reads its value
            x = np.sin(x)  # its operand, which is the same array
            x = x + w  # nothing
            x = x * w  # w, which nobody can change and is not copied
            x = np.sqrt(x)  # its value
        return np.sum(x)

    x = np.full(N, 0.1)
    x.setflags(write=False)
    peak, _ = peak_of(lambda: ad.grad(chain)(x))
    assert peak <= 1.1 * (LAYERS // 5) * 2 * ARRAY + 2 * ARRAY


def test_the_backward_pass_frees_what_it_has_read():
    """Of ten layers, the residuals of the last are gone when the first is reached."""
    alive = []

    @ad.primitive
    def watched(x):
        return np.exp(x)

    def pull(ct, y, _x):
        alive.append(tracemalloc.get_traced_memory()[0])
        return ct * y

    watched.defvjp(pull)

    def chain(x):
        for _ in range(10):
            x = watched(0.1 * x)
        return np.sum(x)

    peak_of(lambda: ad.grad(chain)(np.full(N, 0.1)))
    assert alive[0] - alive[-1] > 7 * ARRAY


def test_checkpoint_keeps_less():
    def layer(x):
        for _ in range(10):
            x = np.sin(x)
        return x

    def plain(x):
        return np.sum(layer(layer(layer(x))))

    def checked(x):
        again = ad.checkpoint(layer)
        return np.sum(again(again(again(x))))

    x = np.full(N // 4, 0.5)
    peak, gradient = peak_of(lambda: ad.grad(plain)(x))
    lower, same = peak_of(lambda: ad.grad(checked)(x))
    np.testing.assert_array_equal(gradient, same)
    assert lower < 0.6 * peak


# --- wide graphs -----------------------------------------------------------------------------------------


def test_ten_thousand_uses_of_one_input():
    x = np.array([1.0, 2.0])
    k = np.arange(10_000.0)

    def f(v):
        total = 0.0
        for weight in k:
            total = total + weight * v[0]
        return total

    np.testing.assert_array_equal(ad.grad(f)(x), [k.sum(), 0.0])
    np.testing.assert_array_equal(ad.grad(lambda v: np.sum(np.stack([c * v for c in k])))(x), [k.sum()] * 2)
    t = ad.tensor(x, requires_grad=True)
    sum(np.sum(c * t) for c in k).backward()
    np.testing.assert_array_equal(t.grad, [k.sum()] * 2)


def test_ten_thousand_inputs():
    inputs = [float(k) for k in range(10_000)]
    gradient = ad.grad(lambda xs: sum(x * x for x in xs))(inputs)
    np.testing.assert_array_equal(gradient, 2 * np.arange(10_000.0))


def test_many_entries_looked_at_one_by_one():
    """Indexing adds into one cotangent: 3,000 entries of a long vector do not make 3,000 vectors."""
    x = np.ones(30_000)

    def f(v):
        total = 0.0
        for i in range(3000):
            total = total + v[i] * v[i + 1]
        return total

    peak, gradient = peak_of(lambda: ad.grad(f)(x))
    np.testing.assert_array_equal(gradient[:3001], [1.0, *[2.0] * 2999, 1.0])
    assert peak < 3000 * x.nbytes / 20


def test_a_diamond_of_two_hundred_levels_is_visited_once_each():
    """Each level uses the one before twice: 2²⁰⁰ paths, 200 nodes."""

    def f(x):
        for _ in range(200):
            x = 0.5 * x + 0.5 * x
        return x

    assert ad.grad(f)(3.0) == 1.0
    assert ad.jvp(f, (3.0,), (1.0,))[1] == 1.0
