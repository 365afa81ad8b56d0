"""Compiled programs: bit for bit what eager gives, in fewer lines, with memory of their own."""

import copy
import logging
import pickle
import re
import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler import passes
from autodiff.compiler.buffers import Buffers
from autodiff.compiler.steps import program_of
from autodiff.record import trace
from autodiff.recorder import Recorder
from autodiff.tree import flatten
from tests.expressions import expression


def assert_same_bits(got, expected, what=""):
    for a, b in zip(flatten(got)[0], flatten(expected)[0], strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape and a.dtype == b.dtype, what
        np.testing.assert_array_equal(a, b, err_msg=what)


# --- the whole of it: random expressions ----------------------------------------------------------------


@pytest.mark.parametrize("block", range(8))
def test_random_expressions_and_their_gradients_bit_for_bit(block):
    for seed in range(250 * block, 250 * (block + 1)):
        f, data = expression(seed)
        argnums = tuple(range(len(data(0))))
        eager = ad.value_and_grad(f, argnums)
        fast = ad.compile(eager)
        with np.errstate(all="ignore"):
            for k in (0, 1, 0):  # other numbers, and the first ones again: no buffer is stale
                got, expected = fast(*data(k)), eager(*data(k))
                if fast.is_scalar:
                    np.testing.assert_allclose(flatten(got)[0], flatten(expected)[0], rtol=1e-12, atol=1e-12)
                else:
                    assert_same_bits(got, expected, f"seed {seed}, data {k}")


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


X = np.linspace(-1.0, 1.5, 7)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ad.grad(rosenbrock),
        lambda: ad.value_and_grad(rosenbrock),
        lambda: ad.hessian(rosenbrock),
        lambda: ad.jacobian(lambda x: np.tanh(x) * x[::-1]),
        lambda: ad.elementwise_grad(np.tanh),
        lambda: lambda x: ad.hvp(rosenbrock)(x, np.ones(7)),
        lambda: lambda x: ad.jvp(rosenbrock, (x,), (np.ones(7),)),
        lambda: lambda x: np.linalg.eigh(np.outer(x, x) + np.eye(7)),
    ],
)
def test_transformations_compile(make):
    f = make()
    fast = ad.compile(f)
    for x in (X, X[::-1] + 0.1, X.astype(np.float32)):
        assert_same_bits(fast(x), f(x))


def test_containers_keep_their_structure_and_other_arguments_are_static():
    def f(params, n, kind="a"):
        return {"y": params["w"] * n, "z": (params["b"][0] + (1.0 if kind == "a" else 2.0),)}

    fast = ad.compile(f)
    params = {"w": np.ones(3), "b": [np.arange(3.0)]}
    for n in (2, 3):
        assert_same_bits(fast(params, n), f(params, n))
    assert len(fast.programs) == 2


# --- passes: each alone gives the same bits in fewer lines ------------------------------------------------


def program(f, *args):
    return program_of(trace(f, args, Recorder(strict=True)))[0]


def run(steps, *args):
    from autodiff.compiler.emission import Source

    return Source(steps, "f").listing().make()(*args)


C = np.ones(7)
PASSES = {
    "drop_dead": (lambda x: (np.exp(x), np.sin(x))[1], -1),
    "drop_neutral": (lambda x: (np.reshape(x * 1.0, 7) / 1 - 0.0)[:], -5),
    "share_subexpressions": (lambda x: np.exp(x) * np.exp(x), -1),
    "skip_broadcasts": (lambda x: np.broadcast_to(np.sum(x), (7,)) * x, 0),
    "name_powers": (lambda x: x**2 + x**0.5, 0),
    "name_sums": (lambda x: np.sum(x, axis=0), 0),
    "name_means": (lambda x: np.mean(x), 1),
    "name_products": (lambda x: np.reshape(x, (1, 7)) @ np.reshape(x, (7, 1)), 0),
}


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_alone_changes_no_bit(name):
    f, fewer = PASSES[name]
    x = np.abs(X) + 0.5
    before, after = program(f, x), program(f, x)
    getattr(passes, name)(after)
    after.check()
    assert len(after.steps) == len(before.steps) + fewer
    if name == "skip_broadcasts":
        assert after.steps[-1].operands[0].shape == ()
    assert_same_bits(run(after, x), run(before, x))
    assert_same_bits(run(after, x), (f(x),))


def test_what_depends_on_no_input_is_computed_once_while_recording():
    assert len(program(lambda x: x * np.exp(np.sum(C) - 3.0), X).steps) == 1


def test_every_pass_has_a_test():
    assert {one.__name__ for one in passes.PASSES} == set(PASSES)


# --- memory ------------------------------------------------------------------------------------------------


def test_buffers_are_used_again_and_elementwise_steps_write_into_what_dies():
    def chain(x):
        for _ in range(10):
            x = np.tanh(x)
        return x

    assert len(Buffers([passes.optimize(program(chain, X))]).specs) == 1


def test_entries_are_written_where_they_belong_if_nobody_reads_the_old_ones():
    fast = ad.compile(ad.grad(rosenbrock))
    assert_same_bits(fast(X), ad.grad(rosenbrock)(X))
    lines = [line.strip() for line in fast.source.splitlines()]
    assert [line for line in lines if line.startswith("d_x[")] == [
        "d_x[:-1] = v6", "d_x[:-1] += d_v2", "d_x[1:] += d_v4",
    ]  # fmt: skip
    assert lines[-1] == "return d_x"


def entries_of_a_copy(x):
    y = x * 2.0
    before = y + 1.0
    y[0] = x[1]
    z = y * before
    y[1] = z[0]
    y[[2, 2]] += x[:2]
    return y, z, before


def old_entries_read_later(x):
    y = x * 2.0
    head, z = y[:2], y * 1.0
    y[0] = 7.0
    return np.sum(y * z), head, y


def transposed_results(x):
    y = np.outer(x, np.exp(x))
    return y.T[::-1]


@pytest.mark.parametrize("f", [entries_of_a_copy, old_entries_read_later, transposed_results])
def test_assignments_give_what_they_give_uncompiled(f):
    fast = ad.compile(f)
    for x in (X, X + 1.0):
        first, expected = fast(x), f(ad.tensor(x))
        values = [t.numpy() for t in flatten(expected)[0]]
        assert_same_bits(first, values)
        for array in flatten(first)[0]:
            if isinstance(array, np.ndarray):
                array[...] = -1.0  # nobody else's, and to be written to
        assert_same_bits(fast(x), values)


def test_results_are_nobody_elses():
    fast = ad.compile(lambda x: (np.tanh(x), x, x[1:], np.tanh(x), C))
    first = fast(X)
    copies = copy.deepcopy(first)
    second = fast(X + 1.0)
    assert_same_bits(first, copies)
    arrays = [*first, *second, X, C]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_threads_and_recursion_have_memory_of_their_own():
    f = lambda x: np.sum(np.tanh(x @ x.T))  # noqa: E731
    fast, eager = ad.compile(ad.grad(f)), ad.grad(f)
    data = [np.random.default_rng(i).normal(size=(40, 40)) for i in range(8)]
    expected = [eager(x) for x in data]
    wrong = []

    def work(i):
        wrong.extend(i for _ in range(50) if not np.array_equal(fast(data[i]), expected[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_copies_and_pickles_compile_for_themselves():
    fast = ad.compile(np.tanh)
    fast(X)
    for other in (copy.deepcopy(fast), copy.copy(fast), pickle.loads(pickle.dumps(fast))):
        assert_same_bits(other(X), np.tanh(X))
        assert other.source == fast.source


# --- single numbers ------------------------------------------------------------------------------------------


def test_programs_of_single_numbers_are_plain_python():
    f = ad.grad(lambda x: np.sqrt(x**2 + np.exp(x**2)))
    fast = ad.compile(f)
    value = fast(1.3)
    assert type(value) is float and value == pytest.approx(f(1.3), rel=1e-15)
    assert "np." not in fast.source and fast.source.startswith("from math import exp, sqrt\n")
    with np.errstate(all="ignore"):
        assert fast(0.0) == f(0.0) == 0.0
        for x in (1e3, -1e200, float("inf"), float("nan")):
            np.testing.assert_equal(float(fast(x)), float(f(x)))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_tanh_keep_their_digits_in_plain_python_too(order):
    f = np.tanh
    for _ in range(order):
        f = ad.grad(f)
    fast = ad.compile(f)
    for x in (0.0, 0.3, -2.0, 4.2, -9.0, 30.0, 700.0):
        assert fast(x) == pytest.approx(f(x), rel=1e-13, abs=0.0)
    assert fast.is_scalar


@pytest.mark.parametrize("x", [0.0, -1.0, 2.0, 1e308, float("inf"), float("-inf"), float("nan")])
def test_where_python_raises_numpys_numbers_come_back(x):
    for f in (np.log, np.sqrt, lambda x: 1.0 / x, np.exp, lambda x: x**3, lambda x: np.where(x > 0, x, -x)):
        fast = ad.compile(f)
        with np.errstate(all="ignore"):
            np.testing.assert_equal(float(fast(x)), float(f(np.float64(x))))


UNARY = [np.sin, np.exp, np.negative, np.square, np.abs, np.reciprocal, lambda a: a**3, lambda a: a**-1]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.subtract, np.hypot, lambda a, b: np.where(a < b, a, b * 2.0)]


@pytest.mark.parametrize("seed", range(150))
def test_parentheses_stand_where_they_are_needed(seed):
    rng = np.random.default_rng(seed)
    plan = [(rng.integers(2), rng.integers(8), rng.integers(7), *rng.integers(3, size=2)) for _ in range(6)]

    def f(x, y):
        values = [x, y, x * 1.5]
        for unary, u, b, i, j in plan:
            p, q = values[-1 - i], values[-1 - j]
            values.append(UNARY[u](p) if unary else BINARY[b](p, q))
        return values[-1]

    fast = ad.compile(f)
    with np.errstate(all="ignore"):
        fast(1.1, 0.7)
        assert fast.is_scalar
        for x, y in ((1.1, 0.7), (0.3, 2.2), (-0.4, 0.9)):
            np.testing.assert_allclose(fast(x, y), f(np.float64(x), np.float64(y)), rtol=1e-10)


# --- state: tensors that are used, arrays that are captured ----------------------------------------------------


def test_tensors_that_are_used_are_read_at_every_call():
    w = ad.tensor([1.0, 2.0], requires_grad=True)
    fast = ad.compile(lambda x: np.sum(w * x))
    assert fast(np.ones(2)) == 3.0
    with ad.no_grad():
        w *= 10.0
    assert fast(np.ones(2)) == 30.0


def test_a_captured_array_counts_as_a_constant_and_check_notices_a_change():
    c = np.array([1.0, 2.0])
    f = lambda x: np.sum(c * x)  # noqa: E731
    fast, checked = ad.compile(f), ad.compile(f, check=True)
    assert fast(np.ones(2)) == checked(np.ones(2)) == 3.0
    c[0] = 100.0
    assert fast(np.ones(2)) == 3.0
    with pytest.raises(ValueError, match=r"<lambda>: an array that the function uses without getting"):
        checked(np.ones(2))


def test_compiled_functions_are_differentiated_like_the_functions_they_are():
    fast = ad.compile(lambda x: np.sum(np.tanh(x) ** 2))
    fast(X)
    np.testing.assert_array_equal(ad.grad(fast)(X), ad.grad(fast.f)(X))
    w = ad.tensor(X, requires_grad=True)
    fast(w).backward()
    np.testing.assert_array_equal(w.grad, ad.grad(fast.f)(X))


# --- what a person reads -------------------------------------------------------------------------------------


def test_the_source_has_the_users_names_shapes_and_phases():
    def loss(W, b):
        z = C @ W + b
        a = np.tanh(z)
        return np.sum(a * a)

    fast = ad.compile(ad.value_and_grad(loss, (0, 1)))
    fast(np.ones((7, 3)), np.zeros(3))
    assert fast.source.startswith("def value_and_grad_of_loss(W, b):\n    # forward\n")
    assert "    # backward\n" in fast.source
    assert re.search(r"np\.tanh\(z, out=(a|z)\) +# 3", fast.source)
    compile(fast.source, "<test>", "exec")


def test_an_error_inside_names_the_generated_line_and_the_users():
    fast = ad.compile(lambda x, i: x[np.argsort(i) * 0 + 5])
    fast(np.ones(6), np.ones(1))
    with pytest.raises(IndexError) as error:
        next(iter(fast.programs.values())).run([np.ones(2), np.ones(1)])  # a shape it was not compiled for
    assert any("in the compiled line" in note and "test_compile.py" in note for note in error.value.__notes__)


def test_each_compilation_is_logged_and_many_give_a_warning(caplog):
    caplog.set_level(logging.INFO, "autodiff.compile")
    fast = ad.compile(lambda x, n: x * n)
    for n in range(10):
        fast(X, n)
    messages = [record.getMessage() for record in caplog.records]
    assert sum(message.startswith("compiled <lambda> for float64[7]") for message in messages) == 10
    assert any("the argument `n` keeps changing" in message for message in messages)


def test_cost_counts_the_program():
    fast = ad.compile(ad.grad(rosenbrock))
    fast(X)
    cost = fast.cost()
    assert cost.steps == len(fast.program.program.steps)
    assert cost.buffers > 0 and cost.bytes > 0 and cost.flop > 0
    assert str(cost.steps) in str(cost)
    assert cost.fresh_bytes == X.nbytes  # the gradient alone
    assert cost.peak_bytes == cost.bytes + cost.fresh_bytes


# --- refusals ----------------------------------------------------------------------------------------------------


def branch(x):
    return x if x[0] > 0 else -x


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: ad.compile(branch)(X),
            TypeError,
            r"compile: `if`, `while`, `and`, `or` or bool\(\) would dep",
        ),
        (
            lambda: ad.compile(lambda x: x * x[0].item())(X),
            TypeError,
            r"compile: \.item\(\) would depend on the num",
        ),
        (lambda: ad.compile(lambda x: x * float(x[0]))(X), TypeError, r"compile: float\(\) would depend on the num"),
        (
            lambda: ad.compile(lambda x: x[x > 0])(X),
            TypeError,
            r"compile: the shape of the result would depend",
        ),
        (
            lambda: ad.compile(lambda x: np.nonzero(x)[0])(X),
            TypeError,
            r"compile: the shape of the result would depend",
        ),
        (
            lambda: ad.compile(lambda x: x * np.allclose(x, 0))(X),
            TypeError,
            r"compile: .*allclose gives a Python",
        ),
        (lambda: ad.compile(3), TypeError, r"compile: takes a function; got a int"),
        (lambda: ad.compile(np.sin).source, ValueError, r"sin: nothing has been compiled yet; got no call"),
    ],
)
def test_refusals(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
