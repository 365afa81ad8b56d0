"""What is known of NumPy's functions: everything that can be overridden is classified."""

import re
import subprocess
import sys

import numpy as np
import pytest

import autodiff as ad
from autodiff.dispatch import RULES, bind
from autodiff.operands import full_name
from autodiff.primitives import Refused
from autodiff.rules.__main__ import FAMILIES, WIDTH, lines, overridable, rule_of, table

X = np.array([1.0, 2.0, 3.0])


def leaf(x=X):
    return ad.tensor(x, requires_grad=True)


def test_every_overridable_function_is_classified():
    unknown = [full_name(f) for f in overridable() if rule_of(f) is None]
    assert not unknown, f"NumPy has functions that are neither rule, constant nor refused: {unknown}"


def test_the_list_is_numpys():
    from numpy.testing import overrides

    listed = {full_name(f) for f in overridable()}
    functions = overrides.get_overridable_numpy_array_functions() | overrides.get_overridable_numpy_ufuncs()
    assert listed == {full_name(f) for f in functions}
    assert len(listed) > 350


def test_a_new_function_of_numpy_would_be_noticed():
    def novel(x):
        return x

    novel.__module__ = "numpy"
    assert rule_of(novel) is None
    with pytest.raises(TypeError, match=r"novel: has no derivative rule; got a traced value\. .*ad\.primitive\."):
        bind(novel, (leaf(),))


def test_the_nearest_names_are_offered():
    def cumprodd(x):
        return x

    cumprodd.__module__, cumprodd.__qualname__ = "numpy", "cumprodd"
    with pytest.raises(TypeError, match=r"np\.cumprodd: has no derivative rule; .*np\.cumprod"):
        bind(cumprodd, (leaf(),))


REFUSED = [f for f in overridable() if isinstance(rule_of(f), Refused)]


@pytest.mark.parametrize("function", REFUSED, ids=full_name)
def test_a_refusal_names_the_function_and_the_way_out(function):
    with pytest.raises(TypeError) as error:
        bind(function, (leaf(),))
    message = str(error.value)
    assert message.startswith(f"{full_name(function)}: cannot be differentiated; got a traced value. ")
    assert message.endswith(rule_of(function).reason)
    assert re.search(r"\b(Write|Use|Keep|Convert|Smooth|Give|Differentiate|can be written)\b", rule_of(function).reason)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.copyto(np.zeros(3), t), r"np\.copyto: .*Write t\[i\] = v"),
        (lambda t: np.put(t, [0], 1.0), r"np\.put: .*Write t\[i\] = v"),
        (lambda t: np.place(t, t > 1, [0.0]), r"np\.place: .*Write t\[i\] = v"),
        (lambda t: np.putmask(t, t > 1, 0.0), r"np\.putmask: .*Write t\[i\] = v"),
        (lambda t: np.fill_diagonal(np.outer(t, t), 0.0), r"np\.fill_diagonal: .*Write t\[i\] = v"),
        (lambda t: np.put_along_axis(t, np.array([0]), 1.0, 0), r"np\.put_along_axis: .*Write t\[i\] = v"),
        (lambda t: np.add.at(t, [0], 1.0), r"np\.add\.at: .*Write t\[i\] = v"),
        (lambda t: np.negative.at(t, [0]), r"np\.negative\.at: .*Write t\[i\] = v"),
        (np.histogram, r"np\.histogram: .*constant between jumps"),
        (lambda t: np.histogramdd(np.stack([t, t])), r"np\.histogramdd: .*constant between jumps"),
        (lambda t: np.array([t], like=t), r"np\.array: .*np\.stack\(\[t, u\]\)"),
        (lambda t: np.arange(3, like=t), r"np\.arange: .*np\.linspace"),
    ],
)
def test_refusals_come_out_of_numpys_own_calls(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf())
    with pytest.raises(TypeError, match=message):
        ad.jvp(lambda x: call(x), (X,), (X,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.exp(t, where=X > 1), r"np\.exp: `where` leaves entries undefined"),
        (lambda t: np.prod(t, out=np.zeros(())), r"np\.prod: writing into `out`"),
        (lambda t: np.max(t, 0, np.zeros(())), r"np\.max: writing into `out`"),
        (lambda t: np.cumprod(t, 0, None, np.zeros(3)), r"np\.cumprod: writing into `out`"),
        (lambda t: np.add.reduce(t, out=np.zeros(())), r"np\.add\.reduce: writing into `out`"),
        (lambda t: np.median(t, out=np.zeros(())), r"np\.median: writing into `out`"),
        (lambda t: np.polyfit(X, t, 1, full=True), r"np\.polyfit: only the coefficients"),
    ],
)
def test_arguments_without_a_rule_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.trim_zeros(np.outer(t, t)), r"np\.trim_zeros: .*one axis only; got shape \(3, 3\)"),
        (lambda t: np.poly(np.outer(t, t)), r"np\.poly: .*got shape \(3, 3\).*eigenvalues"),
    ],
)
def test_shapes_without_a_rule_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(leaf())


def test_constants_get_the_numbers_and_return_numbers(tmp_path):
    t = leaf()
    assert np.argmax(t) == 2
    assert np.argmax(t).__class__ is np.int64
    assert np.shape(t) == (3,)
    assert np.size(t, 0) == 3
    assert np.allclose(t, X)
    assert np.array_equal(t, X)
    assert np.all(np.isfinite(t))
    assert np.zeros_like(t).__class__ is np.ndarray
    assert np.greater.outer(t, X).__class__ is np.ndarray
    assert np.result_type(t, 1) == np.float64
    assert np.array_str(t) == np.array_str(X)
    np.testing.assert_array_equal(np.lexsort((t,)), [0, 1, 2])
    np.testing.assert_array_equal(np.ones(2, like=t), [1.0, 1.0])
    np.save(tmp_path / "t.npy", t)
    np.testing.assert_array_equal(np.load(tmp_path / "t.npy"), X)


def test_every_family_is_explained():
    assert {entry.family for entry in table()} <= set(FAMILIES)
    assert all(bool(entry.note) == (entry.family == "refused") for entry in table())


@pytest.mark.parametrize("markdown", [False, True])
def test_the_table_is_complete_and_narrow(markdown):
    printed = list(lines(table(), markdown=markdown))
    assert max(map(len, printed)) <= WIDTH
    text = "\n".join(printed)
    for name in ("np.sin", "np.linalg.solve", "np.logaddexp.reduce", "np.fft.fft", "np.lib.recfunctions.join_by"):
        assert re.search(rf"(?m)(^|[ `]){re.escape(name)}[,`\n]", text), name
    assert "unknown" not in text


def test_the_table_is_printed_by_the_module():
    run = subprocess.run(
        [sys.executable, "-m", "autodiff.rules"], capture_output=True, text=True, check=True, encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert run.stdout.startswith(f"NumPy {np.__version__}: ")
    assert f"refused ({sum(entry.family == 'refused' for entry in table())})" in run.stdout


def test_importing_loads_neither_numpys_tests_nor_its_records():
    code = "import sys, autodiff; print([m for m in ('numpy.testing', 'numpy.lib.recfunctions') if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert run.stdout.strip() == "[]"


def test_what_has_a_rule_is_reached_through_its_public_name():
    for function in RULES:
        name = full_name(function)
        if name.startswith("np.linalg."):
            assert getattr(np.linalg, name.removeprefix("np.linalg.")) is function


COMPARISONS = [
    lambda z: np.maximum(z, 1.0), lambda z: np.minimum(1.0, z), lambda z: np.fmax(z, 1.0), lambda z: np.fmin(z, 1.0),
    np.max, np.min, np.nanmax, np.ptp, lambda z: np.clip(z, 0.0, 1.0), np.maximum.accumulate,
]  # fmt: skip


def _pulled_back(function, z):
    y, pullback = ad.vjp(function, z)
    return pullback(np.ones_like(y))


@pytest.mark.parametrize("function", COMPARISONS)
def test_complex_numbers_have_no_order(function):
    message = r"np\.[a-z_., ]+: complex numbers have no order; got complex128\. Compare their real parts or sizes"
    z = X * (1 + 2j)
    with pytest.raises(TypeError, match=message):
        ad.jvp(function, (z,), (z,))
    with pytest.raises(TypeError, match=message):
        _pulled_back(function, z)


def test_holomorphic_functions_of_complex_numbers_have_their_derivative():
    for f, derivative in ((np.exp, np.exp), (np.tanh, lambda z: 1 / np.cosh(z) ** 2), (np.square, lambda z: 2 * z)):
        np.testing.assert_allclose(
            ad.jvp(lambda x, f=f: f(x * (0.5 + 1j)), (X,), (np.ones(3),))[1],
            (0.5 + 1j) * derivative(X * (0.5 + 1j)),
            rtol=1e-12,
        )


def test_a_derivative_is_not_rounded_to_whole_numbers():
    t = leaf()
    t.data = np.array([1, 2, 3])
    for f in (lambda t: np.sum(t * 2.5), lambda t: t @ X, lambda t: np.sum(np.reshape(t, (3, 1)) * 0.5)):
        with pytest.raises(TypeError, match="not rounded to whole numbers; got float64 for data of dtype int64"):
            f(t).backward()


def test_a_type_among_the_arguments_is_no_operand():
    data = np.outer(X, X) + np.eye(3)
    np.testing.assert_array_equal(np.cov(leaf(data), dtype=np.float64).numpy(), np.cov(data, dtype=np.float64))
    np.testing.assert_array_equal(np.absolute(leaf(-X), dtype=np.float32).numpy(), X.astype(np.float32))
