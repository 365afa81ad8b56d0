"""Refuse loudly: what would be silently wrong is an error that says what to write instead.

Every message has one shape: `<function>: <what is wrong>; got <thing>. <What to do>.`
TypeError is for kinds, ValueError for shapes and values.
"""

import math
import re
from collections import namedtuple

import numpy as np
import pytest

import autodiff as ad

SHAPE = re.compile(r"^[\w.,\-() ]+: .+; got .+\. .+\.?$", re.DOTALL)

X = np.array([1.0, 2.0, 3.0])


def leaf(*data):
    return ad.tensor(np.array(data, float), requires_grad=True)


def store(x):
    a = np.zeros(3)
    a[0] = x[0]
    return np.sum(a)


def store_slice(x):
    a = np.zeros(3)
    a[:] = x
    return np.sum(a)


def store_of_lower_level(x):
    y = x * 1.0
    ad.grad(lambda v: y.__setitem__(0, v * v) or v)(1.0)
    return np.sum(y)


def add_to_an_array_in_place(x):
    a = np.zeros(3)
    np.add(a, x, out=a)
    return np.sum(a)


def add_with_an_operator(x):
    a = np.zeros(3)
    a += x
    return np.sum(a)


def multiply_with_an_operator(x):
    a = np.eye(3)
    a @= np.reshape(x, (3, 1)) * np.ones(3)
    return np.sum(a)


def grow(t):
    t += np.ones((2, 3))
    return t


def inside_grad(f, x=X):
    return lambda: ad.grad(f)(x)


def inside_jvp(f, x=X):
    return lambda: ad.jvp(f, (x,), (x,))


def recorded(f):
    return lambda: f(leaf(1.0, 2.0, 3.0))


def pull_back(ct, f=lambda v: v * v, x=X):
    return lambda: ad.vjp(f, x)[1](ct)


OBJECTS = np.array([1.0, "a"], dtype=object)
MASKED = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
MATRIX = X[:2].reshape(1, 2).view(np.matrix)
Pair = namedtuple("Pair", "a b")


class Stranger:
    """A class that the library has never heard of."""


@ad.primitive
def without_a_rule(x):
    """Return 2 x."""
    return 2 * x


LEAVES = "would leave the graph"


# name: (what is done, the error, a pattern of its message)
def with_tensor_data():
    t = leaf(1.0, 2.0)
    t.data = t * 2.0
    return np.sum(t * t)


REFUSALS = {
    # --- leaving the graph
    "np.array of a list": (recorded(lambda t: np.array([t[0], t[1]])), TypeError, rf"{LEAVES}.*np\.stack"),
    "np.asarray": (recorded(np.asarray), TypeError, rf"{LEAVES}.*np\.stack"),
    "np.asarray in jvp": (inside_jvp(lambda x: np.sum(np.asarray(x))), TypeError, LEAVES),
    "np.array in grad": (inside_grad(lambda x: np.sum(np.array([x[0], x[1]]))), TypeError, LEAVES),
    "np.float64": (recorded(lambda t: np.float64(t[0])), TypeError, LEAVES),
    "store a slice": (inside_grad(store_slice), TypeError, rf"{LEAVES}.*t\[i\] = v"),
    "store a slice in jvp": (inside_jvp(store_slice), TypeError, LEAVES),
    "float": (recorded(lambda t: float(t[0])), TypeError, r"float: .*lost; got a Tensor.*t\.item\(\)"),
    "int": (recorded(lambda t: int(t[0])), TypeError, r"int: .*lost"),
    "complex": (recorded(lambda t: complex(t[0])), TypeError, r"complex: .*lost"),
    "float of a dual number": (inside_jvp(lambda x: float(x[0])), TypeError, "float: .*got a Dual"),
    "math.sin": (recorded(lambda t: math.sin(t[0])), TypeError, r"lost.*np\.sin for math\.sin"),
    "math.sin in grad": (inside_grad(math.sin, 1.0), TypeError, "lost"),
    "float of an outer value": (
        inside_grad(lambda x: ad.grad(lambda v: v * float(np.floor(v) * x))(2.0), 1.0),
        TypeError,
        "float: .*lost",
    ),
    "ad.tensor of a tensor": (recorded(lambda t: ad.tensor(t)), TypeError, r"tensor: .*already tracked.*detach"),
    # --- out=, where= and unknown arguments
    "out of a ufunc": (inside_grad(add_to_an_array_in_place), TypeError, r"np\.add: writing into `out`"),
    "ndarray += t": (inside_grad(add_with_an_operator), TypeError, r"np\.add: writing into `out`.*a = a \+ t"),
    "ndarray @= t": (inside_grad(multiply_with_an_operator), TypeError, r"np\.matmul: writing into `out`"),
    "ndarray += t in jvp": (inside_jvp(add_with_an_operator), TypeError, r"np\.add: writing into `out`"),
    "np.copyto": (recorded(lambda t: np.copyto(np.zeros(3), t)), TypeError, r"np\.copyto: cannot be differentiated"),
    "np.put": (recorded(lambda t: np.put(np.zeros(3), [0], t[0])), TypeError, r"np\.put: cannot be differentiated"),
    "np.add.at": (recorded(lambda t: np.add.at(np.zeros(3), [0], t[0])), TypeError, r"np\.add\.at: cannot be diff"),
    "a ufunc of another library": (
        recorded(np.frompyfunc(math.erf, 1, 1)),
        TypeError,
        "erf.*: has no derivative rule; got a traced value",
    ),
    "out of a function": (recorded(lambda t: np.sum(t, out=np.zeros(()))), TypeError, r"np\.sum: writing into `out`"),
    "out of another shape": (
        lambda: np.exp(X, out=leaf(1.0)),
        ValueError,
        r"an in-place operation cannot change the shape \(1,\); got \(3,\)",
    ),
    "where of a ufunc": (
        recorded(lambda t: np.exp(t, where=np.array([True, False, True]))),
        TypeError,
        r"np\.exp: `where` .*np\.where",
    ),
    "unknown argument": (
        recorded(lambda t: np.exp(t, signature="d->d")),
        TypeError,
        "does not know the argument `signature`",
    ),
    "casting": (recorded(lambda t: np.exp(t, casting="no")), TypeError, "does not know the argument `casting`"),
    "argument that NumPy does not know": (recorded(lambda t: np.exp(t, sign=1)), TypeError, "keyword argument 'sign'"),
    "derivative by a parameter": (
        recorded(lambda t: np.var(t, ddof=t[0])),
        TypeError,
        r"np\.var: .*`ddof`",
    ),
    "pad by a function": (
        recorded(lambda t: np.pad(t, 1, lambda *_: None)),
        TypeError,
        r"np\.pad: no derivative rule for a mode that is a function .*np\.concatenate",
    ),
    "a format of several numbers": (recorded(lambda t: f"{t:.3f}"), TypeError, r"format: .*shape \(3,\) and '\.3f'"),
    "a method of an ndarray": (recorded(lambda t: np.eye(3).dot(t)), TypeError, r"X @ t or np\.dot\(X, t\)"),
    "a cutoff that discards more than noise": (
        lambda: ad.grad(lambda a: np.sum(np.linalg.pinv(a, rcond=0.5)))(np.diag([1.0, 0.1])),
        ValueError,
        r"np\.linalg\.pinv: .*rounding errors; got 0\.1 beside 1\.",
    ),
    "traced pad value beside a constant": (
        recorded(lambda t: np.pad(X, 1, constant_values=t[0])),
        TypeError,
        LEAVES,
    ),
    # --- no rule
    "a NumPy function without rule": (
        recorded(lambda t: np.busday_count(t, t)),
        TypeError,
        r"np\.busday_count: .*; got a traced value",
    ),
    "an operation without rule": (recorded(without_a_rule), TypeError, r"without_a_rule: .*; got a traced value"),
    # --- kinds of input
    "grad of an int": (lambda: ad.grad(np.sin)(2), TypeError, r"grad: integers have no derivative; got 2 .*2\.0 for 2"),
    "grad of a bool": (lambda: ad.grad(np.sin)(True), TypeError, "grad: integers have no derivative; got True"),
    "grad of an int array": (lambda: ad.grad(np.sum)(np.arange(3)), TypeError, r"an array of int64.*astype\(float\)"),
    "vjp of an int array": (lambda: ad.vjp(np.sum, np.arange(3)), TypeError, "vjp: integers have no derivative"),
    "jvp of an int": (lambda: ad.jvp(np.sin, (2,), (1.0,)), TypeError, "jvp: integers have no derivative"),
    "jacobian of an int": (lambda: ad.jacobian(np.sin)(np.arange(3)), TypeError, "jacobian: integers have no deriv"),
    "hessian of an int": (lambda: ad.hessian(np.sum)(np.arange(3)), TypeError, "integers have no derivative"),
    "an int in a dict": (lambda: ad.grad(lambda p: p["a"])({"a": 1}), TypeError, r"grad: .*got 1 as argument 0\['a'\]"),
    "an int tensor with requires_grad": (
        lambda: ad.tensor([1, 2], requires_grad=True),
        TypeError,
        "tensor: integers have no derivative; .*int64",
    ),
    "requires_grad of an int tensor": (
        lambda: setattr(ad.tensor([1, 2]), "requires_grad", True),
        TypeError,
        "tensor: integers have no derivative",
    ),
    "grad of a string": (lambda: ad.grad(lambda _s: 1.0)("text"), TypeError, "grad: .* must be a float.*got str"),
    "grad of a stranger": (lambda: ad.grad(lambda _s: 1.0)(Stranger()), TypeError, "grad: .*got Stranger"),
    "grad of objects": (lambda: ad.grad(np.sum)(OBJECTS), TypeError, "grad: .* must be a float"),
    "tensor of strings": (lambda: ad.tensor(["a", "b"]), TypeError, "tensor: data must be numbers; got dtype <U1"),
    "tensor of objects": (lambda: ad.tensor(OBJECTS), TypeError, "tensor: data must be numbers; got dtype object"),
    "tensor of a masked array": (lambda: ad.tensor(MASKED), TypeError, "tensor: the mask would be lost"),
    "grad of a masked array": (lambda: ad.grad(np.sum)(MASKED), TypeError, "grad: .*got MaskedArray"),
    "grad of a matrix": (lambda: ad.grad(np.sum)(MATRIX), TypeError, "grad: .*got matrix"),
    "a masked operand": (recorded(lambda t: t * MASKED), TypeError, "mask.*; got a MaskedArray"),
    "a matrix operand": (recorded(lambda t: t[:2] * MATRIX), TypeError, "; got a matrix"),
    "a masked operand first": (recorded(lambda t: MASKED * t), TypeError, rf"mask|{LEAVES}"),
    "an operand of strings": (recorded(lambda t: t + "a"), TypeError, "."),
    # --- kinds and shapes of output
    "grad of a vector": (
        lambda: ad.grad(np.sin)(X),
        ValueError,
        r"grad: .*must return a scalar; got shape \(3,\)\. Reduce.*ad\.jacobian",
    ),
    "value_and_grad of a vector": (
        lambda: ad.value_and_grad(np.sin)(X),
        ValueError,
        "value_and_grad: .*must return a scalar",
    ),
    "grad of a tuple": (
        lambda: ad.grad(lambda x: (x, x))(1.0),
        TypeError,
        "grad: .*one number.*; got a tup",
    ),
    "grad of None": (lambda: ad.grad(lambda _x: None)(1.0), TypeError, "grad: .*must return one number.*; got a None"),
    "grad of a string result": (lambda: ad.grad(lambda _x: "a")(1.0), TypeError, "grad: .*must return"),
    "argnum of another kind": (lambda: ad.grad(np.sin, None)(1.0), TypeError, "grad: argnum is a whole number"),
    "check_grads in an unknown mode": (
        lambda: ad.check_grads(np.sin, 1.0, modes=["rev"]),
        ValueError,
        "check_grads: modes are",
    ),
    "check_grads of an int": (lambda: ad.check_grads(np.sin, 1), TypeError, "check_grads: integers have no derivative"),
    "a tensor as the data of an input": (
        lambda: with_tensor_data().backward(),
        TypeError,
        "backward: .*t.data.*was set to a tensor",
    ),
    "a recorded cotangent": (
        lambda: (leaf(1.0, 2.0) * 2.0).backward(leaf(1.0, 1.0)),
        TypeError,
        "backward: gradients are plain numbers",
    ),
    "grad of a complex result": (lambda: ad.grad(lambda x: x * 1j)(1.0), TypeError, "must return real numbers"),
    "elementwise_grad of a tuple": (
        lambda: ad.elementwise_grad(lambda x: (np.sin(x), np.cos(x)))(X),
        TypeError,
        "elementwise_grad: .*must return one number or array; got a tuple",
    ),
    "elementwise_grad of truth values": (
        lambda: ad.elementwise_grad(lambda x: x > 0)(X),
        TypeError,
        "must return real numbers; got dtype bool",
    ),
    "grad of a truth value": (
        lambda: ad.grad(lambda x: np.allclose(x, x))(X),
        TypeError,
        "must return real numbers; got dtype bool",
    ),
    "Tensor of a list": (lambda: ad.Tensor([1.0, 2.0]), TypeError, "Tensor: .*got a list.*ad.tensor"),
    "a method that would leave the graph": (
        lambda: leaf(1.0).tobytes(),
        AttributeError,
        r"Tensor: .*numpy\(\).tob",
    ),
    "hvp with a vector of another structure": (
        lambda: ad.hvp(lambda p: p[0] * p[1])([1.0, 2.0], (1.0,)),
        ValueError,
        "hvp: the vector must have the structure",
    ),
    "hvp of a vector": (lambda: ad.hvp(np.sin)(X, X), ValueError, "must return a scalar"),
    "backward of a vector": (
        lambda: (leaf(1.0, 2.0) * 2.0).backward(),
        ValueError,
        r"backward: a gradient needs a scalar; got shape \(2,\)",
    ),
    "backward of a constant": (
        lambda: ad.tensor(1.0).backward(),
        ValueError,
        r"backward: nothing was recorded; .*requires_grad=True",
    ),
    "backward inside grad": (
        inside_grad(lambda x: np.sum(x).backward() or x),
        ValueError,
        "backward: .*transformation that is still running",
    ),
    "grad of an interior tensor": (
        lambda: setattr(leaf(1.0) * 2.0, "grad", 1.0),
        ValueError,
        "grad: only tensors made with requires_grad=True",
    ),
    # --- cotangents and tangents
    "cotangent of another shape": (
        pull_back(np.ones(2)),
        ValueError,
        r"pullback: the cotangent must have the shape .*\(3,\); got shape \(2,\)",
    ),
    "cotangent that would broadcast": (pull_back(1.0), ValueError, r"pullback: the cotangent .*; got shape \(\)"),
    "cotangent of another structure": (
        pull_back(X, lambda v: (v, v)),
        ValueError,
        "pullback: the cotangent must have the structure",
    ),
    "cotangent of another key": (
        pull_back({"b": X}, lambda v: {"a": v}),
        ValueError,
        "pullback: the cotangent must have the structure",
    ),
    "cotangent in a list": (pull_back([X, X], lambda v: (v, v)), ValueError, "must have the structure"),
    "complex cotangent": (pull_back(X * 1j), TypeError, "pullback: the cotangent must have the dtype .*complex128"),
    "cotangent of strings": (pull_back(np.array(["a"] * 3)), TypeError, "pullback: the cotangent must have the dtype"),
    "cotangent of backward": (
        lambda: (leaf(1.0, 2.0) * 2.0).backward([1.0]),
        ValueError,
        r"backward: the cotangent .*\(2,\); got shape \(1,\)",
    ),
    "tangent of another shape": (
        lambda: ad.jvp(np.sin, (X,), (np.ones(2),)),
        ValueError,
        r"jvp: the tangent .*\(3,\); got \(2,\)",
    ),
    "tangent of another structure": (
        lambda: ad.jvp(lambda p: p[0], ([X],), (X,)),
        ValueError,
        "jvp: tangents must have the structure",
    ),
    "complex tangent": (
        lambda: ad.jvp(np.sin, (X,), (X * 1j,)),
        TypeError,
        "jvp: the tangent .*dtype of its primal, float64; got complex128",
    ),
    "tangent of strings": (
        lambda: ad.jvp(np.sin, (X,), (np.array(["a"] * 3),)),
        TypeError,
        "jvp: the tangent .*dtype of its primal",
    ),
    "too few tangents": (
        lambda: ad.jvp(np.add, (X, X), (X,)),
        ValueError,
        "jvp: tangents must have the structure",
    ),
    "tangents without a tuple": (
        lambda: ad.jvp(np.sin, X, X),
        TypeError,
        r"jvp: primals and tangents must be tuples.*ndarray.*jvp\(f, \(x,\)",
    ),
    "vector of hvp": (lambda: ad.hvp(np.sum)(X, np.ones(2)), ValueError, r"tangent .*\(3,\); got \(2,\)"),
    "hvp without a vector": (lambda: ad.hvp(np.sum)(X), TypeError, r"hvp: needs .*got 1.*ad\.hvp\(f\)\(x, v\)"),
    "dual number of two shapes": (lambda: ad.Dual(X, 1.0), ValueError, r"Dual: .*one shape; got \(3,\) and \(\)"),
    "dual number of a string": (lambda: ad.Dual("a", "b"), TypeError, "Dual: .*must be a float"),
    # --- options of the transformations
    "argnum out of range": (
        lambda: ad.grad(np.sin, 1)(1.0),
        ValueError,
        r"grad: argnum counts .*; got argnum=1 with 1 of them",
    ),
    "negative argnum out of range": (lambda: ad.grad(np.add, -3)(1.0, 2.0), ValueError, "grad: argnum .*argnum=-3"),
    "argnum in a tuple": (lambda: ad.grad(np.add, (0, 2))(1.0, 2.0), ValueError, r"argnum=\(0, 2\) with 2"),
    "argnum that is no number": (lambda: ad.grad(np.sin, "x")(1.0), TypeError, "grad: argnum .*'x'"),
    "argnum twice": (lambda: ad.grad(np.add, (0, 0))(1.0, 2.0), ValueError, r"grad: argnum .*\(0, 0\)"),
    "argnum of jacobian": (lambda: ad.jacobian(np.sin, 2)(1.0), ValueError, "jacobian: argnum counts"),
    "argnum of hvp": (lambda: ad.hvp(np.sin, 2)(1.0, 1.0), ValueError, "hvp: argnum counts"),
    "mode of jacobian": (
        lambda: ad.jacobian(np.sin, mode="sideways"),
        ValueError,
        r"jacobian: mode is one of .*; got .sideways.\. Choose",
    ),
    # --- assignment
    "in-place update to another shape": (
        lambda: grow(leaf(1.0, 2.0, 3.0)),
        ValueError,
        r"Tensor: .*cannot change the shape \(3,\); got \(2, 3\)",
    ),
    "an inner value into an outer tensor": (
        inside_grad(store_of_lower_level),
        ValueError,
        "tensor: a value of an inner transformation",
    ),
    "in-place update to another dtype": (
        lambda: ad.tensor([1, 2]).__iadd__(1.5),
        TypeError,
        "Tensor: .*cannot change the dtype int64; got float64",
    ),
    "a traced value into a tensor of integers": (
        inside_grad(lambda x: ad.tensor([0, 0, 0]).__setitem__(0, x[0]) or np.sum(x)),
        TypeError,
        r"tensor: a traced value would be cut to an integer; got float64 into int64.*dtype=float",
    ),
    # --- containers of scalars
    "len of a scalar": (lambda: len(ad.tensor(1.0)), TypeError, r"len: a scalar has no length; got shape \(\)"),
    "iterating over a scalar": (lambda: list(ad.tensor(1.0)), TypeError, "iter: a scalar cannot be iterated over"),
    "mT of a vector": (lambda: leaf(1.0).mT, ValueError, r"mT: needs at least two axes; got shape \(1,\)"),
    "copy of a computed tensor": (
        lambda: __import__("copy").deepcopy(leaf(1.0) * 2.0),
        TypeError,
        r"copy, pickle: .*t\.detach\(\)",
    ),
    # --- what NumPy and Python refuse themselves, as they do
    "shapes that do not broadcast": (recorded(lambda t: t + np.ones(2)), ValueError, "could not be broadcast together"),
    "index out of range": (recorded(lambda t: t[5]), IndexError, "out of bounds"),
}
BY_NUMPY = {
    "argument that NumPy does not know",
    "shapes that do not broadcast",
    "index out of range",
    "an operand of strings",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(name):
    action, kind, pattern = REFUSALS[name]
    with pytest.raises(kind, match=f"(?s){pattern}") as caught:
        action()
    if name not in BY_NUMPY:
        assert type(caught.value) is kind
        assert SHAPE.match(str(caught.value)), str(caught.value)


def test_storing_a_number_into_an_ndarray():
    """For `a[i] = t` NumPy raises a message of its own; ours is its cause."""
    for transform in (inside_grad(store), inside_jvp(store)):
        with pytest.raises((TypeError, ValueError)) as caught:
            transform()
        cause = caught.value.__cause__ or caught.value
        assert LEAVES in str(cause)
        assert SHAPE.match(str(cause))


def test_what_is_allowed_beside_the_refusals():
    """The explicit ways out, and constants, are not refused."""
    t = leaf(1.0, 2.0)
    assert float(t[0].detach()) == 1.0 and t[0].item() == 1.0
    np.testing.assert_array_equal(np.asarray(t.detach()), t.numpy())
    np.testing.assert_array_equal(np.array([ad.tensor(1.0), ad.tensor(2.0)]), [1.0, 2.0])
    assert math.sin(ad.tensor(1.0)) == math.sin(1.0)
    with ad.no_grad():
        assert float(t[1]) == 2.0
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(x))(X), np.ones(3))
    assert ad.grad(lambda _x: 7.0)(1.0) == 0.0  # independent of its input: zero is right, and no warning
    np.testing.assert_array_equal(ad.grad(lambda x, n: np.sum(x) * n)(X, 3), [3.0, 3.0, 3.0])  # int beside x
    assert ad.grad(lambda x, kind: x if kind == "a" else 2 * x)(1.0, "b") == 2.0
    objects = np.array([1.0, 2.0, 3.0], object)  # an operand of Python numbers: slow, and right
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(x * objects))(X), X)
    pull_back(np.ones(3, np.float32))()  # a cotangent of the same kind is converted


def test_every_refusal_of_a_numpy_function_has_the_shape():
    """The table of functions that are refused, each with its reason."""
    from autodiff.dispatch import RULES

    refused = [rule for rule in RULES.values() if rule.family == "refused"]
    assert refused
    for rule in refused:
        with pytest.raises(TypeError) as caught:
            rule.apply((leaf(1.0),), {})
        assert SHAPE.match(str(caught.value)), str(caught.value)
        assert str(caught.value).startswith(rule.name)
