"""Every public name of autograd is here, and every function of both gives the numbers of autograd, or better ones.

The rows are those of the table of operations. Where autograd raises, and where its numbers are wrong,
the witnesses of `test_cases`, which know nothing of either library, say that ours are right.
`python -m tests.test_autograd_table` prints the comparison.
"""

import importlib
import warnings

import numpy as np
import pytest

import autodiff as ad
import autodiff.numpy as adnp
from autodiff.operands import full_name
from autodiff.tree import flatten
from tests.cases import all_cases

autograd = pytest.importorskip("autograd")

WRONG_IN_AUTOGRAD = {
    "np.tile along the last axis": "the cotangent of repeats along one axis is put in the wrong order",
    "np.sum where": "entries that are left out get a derivative",
    "np.mean where": "entries that are left out get a derivative, and the others that of a mean of all",
    "np.prod where": "entries that are left out get a derivative",
    "np.prod at zeros": "NaN, by dividing by the zeros",
    "np.var with a correction": "`correction` is not read",
    "det of a singular matrix": "the second derivative, by the inverse of a matrix that has none",
    "norm inf": "NaN",
}

NOT_OURS = {
    # what autograd is made of inside, and what its modules import for themselves
    "autograd": {"util"},
    "autograd.numpy": {
        "Box", "array_from_args", "builtins", "c_class", "concatenate_args", "custom_where", "metadata",
        "notrace_functions", "notrace_primitive", "numpy_jvps", "numpy_version", "numpy_vspaces", "numpy_wrapper",
        "parse_einsum_input", "primitive", "r_class", "warnings", "wrap_if_boxes_inside", "wrap_intdtype",
        "wrap_namespace", "numpy_boxes", "numpy_vjps",
    },
    "autograd.extend": {"JVPNode", "SparseObject", "VJPNode", "register_notrace"},
    "autograd.test_util": {"EPS", "RTOL", "TOL", "get_name", "make_jvp", "make_numerical_jvp", "make_vjp",
                           "unary_to_nary"},
    "autograd.misc": set(),
    "autograd.misc.flatten": {"make_vjp", "type"},
    "autograd.misc.optimizers": {"wraps"},
    "autograd.misc.fixed_points": {"fixed_point_vjp", "make_vjp", "tuple", "vspace"},
    "autograd.differential_operators": {
        "OrderedDict", "atuple", "defvjp_argnum", "primitive", "unary_to_nary", "vspace", "warnings",
    },
}  # fmt: skip


def counterpart(function, namespace):
    """Return the function of the same name in another NumPy namespace, or None."""
    first, *path = full_name(function).split(".")
    for part in path if first == "np" else ["?"]:
        namespace = getattr(namespace, part, None)
    return namespace if callable(namespace) and not isinstance(namespace, type) else None


ROWS = [case for case in all_cases() if counterpart(case.function, autograd.numpy) is not None]


def numbers(case, library, numpy):
    """Return value, gradient and second derivatives along a direction of Σ w f, by one of the libraries."""
    function = counterpart(case.function, numpy)
    rng = np.random.default_rng(3)
    arrays = [np.asarray(a.draw(rng, (2, 3) if a.shape is None else a.shape))[()] for a in case.arrays]

    def loss(*arrays):
        leaves = list(case.leaves)
        for place, array in zip(case.places, arrays, strict=True):
            leaves[place] = array
        args, kwargs = case.structure.unflatten(leaves)
        y = function(*args, **kwargs)
        weights = np.random.default_rng(1)
        total = 0.0
        for part in list(y) if isinstance(y, (tuple, list)) else [y]:
            total = total + numpy.sum(part * weights.standard_normal(numpy.shape(part)))
        return total

    gradient = library.grad(loss, tuple(case.chosen))
    result = [loss(*arrays), gradient(*arrays)]
    if case.second_order:
        vs = [rng.standard_normal(np.shape(arrays[i])) for i in case.chosen]
        along = library.grad(
            lambda *xs: sum(numpy.sum(g * v) for g, v in zip(gradient(*xs), vs, strict=True)), tuple(case.chosen)
        )
        result.append(along(*arrays))
    return flatten(result)[0]


def compare(case):
    """Return "agrees", "differs", or what autograd raises."""
    ours = numbers(case, ad, adnp)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = numbers(case, autograd, autograd.numpy)
    except Exception as error:  # whatever it raises is its entry in the table
        return f"{type(error).__name__}: {error}"
    same = all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )
    return "agrees" if same else "differs"


@pytest.mark.parametrize("case", ROWS, ids=repr)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_the_numbers_are_those_of_autograd_or_it_is_known_to_be_wrong(case):
    assert compare(case) != "differs" or case.name in WRONG_IN_AUTOGRAD


def test_there_are_enough_that_agree():
    assert sum(compare(case) == "agrees" for case in ROWS) >= 200


@pytest.mark.parametrize("name", NOT_OURS)
def test_every_public_name_is_here(name):
    theirs = importlib.import_module(name)
    ours = importlib.import_module(name.replace("autograd", "autodiff"))
    missing = {n for n in vars(theirs) if not n.startswith("_") and not hasattr(ours, n)}
    assert missing <= NOT_OURS[name]


def test_every_transformation_is_here():
    for name in autograd.differential_operators.__dict__.keys() & vars(autograd).keys():
        if not name.startswith("_") and callable(vars(autograd)[name]):
            assert callable(getattr(ad, name))


if __name__ == "__main__":
    found = {case.name: compare(case) for case in ROWS}
    print(f"{len(found)} rows: {sum(v == 'agrees' for v in found.values())} agree")
    for row, verdict in found.items():
        if verdict == "differs":
            print(f"  autograd is wrong  {row}: {WRONG_IN_AUTOGRAD.get(row, '?')}")
    for row, verdict in found.items():
        if verdict not in ("agrees", "differs"):
            print(f"  autograd raises    {row}: {verdict}")
