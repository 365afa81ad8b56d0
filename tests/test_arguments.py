"""The checks of numbers, switches, seeds and dtypes that all of nn shares."""

import math

import numpy as np
import pytest

import nn
from nn import arguments, init


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (lambda v: arguments.integer("f", "n", v, 1), np.int8(3), 3),
        (lambda v: arguments.number("f", "x", v), np.float32(0.5), 0.5),
        (lambda v: arguments.positive("f", "x", v), 2, 2.0),
        (lambda v: arguments.not_negative("f", "x", v), 0, 0.0),
        (lambda v: arguments.between("f", "x", v, 0.0, math.inf), math.inf, math.inf),
        (lambda v: arguments.flag("f", "x", v), np.True_, True),
        (lambda v: arguments.positive_shape("f", "x", v), [np.int64(2), 3], (2, 3)),
        (lambda v: arguments.float_dtype("f", v), "float32", np.dtype("f4")),
    ],
)
def test_what_comes_back_is_pythons(check, value, expected):
    result = check(value)
    assert result == expected and type(result) is type(expected)


def test_a_seed_and_its_generator_give_the_same_draws():
    assert arguments.generator("f", 3).random() == np.random.default_rng(3).random()
    source = np.random.default_rng(3)
    assert arguments.generator("f", source) is source


@pytest.mark.parametrize(
    ("check", "kind", "message"),
    [
        (
            lambda: arguments.integer("f", "n", True),
            TypeError,
            r"^f: n must be an integer; got bool True\. Pass an int\.$",
        ),
        (lambda: arguments.integer("f", "n", np.ones(2)), TypeError, "n must be an integer; got ndarray"),
        (
            lambda: arguments.integer("f", "n", 0, 1),
            ValueError,
            r"^f: n must be at least 1; got 0\. Pass an int ≥ 1\.$",
        ),
        (lambda: arguments.number("f", "x", "1"), TypeError, r"^f: x must be a number; got str '1'\. Pass a float\.$"),
        (lambda: arguments.number("f", "x", np.nan), ValueError, r"^f: x must be finite; got nan\. Pass a finite"),
        (lambda: arguments.positive("f", "x", 0.0), ValueError, r"^f: x must be positive; got 0\.0\. Pass"),
        (lambda: arguments.not_negative("f", "x", -1), ValueError, r"^f: x must not be negative; got -1\.0\. Pass"),
        (lambda: arguments.between("f", "x", np.nan, 0, 1), ValueError, r"^f: x must lie in \[0, 1\]; got nan\. Pass"),
        (lambda: arguments.flag("f", "x", 1), TypeError, r"^f: x must be True or False; got int 1\. Pass a bool\.$"),
        (lambda: arguments.positive_shape("f", "x", ()), ValueError, r"x must have at least one axis; got \(\)"),
    ],
)
def test_refusals(check, kind, message):
    with pytest.raises(kind, match=message):
        check()


MADE_BY_CHANCE = {
    "Linear": lambda **options: nn.Linear(2, 3, **options),
    "Conv1d": lambda **options: nn.Conv1d(2, 3, 1, **options),
    "Conv2d": lambda **options: nn.Conv2d(2, 3, 1, **options),
    "Embedding": lambda **options: nn.Embedding(2, 3, **options),
    "Highway": lambda **options: nn.Highway(2, **options),
}


@pytest.mark.parametrize("name", MADE_BY_CHANCE)
def test_layers_refuse_sources_of_chance_and_dtypes_by_name(name):
    make = MADE_BY_CHANCE[name]
    with pytest.raises(TypeError, match=f"^{name}: rng must be a numpy.random.Generator or an integer seed; got str"):
        make(rng="0")
    with pytest.raises(ValueError, match=f"^{name}: a seed must not be negative; got -1"):
        make(rng=-1)
    with pytest.raises(TypeError, match="dtype must be one of floats; got <class 'int'>"):
        make(dtype=int)
    with pytest.raises(TypeError, match="dtype must be one of floats; got 'foo'"):
        make(dtype="foo")


@pytest.mark.parametrize("layer", [nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm])
def test_normalisations_refuse_dtypes_by_name(layer):
    with pytest.raises(TypeError, match=f"^{layer.__name__}: dtype must be one of floats; got 'int8'"):
        layer(3, dtype="int8")


@pytest.mark.parametrize(
    "fill",
    [init.uniform_, init.normal_, init.trunc_normal_, init.xavier_normal_, init.kaiming_uniform_, init.orthogonal_],
)
def test_initialisers_refuse_sources_of_chance_by_name(fill):
    with pytest.raises(TypeError, match=f"^{fill.__name__}: rng must be a numpy.random.Generator"):
        fill(np.ones((2, 3)), rng="0")


def test_dropout_refuses_sources_of_chance():
    with pytest.raises(TypeError, match=r"^Dropout: rng must be"):
        nn.Dropout(rng="0")
    with pytest.raises(TypeError, match=r"^dropout: rng must be"):
        nn.functional.dropout(np.ones(3), rng="0")


def test_a_layer_of_true_features_is_refused():
    with pytest.raises(TypeError, match=r"^Linear: in_features must be an integer; got bool True"):
        nn.Linear(True, 1)
