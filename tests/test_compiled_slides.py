"""Compiled source reads like careful NumPy by hand: masks, names in order, methods, sections."""

import re

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.tree import flatten

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 5))


def lines(fast):
    return [line.partition("  #")[0].strip() for line in fast.source.splitlines()]


def same_bits(got, expected):
    pairs = zip(flatten(got)[0], flatten(expected)[0], strict=True)
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in pairs)


# --- assignment where a mask holds ------------------------------------------------------------------------


def masked(x, s):
    y = np.exp(x + s)
    y[y > 1.0] = 0.5
    y[x < -1.0] = s
    y[np.abs(x) < 0.1] = np.sum(x)
    return np.sum(y * y)


def masked_rows(x, s):
    y = x * s
    y[np.sum(x, axis=1) > 0.0] = x[0] * 2.0
    return np.sum(y * np.sin(x))


@pytest.mark.parametrize("f", [masked, masked_rows])
@pytest.mark.parametrize(
    "make",
    [
        lambda f: ad.value_and_grad(f, (0, 1)),
        ad.hessian,
        lambda f: ad.jacobian(ad.grad(f), mode="forward"),
        lambda f: ad.jacobian(ad.grad(f, 1), 1, mode="reverse"),
        lambda f: lambda x, s: ad.jvp(f, (x, s), (np.cos(x), 1.0)),
    ],
)
def test_assignment_by_a_mask_compiles(f, make):
    eager = make(f)
    for layout in (np.ascontiguousarray, np.asfortranarray):
        fast = ad.compile(eager)
        for scale in (1.0, 0.3, 3.0, 0.0):
            x = layout(X * scale)
            assert same_bits(fast(x, 0.2), eager(x, 0.2))


def test_assignment_by_a_mask_is_written_as_it_is():
    def f(x):
        y = np.exp(x)
        y[y > 1.0] = 0.0
        return np.sum(y)

    fast = ad.compile(f)
    assert fast(X) == np.sum(np.where(np.exp(X) > 1.0, 0.0, np.exp(X)))
    assert "y[v1] = 0.0" in lines(fast)


def test_what_is_chosen_by_a_mask_has_no_shape_of_its_own():
    def f(x):
        y = np.exp(x)
        y[y > 1.0] = x[y > 1.0]
        return np.sum(y)

    with pytest.raises(TypeError, match="the shape of the result would depend on the numbers"):
        ad.compile(f)(X)


def test_second_derivatives_by_masks_agree_with_differences():
    assert ad.gradcheck(lambda x: masked(x, 0.2), X[0], order=2)


# --- names ------------------------------------------------------------------------------------------------


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


@pytest.mark.parametrize("make", [ad.grad, ad.hessian, ad.value_and_grad, lambda f: f])
@pytest.mark.parametrize("f", [rosenbrock, lambda x: np.sum(np.tanh(x) ** 3 * np.mean(x)), lambda x: np.sum(x**0.7)])
def test_numbers_in_names_follow_each_other_and_adjoints_are_of_something_that_is_there(f, make):
    fast = ad.compile(make(f))
    fast(np.abs(X[0]))
    order = list(dict.fromkeys(re.findall(r"\bv(\d+)\b", fast.source.partition(":")[2])))
    assert order == [str(i + 1) for i in range(len(order))]
    names = set(re.findall(r"\b\w+\b", fast.source))
    for adjoint in (name for name in names if name.startswith("d_")):
        assert adjoint.removeprefix("d_") in names or re.sub(r"_\d+$", "", adjoint).removeprefix("d_") in names


def test_the_vector_of_a_product_with_the_hessian_is_called_v():
    fast = ad.compile(ad.hvp(rosenbrock))
    assert same_bits(fast(X[0], X[1]), ad.hvp(rosenbrock)(X[0], X[1]))
    assert fast.source.startswith("def hvp_of_rosenbrock(x, v):\n")


def test_lambda_leaves_no_gap_in_a_name():
    fast = ad.compile(ad.grad(lambda x: np.sum(x * x)))
    fast(X)
    assert fast.source.startswith("def grad_of_lambda(x):\n")
    assert lines(fast)[-1] == "return d_x"


# --- how functions are called -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "line"),
    [
        (lambda x: np.where(x > 0, x, 0.0), "v2 = np.where(v1, x, 0.0)"),
        (lambda x: np.sin(x).reshape(-1)[0], "v2 = v1.reshape(-1)"),
        (lambda x: np.sum(np.reshape(x, (5, 8), order="F") * 2.0), 'v1 = x.reshape(5, 8, order="F")'),
        (lambda x: np.sum((x > 0).astype(np.float32)), "v2 = v1.astype(np.float32)"),
        (lambda x: np.sum(np.clip(x, -1.0, 0.5)), "np.clip(x, -1.0, 0.5, out=v1)"),
        (lambda x: np.sum(np.einsum("ij,kj->ik", x, x)), 'v1 = np.einsum("ij,kj->ik", x, x)'),
        (lambda x: np.sum(np.reshape(x[:1, :1], ())), "v2 = v1.reshape(())"),
    ],
)
def test_calls_are_written_as_one_writes_them(f, line):
    fast = ad.compile(f)
    assert same_bits(fast(X), f(X))
    assert line in lines(fast)


def test_results_that_are_made_anew_are_not_copied():
    for f in (lambda x: np.where(x > 0, x, 0.0), lambda x: np.cumsum(x, axis=0), lambda x: np.concatenate([x, x])):
        fast = ad.compile(f)
        first = fast(X)
        first[...] = 7.0
        assert same_bits(fast(X), f(X)) and ".copy()" not in fast.source


def test_whole_numbers_need_no_zero_added():
    fast = ad.compile(lambda i, x: x[(i + 1) * 2 + 0])
    i, x = np.array([0, 1]), np.arange(9.0)
    assert same_bits(fast(i, x), x[(i + 1) * 2])
    assert "np.add(v2, 0" not in fast.source


# --- sections of a training step --------------------------------------------------------------------------


def step_of(model, loss, y):
    step = nn.compile(model, loss, nn.optim.Adam(model.parameters(), lr=0.02))
    step(X, y)
    return step


def test_the_update_says_what_its_arrays_are():
    model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1))
    step = step_of(model, nn.MSELoss(), X[:, :1])
    heading = "theta is weight_0, …, bias_2 and g is grad_weight_0, …, grad_bias_2, each in one array"
    assert f"    # update: Adam, where {heading}\n" in step.source
    assert re.search(r"np\.dot\(ones, d_linear_2, out=grad_bias_2\) +# 1, column sums\n", step.source)
    assert step.source.rstrip().splitlines()[-1] == "    return loss"


def test_draws_name_their_generator_and_several_results_are_unpacked():
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, 3))
    step = step_of(model, nn.CrossEntropyLoss(), RNG.integers(0, 3, 8))
    assert re.search(r"v\d+ = rng\.random\(\(8, 4\), np\.float64\)", step.source)
    assert "loss, d_linear_3 = mean_cross_entropy(linear_3, y, ignore_index=-100)" in lines(step)
    state = step.source.partition("    # state\n")[2].splitlines()[0]
    assert state.startswith("    np.copyto(num_batches_tracked, v")
