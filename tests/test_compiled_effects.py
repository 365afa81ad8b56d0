"""What a function does besides computing its result: it draws, counts, keeps, changes. A program must not drop it."""

import functools
import gc
import math
import warnings
import weakref

import numpy as np
import pytest

import autodiff as ad
import nn
from tests.test_compile import assert_same_bits, rosenbrock

X = np.linspace(-1.0, 2.0, 5)

# --- random generators --------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)


def with_a_global(x):
    return x + RNG.normal(size=5) * RNG.random()


class Noise:
    shared = np.random.default_rng(1)

    def __init__(self):
        self.rng = np.random.default_rng(2)
        self.several = [np.random.default_rng(3), {"a": np.random.default_rng(4)}]

    def __call__(self, x):
        return x + self.rng.normal(size=5) + self.several[0].random(5) * self.several[1]["a"].integers(1, 9)

    def of_the_class(self, x):
        return x * self.shared.random(5)


class Slotted:
    __slots__ = ("rng",)

    def __call__(self, x):
        return x * self.rng.random(5)


def slotted():
    one = Slotted()
    one.rng = np.random.default_rng(5)
    return one


def with_a_closure():
    rng = np.random.default_rng(6)
    return lambda x: (x * rng.random(5))[rng.permutation(5)]


def of_another_function(x, rng=np.random.default_rng(7)):  # noqa: B008
    def inner():
        return with_a_global(x) * rng.random(5)

    return inner()


DRAWING = {
    "global": lambda: with_a_global,
    "closure": with_a_closure,
    "attributes": Noise,
    "of the class": lambda: Noise().of_the_class,
    "slot": slotted,
    "partial": lambda: functools.partial(lambda x, noise: noise(x), noise=Noise()),
    "dropout": lambda: nn.Sequential(nn.Linear(5, 5, rng=0), nn.Dropout(0.5, rng=1), nn.Tanh()),
    "gradient": lambda: ad.grad(lambda x: np.sum(x * x * RNG.random(5))),
    "compiled inside": lambda: ad.compile(with_a_closure()),
}


@pytest.mark.parametrize("name", DRAWING)
def test_draws_are_made_anew_and_in_the_order_of_the_uncompiled_function(name):
    f = DRAWING[name]()
    fast = ad.compile(f)
    states = [(g, g.bit_generator.state) for g in (RNG, Noise.shared, *generators_of(f))]
    got = [fast(X) for _ in range(3)]
    assert not np.array_equal(got[0], got[1])
    for generator, state in states:
        generator.bit_generator.state = state
    expected = [f(X) for _ in range(3)]
    assert_same_bits(got, [y.numpy() if isinstance(y, ad.Tensor) else y for y in expected])


def generators_of(f):
    from autodiff.compiler.generators import _reachable

    return {id(found.generator): found.generator for found in _reachable(f)}.values()


def test_a_generator_may_be_an_argument():
    fast = ad.compile(lambda x, rng: x + rng.normal(size=5))
    for seed in (1, 2):
        ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
        for _ in range(3):
            assert_same_bits(fast(X, ours), X + theirs.normal(size=5))


def test_numbers_from_a_fixed_seed_are_constants():
    fast = ad.compile(lambda x: x + np.random.default_rng(3).normal(size=5))
    assert_same_bits(fast(X), X + np.random.default_rng(3).normal(size=5))


LEGACY = np.random.RandomState(0)
HIDDEN = (np.random.default_rng(0),)
NORMAL = RNG.normal


@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x: x + np.random.normal(size=5), r"np\.random"),  # noqa: NPY002
        (lambda x: x + LEGACY.normal(size=5), "a RandomState"),
        (lambda x: x + HIDDEN[0].normal(size=5), "a Generator"),
        (lambda x: x + NORMAL(size=5), "a Generator"),
    ],
)
def test_draws_that_no_record_stands_for_are_refused(f, what):
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    with pytest.raises(TypeError, match=rf"compile: random numbers would be the same .*; got draws from {what}\. Draw"):
        ad.compile(f)(X)
    np.testing.assert_array_equal(np.random.get_state(legacy=False)["state"]["key"], state["key"])  # noqa: NPY002


@pytest.mark.parametrize(
    ("draw", "what"),
    [
        (lambda rng: rng.shuffle(np.arange(3)), r"a NoneType of \.shuffle"),
        (lambda rng: rng.bytes(3), r"a bytes of \.bytes"),
        (lambda rng: rng.random(out=np.empty(5)), r"an array given as `out=` of \.random"),
    ],
)
def test_draws_of_no_numbers_are_refused(draw, what):
    with pytest.raises(TypeError, match=rf"compile: only draws of numbers are steps of a program; got {what}\. Use"):
        ad.compile(lambda x, rng: (draw(rng), x)[1])(X, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"compile: a generator draws anew at every call; got \.bit_generator"):
        ad.compile(lambda x, rng: (rng.bit_generator, x)[1])(X, np.random.default_rng(0))


def test_copies_of_what_draws_have_generators_of_their_own():
    import copy
    import pickle

    fast = ad.compile(Noise())
    fast(X)
    for other in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert not other.programs
        expected = copy.deepcopy(other.f)
        assert_same_bits([other(X), other(X)], [expected(X), expected(X)])


# --- what is kept, counted, changed -------------------------------------------------------------------------


class Counter:
    def __init__(self):
        self.count = 0.0
        self.total = np.zeros(5)
        self.history = []

    def counts(self, x):
        self.count += 1.0
        return x + self.count

    def changes_an_array_before(self, x):
        self.total += 1.0
        return x + self.total

    def changes_an_array_after(self, x):
        y = x + self.total
        self.total += 1.0
        return y

    def keeps(self, x):
        self.count = self.count + x
        return x * 2.0

    def lists(self, x):
        self.history.append(x * 2.0)
        return x


def unseeded(x):
    return x + np.random.default_rng().normal(size=5)


def keeps_in_a_closure():
    total = 0.0

    def f(x):
        nonlocal total
        total = total + x
        return x * 2.0

    return f


AGAIN = r"compile: \w+ gives other results when it is called again, .*; got the same arguments twice\. It may count"


@pytest.mark.parametrize("f", [Counter().counts, Counter().changes_an_array_before, unseeded])
def test_what_gives_something_else_when_called_again_is_refused(f):
    with pytest.raises(TypeError, match=AGAIN):
        ad.compile(f)(X)


def test_a_captured_array_that_the_function_changes_is_refused():
    with pytest.raises(TypeError, match=r"compile: an array that the function uses .* and then changes, would stay"):
        ad.compile(Counter().changes_an_array_after)(X)


@pytest.mark.parametrize(
    ("f", "where"),
    [
        (Counter().keeps, r"`count`"),
        (Counter().lists, "a list"),
        (keeps_in_a_closure(), r"a variable of an outer func"),
    ],
)
def test_what_keeps_values_for_later_is_refused_and_left_with_numbers(f, where):
    with pytest.raises(TypeError, match=rf"compile: what a call leaves behind .*; got a value that is kept in {where}"):
        ad.compile(f)(X)
    f(X)
    one = getattr(f, "__self__", None)
    if one is not None:
        assert_same_bits(one.count, X + X if where == "`count`" else 0.0)
        assert all(type(x) is np.ndarray for x in one.history)


def test_running_statistics_are_refused_with_advice():
    layer = nn.BatchNorm1d(3)
    data = np.random.default_rng(0).normal(size=(6, 3))
    with pytest.raises(TypeError, match=r"batch_norm: ad\.compile does not keep the running statistics .* nn\.compile"):
        ad.compile(lambda x: layer(x))(data)
    assert type(layer.running_mean) is np.ndarray and not layer.running_mean.any()
    layer.eval()
    np.testing.assert_array_equal(ad.compile(lambda x: layer(x))(data), layer(data).numpy())


def sets(x):
    x[0] = 2.0
    return np.sum(x**2)


def test_an_argument_is_not_changed_in_place():
    mine = X.copy()
    for f in (sets, lambda x: np.add(x, 1.0, out=x), lambda x: x[1:].fill(0.0)):
        with pytest.raises(
            TypeError, match=r"compile: the argument `x` would be changed in place, .*; got an array of"
        ):
            ad.compile(f)(mine)
        assert_same_bits(mine, X)
    assert_same_bits(ad.compile(ad.grad(sets))(X), ad.grad(sets)(X))
    assert ad.compile(lambda x: np.sum(np.array([1.0, 2.0]) * x) if x is None else x * 2.0)(3.0) == 6.0


def test_a_function_that_calls_itself_keeps_nothing():
    def power(x):
        def times(k):
            return x if k == 0 else times(k - 1) * x

        return times(3)

    assert_same_bits(ad.compile(power)(X), X * X * X * X)


INDEX, MASK = np.array([0, 1]), X > 0


@pytest.mark.parametrize(
    ("f", "array"),
    [(lambda x: x[INDEX], INDEX), (lambda x: np.where(MASK, x, 0.0), MASK), (lambda x: x[INDEX, None], INDEX)],
)
def test_check_notices_a_changed_index_or_mask(f, array):
    fast = ad.compile(f, check=True)
    before = array.copy()
    assert_same_bits(fast(X), f(X))
    array[:] = array[::-1].copy()
    try:
        with pytest.raises(ValueError, match=r"an array that the function uses without getting it .* has changed"):
            fast(X)
    finally:
        array[:] = before


# --- memory -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (ad.value_and_grad(lambda x: np.sum(np.tanh(x * x))), np.ones((30, 40))),
        (lambda x: np.sin(2.0 * x) * np.exp(-x), np.ones(1_000_000)),
        (ad.grad(lambda x: np.sqrt(x**2 + np.exp(x))), 1.3),
    ],
)
def test_buffers_go_with_the_compiled_function(f, x):
    fast = ad.compile(f)
    fast(x), fast(x)
    names = fast.program._idle[0].__globals__
    gone = [weakref.ref(one) for one in (fast, fast.program, *[a for a in names.values() if isinstance(a, np.ndarray)])]
    gc.collect()
    gc.disable()
    try:
        del fast, names
        assert [reference() for reference in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_a_program_keeps_no_large_arrays_of_the_recording():
    w = ad.tensor(np.ones((40, 30)), requires_grad=True)
    fast = ad.compile(lambda x: np.sum(np.tanh(x @ w)))
    fast(np.ones((20, 40)))
    everything = [*fast.graph.nodes, *fast.program.program.everything]
    assert not [one for one in everything if isinstance(one.value, np.ndarray)]
    assert [node.shape for node in fast.graph.operations] == [(20, 30), (20, 30), ()]
    assert fast.graph.flop() and "tanh" in fast.graph.draw().source
    for reader in (fast.graph.table, fast.graph.to_html, fast.graph.cost):
        with pytest.raises(ValueError, match=r"Graph: the graph of a compiled program keeps no large arrays; got a re"):
            str(reader())
    with pytest.raises(ValueError, match=r"the numbers of one of shape \(20, 30\)\. Record the function itself"):
        fast.graph.operations[0].value * 2.0
    assert fast.cost().flop > 2 * 20 * 40 * 30


def test_small_arrays_of_the_recording_are_kept_for_tables():
    fast = ad.compile(rosenbrock)
    fast(X)
    assert f"{rosenbrock(X):.3f}" in str(fast.graph.table()) and fast.graph.draw().source


# --- what messages speak of ---------------------------------------------------------------------------------


def into_out(x):
    y = np.empty(5)
    y[:] = x
    return y


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (
            lambda x: x * float(x[0]),
            r"compile: float\(\) would depend on the numbers.*; got it on a value of shape \(\)",
        ),
        (lambda x: x * math.sin(x[0]), r"take NumPy's \(np\.sin for math\.sin\)"),
        (lambda x: np.asarray(x) * 2.0, r"compile: np\.asarray, an array of NumPy's .* of shape \(5,\)\. Use NumPy's"),
        (lambda x: np.float64(x[0]) * x, r"compile: np\.asarray, an array of NumPy's"),
        (into_out, r"compile: np\.asarray, an array of NumPy's"),
        (lambda x: np.select([x > 0], [x]), r"compile: what np\.select takes would depend on the numbers"),
        (lambda x: ad.piecewise(x, [x > 0], [np.sqrt, 0.0]), r"compile: the pieces of ad\.piecewise would depend on"),
        (lambda x: np.where(x > 0), r"compile: the shape of the result would depend on the numbers; got np\.nonzero"),
    ],
)
def test_messages_speak_of_compiling(f, message):
    with pytest.raises(TypeError, match=message) as error:
        ad.compile(f)(X)
    assert "differentiated" not in str(error.value) and ".item()" not in str(error.value)


def test_where_with_a_condition_alone_is_nonzero():
    assert_same_bits(ad.grad(lambda x: np.sum(x[np.where(x > 0)]))(X), (X > 0) * 1.0)
    with pytest.raises(
        ValueError, match=r"np\.where: takes both x and y or neither; got one of them\. Write np\.where"
    ):
        ad.grad(lambda x: np.sum(np.where(x > 0, x)))(X)


class Exponential(nn.Module):
    def forward(self, x):
        return np.exp(x)


def test_the_first_call_of_a_model_warns_once_like_the_others():
    predict = nn.compile(Exponential())
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            predict(np.full((2, 2), 1000.0))
        assert [str(warning.message) for warning in caught] == ["overflow encountered in exp"]
