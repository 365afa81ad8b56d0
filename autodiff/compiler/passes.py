"""Passes over a program: fewer steps, the same bits.

Each takes a `Program` and changes it in place; each is one idea.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.assignment import astype, index_update
from autodiff.compiler.buffers import is_random
from autodiff.compiler.steps import STEPS, Program, Step
from autodiff.operands import dtype_of, map_nested
from autodiff.rules.indexing import select
from autodiff.rules.joining import joined
from autodiff.rules.linear import filled

# What NumPy makes of array ** number.
POWERS = {1: np.positive, 2: np.square, 0.5: np.sqrt, -1: np.reciprocal}


def optimize(program: Program) -> Program:
    """Return the program after all passes."""
    for one_pass in PASSES:
        one_pass(program)
    program.check()
    return program


def name_powers(program: Program) -> None:
    """Write x ** 2 as np.square(x), and so on: what NumPy does by itself, but into given memory."""
    for step in program.steps:
        x: Any = step.operands[0] if step.operands else None
        # of complex numbers and integers, what NumPy does depends on its version and on how the exponent is written
        if step.function is power.implementation and step.is_array and x.dtype.kind == "f" and x.dtype == step.dtype:
            exponent = step.parameters["exponent"]
            function = POWERS.get(exponent)
            if function is not None:
                step.function, step.parameters = function, {}
            elif exponent != 0:
                step.function, step.operands, step.parameters = np.power, [*step.operands, exponent], {}


def name_sums(program: Program) -> None:
    """Call np.add.reduce for np.sum: what NumPy does by itself, after some thought."""
    for step in program.steps:
        options = {name: value for name, value in step.parameters.items() if value is not None and value is not False}
        if step.function is np.sum and set(options) <= {"axis", "keepdims"}:
            step.function, step.parameters = np.add.reduce, {"axis": None, **options}


def name_means(program: Program) -> None:
    """Write the mean of all entries as their sum over their number: what NumPy does by itself."""
    steps: list[Step] = []
    for step in program.steps:
        options = {name: value for name, value in step.parameters.items() if value is not None and value is not False}
        x: Any = step.operands[0] if step.operands else None
        many = isinstance(x, Step) and x.is_array and x.value.size
        if step.function is np.mean and not options and many and x.dtype.char in "fd":
            total = Step(np.add.reduce, [x], np.add.reduce(x.value, None), {"axis": None}, None, step.phase)
            steps.append(total)
            step.function, step.operands, step.parameters = np.divide, [total, x.value.size], {}
        steps.append(step)
    program.steps = steps


def name_products(program: Program) -> None:
    """Call np.dot for products of matrices: the same routine of the same library, with less ado."""
    for step in program.steps:
        if step.function is np.matmul and not step.parameters:
            a, b = map(_value, step.operands)
            fits = step.is_array and step.value.flags.c_contiguous and a.dtype == b.dtype and a.dtype.char in "fd"
            many = a.size > 1 or b.size > 1  # the product of two numbers may be -0 by one of them and 0 by the other
            if fits and many and a.ndim in (1, 2) and b.ndim == 2 and _is_dense(a) and _is_dense(b):
                step.function = np.dot


def _is_dense(x: np.ndarray) -> bool:
    """Tell whether a matrix lies in memory row after row or column after column, without gaps."""
    first, last = x.itemsize * x.shape[-1], x.itemsize * x.shape[0]
    return x.strides == (x.itemsize,) if x.ndim == 1 else x.strides in ((first, x.itemsize), (x.itemsize, last))


def drop_neutral(program: Program) -> None:
    """Leave out x · 1, x / 1, x - 0, +x, x[:], x.reshape(its own shape) and conversions to its own dtype."""
    by: dict[Step, Any] = {}
    weak = any(getattr(step.value, "dtype", None) in (np.float32, np.complex64) for step in program.everything)
    for step in program.steps:
        step.replace(by)
        same = _neutral(step)
        if same is not None and _is_alike(same.value, step.value, weak):
            by[step] = same
            if same.named_by is not None and not (same.named_by.label or same.named_by.adjoint_of):
                same.named_by = step.named_by
    program.steps = [step for step in program.steps if step not in by]
    program.replace(by)


def _is_alike(a: Any, b: Any, weak: bool = True) -> bool:
    """Tell whether two values of a kind lie in memory alike: else what is made of one has other last digits.

    `weak` says whether it matters that Python's floats take on the type of arrays they meet, and NumPy's do not.
    """
    if np.shape(a) != np.shape(b) or dtype_of(a) != dtype_of(b):
        return False
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return a.__class__ is b.__class__ or not (weak or isinstance(a, np.ndarray) or isinstance(b, np.ndarray))
    return all(n == 1 or s == t for n, s, t in zip(a.shape, a.strides, b.strides, strict=True))


def _neutral(step: Step) -> Step | None:
    """Return the operand that a step equals, if it does."""
    first, *rest = step.operands or [None]
    if step.function is np.multiply and not isinstance(first, Step) and _is_one(first):
        return rest[0]
    if not isinstance(first, Step):
        return None
    if step.function in (np.multiply, np.divide) and not isinstance(rest[0], Step) and _is_one(rest[0]):
        return first
    if step.function is np.subtract and not isinstance(rest[0], Step) and _is_positive_zero(rest[0]):
        return first
    if step.function is np.add and step.dtype.kind in "iu" and not isinstance(rest[0], Step) and not np.any(rest[0]):
        return first  # of floats, x + 0 makes 0 of -0
    if step.function in (np.positive, np.reshape, astype.implementation, np.broadcast_to):
        return first
    if step.function is getitem.implementation:
        index = step.parameters["index"]
        parts = index if isinstance(index, tuple) else (index,)
        return first if all(isinstance(part, slice) and part.step in (None, 1) for part in parts) else None
    if step.function is joined.implementation and not rest:
        return first
    return first if getattr(step.function, "__name__", "") in ("reshape", "reshaped") else None


def _is_positive_zero(x: Any) -> bool:
    return isinstance(x, (float, int, np.number, np.ndarray)) and not (np.any(x) or np.any(np.signbit(x)))


def _is_one(x: Any) -> bool:
    return isinstance(x, (float, int, np.number, np.ndarray)) and bool(np.all(np.equal(x, 1)))


FILLED = {np.broadcast_to, filled.implementation}
EXACT = {
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.less, np.less_equal, np.greater,
    np.greater_equal, np.equal, np.not_equal,
}  # fmt: skip
"""What gives the same bits however its operands are given to it."""


def skip_broadcasts(program: Program) -> None:
    """Give a ufunc the number itself where it was given an array filled with it, next to an array of full shape."""
    for step in program.steps:
        if step.function in EXACT and len(step.operands) == 2 and step.is_array:
            for i, operand in enumerate(step.operands):
                if np.shape(_value(step.operands[1 - i])) == step.shape:
                    _skip(step, i, _filled_with(operand))
        elif step.function is select.implementation and step.is_array:
            for i, operand in enumerate(step.operands):
                if not isinstance(operand, Step):
                    _skip(step, i, _filled_with(operand))
        elif step.function is index_update.implementation and not isinstance(step.operands[1], Step):
            _skip(step, 1, _filled_with(step.operands[1]))


def _filled_with(x: Any) -> Any:
    """Return what an array is filled with: a row, or a number, or itself."""
    if isinstance(x, Step):
        return x.operands[0] if x.function in FILLED else x
    if not isinstance(x, np.ndarray) or x.dtype.char not in "fdil" or x.size < 2:
        return x
    first = x[(0,) * x.ndim]
    return first.item() if np.all(x == first) and np.all(np.signbit(x) == np.signbit(first)) else x


def _skip(step: Step, i: int, inner: Any) -> None:
    """Put `inner` in the place of an operand if that gives the same array, in memory too."""
    if inner is step.operands[i]:
        return
    operands = [*step.operands[:i], inner, *step.operands[i + 1 :]]
    parameters = map_nested(_value, step.parameters, STEPS)
    with np.errstate(all="ignore"):
        value = step.function(*map(_value, operands), **parameters)  # type: ignore[misc]
    if _is_alike(value, step.value) and value.tobytes() == step.value.tobytes():
        step.operands = operands


def share_subexpressions(program: Program) -> None:
    """Compute each thing once."""
    seen: dict[Any, Step] = {}
    by: dict[Step, Any] = {}
    for step in program.steps:
        step.replace(by)
        key = _key([step.function, step.operands, step.parameters])
        if key in seen and not is_random(step) and not step.is_python_number:  # 1.0 - 0.9 may stand there twice
            by[step] = seen[key]
        else:
            seen[key] = step
    program.steps = [step for step in program.steps if step not in by]
    program.replace(by)


def _key(tree: Any) -> Any:
    """Return something hashable that is equal for equal calls."""
    if isinstance(tree, (list, tuple)):
        return (type(tree), *map(_key, tree))
    if isinstance(tree, dict):
        return tuple((name, _key(tree[name])) for name in sorted(tree))
    if isinstance(tree, (float, np.generic)):
        return type(tree), np.asarray(tree).tobytes()
    if isinstance(tree, slice):
        return slice, tree.start, tree.stop, tree.step
    if isinstance(tree, (int, str, bool, type(None), np.dtype, Step)) or callable(tree):
        return type(tree), tree
    return id(tree)


def drop_dead(program: Program) -> None:
    """Leave out what no result depends on."""
    needed = set(program.results)
    kept = []
    for step in reversed(program.steps):
        if step in needed or is_random(step):
            needed.update(step.uses)
            kept.append(step)
    program.steps = kept[::-1]


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Step) else x


PASSES: tuple[Callable[[Program], None], ...] = (
    drop_dead,
    name_powers,
    name_sums,
    name_means,
    name_products,
    drop_neutral,
    skip_broadcasts,
    share_subexpressions,
    drop_dead,
)
