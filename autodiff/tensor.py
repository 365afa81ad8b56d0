"""The tensor: an array, and how it came to be.

A `Tensor` is a value and, where it depends on a differentiable input, a `Node`. Nodes never
hold tensors, so that a value nobody reads is freed at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff import anomaly
from autodiff.arraylike import ArrayLike
from autodiff.assignment import index_update, note_if_view
from autodiff.boundary import as_cotangent, check_differentiable, one_like
from autodiff.dispatch import LEAF_LEVEL, MODE
from autodiff.operands import PLAIN, TRACED, Spec, is_inexact, value_of
from autodiff.primitives import KEEP_ONE, SPEC_ONE, Primitive
from autodiff.residuals import SCALARS, frozen, kept, rebuild, unchanging
from autodiff.tape import Leaf, Node, Output, backpropagate

ndarray = np.ndarray
float64 = np.float64


class Tensor(ArrayLike):
    """An array, and how it came to be.

    Make one with `ad.tensor`; NumPy's functions, operators and methods work on it.
    Attributes: `data` (ndarray or NumPy scalar), `grad`, `name`, `shape`, `dtype`.
    """

    __slots__ = ("__weakref__", "_leaf", "_name", "_origin", "_views", "data", "level", "node")

    def __init__(self, data: Any, node: Any = None, level: int = LEAF_LEVEL) -> None:
        if node is None and data.__class__ not in PLAIN and data.__class__ not in TRACED:
            raise TypeError(
                f"Tensor: holds an array or a number; got a {type(data).__name__}. "
                "Write ad.tensor(data), which converts."
            )
        self.data = data
        self.node = node
        self.level = level

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        TENSORS.add(cls)

    @staticmethod
    def process(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping) -> Any:
        """Evaluate, and record a node if any operand depends on an input of this level."""
        mode = MODE.get()
        if mode is not None and mode.recorder is not None and level < mode.recorder.level:
            return mode.recorder.process(primitive, level, args, kwargs)
        if mode is not None or len(args) != 1:
            if mode is None and len(args) == 2:
                return _record_two(primitive, level, args[0], args[1], kwargs)
            return _record_any(primitive, level, args, kwargs, mode)
        # What follows does the same for one operand, by far the most frequent call, in fewer steps.
        (operand,) = args
        x = operand.data
        parent = operand.node
        function = primitive.raw if x.__class__ in PLAIN else primitive.function
        y = function(x, **kwargs) if kwargs else function(x)
        kind = y.__class__
        active, keeps_y, codes, _ = primitive.plans.get(FIRST) or primitive.plan(FIRST)
        if parent is None or not active:
            result = wrap(y, level)
        else:
            if kind is ndarray and (primitive.fresh or y is not x):
                y.setflags(False)
            elif kind is not ndarray and kind not in PLAIN:
                _seal(y, (x,))
            kept_y = y if kind in SCALARS else frozen(y) if keeps_y else None
            if codes is KEEP_ONE:
                kept_x: Sequence = (x if x.__class__ in SCALARS else frozen(x),)
            elif codes is SPEC_ONE and x.__class__ is ndarray:
                kept_x = (Spec(x.shape, x.dtype),)
            else:
                kept_x = kept(codes, y, (x,))
            node = Node(primitive, FIRST, (parent,), kept_y, kept_x, kwargs and unchanging(kwargs))
            result = Tensor(y, node, level) if kind in PLAIN else _tensors(y, node, level)
        if kind is not float64 and primitive.view is not None:
            note_if_view(result, y, operand, x, primitive, kwargs)
        return result

    # --- what a person reads -------------------------------------------------------

    @property
    def payload(self) -> Any:
        return self.data

    @property
    def leaf(self) -> Leaf | None:
        """The differentiable input that this tensor object was made as, if it was."""
        return getattr(self, "_leaf", None)

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted and self.node is None:
            check_differentiable("tensor", self.data, "data")
            self.data = np.array(self.data)  # an own, writable array: an input can be updated in place
            self._leaf: Any = Leaf(self)
            self._leaf.label = self.name
            self.node = self._leaf
        elif not wanted:
            self.node = self._leaf = None

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has accumulated here; None before, and on interior tensors."""
        leaf = getattr(self, "_leaf", None)
        return None if leaf is None else leaf.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if self.leaf is None:
            raise ValueError(
                "grad: only tensors made with requires_grad=True hold a gradient; got an interior or constant "
                "tensor. Use ad.grad or ad.vjp for the derivative with respect to an intermediate value."
            )
        if value is not None and value is not self.leaf.buffer:
            value = np.array(value, self.dtype).reshape(self.shape)
        self.leaf.grad = value

    @property
    def grad_buffer(self) -> np.ndarray | None:
        """Where `backward` puts the gradient of this input: an array of its shape and dtype, or None for a new one."""
        return self.leaf.buffer if self.leaf is not None else None

    @grad_buffer.setter
    def grad_buffer(self, buffer: np.ndarray | None) -> None:
        if self.leaf is None:
            raise ValueError(
                "grad_buffer: only tensors made with requires_grad=True hold a gradient; got an interior or constant "
                "tensor. Set it on the input."
            )
        if buffer is not None and (buffer.shape, buffer.dtype) != (self.shape, self.dtype):
            raise ValueError(
                f"grad_buffer: must have the shape {self.shape} and dtype {self.dtype} of the tensor; "
                f"got {buffer.shape} and {buffer.dtype}. Make it with np.empty_like(t.data)."
            )
        self.leaf.buffer = buffer

    @property
    def name(self) -> str | None:
        return getattr(self, "_name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name
        if self.node is not None:
            self.node.label = name

    def zero_grad(self) -> None:
        """Forget the gradient (set it to None)."""
        if self.leaf is not None:
            self.leaf.grad = None

    def detach(self) -> Any:
        """Return the value as a tensor that records nothing; while a program is recorded, as its record."""
        value = value_of(self.data)
        return value if value.__class__ in TRACED else tensor(value)

    def _is_recorded(self) -> bool:
        mode = MODE.get()
        if self.node is not None and (mode is None or mode.paused < self.level):
            return True
        return self.data.__class__ in TRACED and self.data._is_recorded()

    def snapshot(self) -> Tensor:
        """Return this value as a tensor that no assignment changes."""
        return Tensor(frozen(self.data), self.node, self.level)

    def __reduce__(self) -> tuple:
        if (self.node is not None and self.node is not self.leaf) or self.data.__class__ in TRACED:
            raise TypeError(
                "copy, pickle: only inputs and constants can be copied; got a tensor that was computed. "
                "Copy its numbers with t.detach() or t.numpy(), or use t itself."
            )
        return _restored, (type(self), self.data, self.requires_grad, self.name, self.grad)

    def __setitem__(self, index: Any, value: Any) -> None:
        if value.__class__ in TRACED and is_inexact(value.dtype) and not is_inexact(self.dtype):
            raise TypeError(
                f"tensor: a traced value would be cut to an integer; got {value.dtype} into {self.dtype}. "
                "Make the tensor with floats: ad.tensor(data, dtype=float)."
            )
        target = self.data if self.node is None else self  # of a constant only the numbers are needed
        self._write(index_update(target, value, index=index))

    def _assign(self, value: Any) -> None:
        """Become `value`, as `t[i] = v` and `t += v` ask; earlier uses keep the old value."""
        if value.__class__ not in TENSORS and value.__class__ in TRACED and value.level > self.level:
            value = Tensor(value, None, value.level + 1)  # a constant of an inner level, which nobody else has
        elif value.__class__ not in TENSORS or value.level < self.level:
            value = Tensor(value, None, self.level)
        if value.level > self.level and self.node is None:
            self.level = value.level  # a constant may become a value of an inner transformation
        if value.level > self.level:
            raise ValueError(
                "tensor: a value of an inner transformation would be stored in a tensor of an outer one; "
                f"got level {value.level} into level {self.level}. Build a new array inside the inner function."
            )
        if self.leaf is not None and self.node is self.leaf and not self._is_recorded():
            self.data[...] = value.data  # an update of a parameter: same memory, still an input
            return
        self._become(value)
        self._refresh_views()

    def _become(self, value: Tensor) -> None:
        self.data = value.data
        self.node = value.node
        self.level = value.level

    def backward(self, cotangent: Any = None) -> None:
        """Add the derivative of this tensor to `.grad` of every input it depends on.

        Parameters
        ----------
        cotangent : array_like, optional
            Shape of this tensor; the derivative of the final result with respect to it.
            May be left out for a scalar, where it is 1.

        Raises
        ------
        ValueError
            If nothing was recorded, the tensor is no scalar and no cotangent is given, or
            the cotangent has another shape.

        Examples
        --------
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        array([2., 4.])
        """
        if self.level != LEAF_LEVEL:
            raise ValueError(
                "backward: this tensor belongs to a transformation that is still running; "
                "got a value inside grad, vjp or jvp. Return it, and let the transformation differentiate."
            )
        if self.node is None:
            raise ValueError(
                "backward: nothing was recorded; got a tensor that depends on no input with requires_grad=True. "
                "Make the inputs with ad.tensor(data, requires_grad=True), outside ad.no_grad()."
            )
        if cotangent is None:
            if self.data.__class__ not in SCALARS and self.size != 1:
                raise ValueError(
                    f"backward: a gradient needs a scalar; got shape {self.shape}. "
                    "Reduce it first (loss.mean()), or pass the cotangent: t.backward(np.ones(t.shape))."
                )
            if self.data.__class__ is not float64 and self.dtype.kind == "c":
                raise TypeError(
                    f"backward: a gradient needs a real number; got dtype {self.dtype}. "
                    "Take np.real(t) or np.abs(t) first, or pass the cotangent."
                )
            cotangent = one_like(self.data)
        else:
            cotangent = as_cotangent("backward", cotangent, self.data)
            if cotangent.__class__ in TRACED:
                raise TypeError(
                    "backward: gradients are plain numbers; got a cotangent that is itself being differentiated. "
                    "Use ad.vjp for derivatives of derivatives, or pass cotangent.detach()."
                )
        for leaf, ct in backpropagate([self.node], [cotangent]).items():
            leaf.accumulate(ct)


TENSORS: set[Any] = {Tensor}


DOUBLES = {np.float64, float, int}
FIRST, SECOND, BOTH = (0,), (1,), (0, 1)


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Return a tensor holding a copy of `data`.

    Parameters
    ----------
    data : array_like
        Numbers, of any shape. Floats become float64; float32 arrays stay float32.
    dtype : dtype, optional
        As in `np.array`.
    requires_grad : bool
        Whether to record what is done with it, for `backward`.
    name : str, optional
        Shown in pictures and tables.

    Raises
    ------
    TypeError
        For data that are not numbers, or integers with `requires_grad`.

    Examples
    --------
    >>> w = tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> np.exp(w).sum()
    tensor(10.107337927389695, requires_grad=True)
    """
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("tensor: the mask would be lost; got a MaskedArray. Write data.filled(value), or np.where.")
    if data.__class__ in TRACED:
        raise TypeError(
            f"tensor: the value is already tracked and a copy would leave the graph; got a {type(data).__name__}. "
            "Use it as it is, or copy its numbers with data.detach() or data.numpy()."
        )
    value = np.array(data, dtype=dtype)
    if value.dtype.kind not in "biufc":
        raise TypeError(f"tensor: data must be numbers; got dtype {value.dtype}. Convert them first.")
    value.setflags(write=False)
    result = Tensor(value)
    if name is not None:
        result.name = name
    if requires_grad:
        result.requires_grad = True
    return result


def _restored(kind: type, data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    """Return a copy of an input or constant; as an input it is one of its own."""
    result: Tensor = object.__new__(kind)
    Tensor.__init__(result, data)
    if name is not None:
        result.name = name
    if requires_grad:
        result.requires_grad = True
        result.grad = grad
    return result


# --- recording: `_record_any` is the whole of it; `_record_two` is quicker for two operands -------------


def _record_two(primitive: Primitive, level: int, a: Any, b: Any, kwargs: Mapping) -> Any:
    node_a = node_b = None
    if a.__class__ in TENSORS and a.level == level:
        node_a = a.node
        a = a.data
    if b.__class__ in TENSORS and b.level == level:
        node_b = b.node
        b = b.data
    if kwargs:
        y = primitive.function(a, b, **kwargs)
    elif primitive.operator is not None and are_scalars(a, b):
        y = primitive.operator(a, b)
    else:
        y = primitive.function(a, b)
    if node_a is None:
        if node_b is None:
            return wrap(y, level)
        return _finish(primitive, level, y, (a, b), SECOND, (node_b,), kwargs)
    if node_b is None:
        return _finish(primitive, level, y, (a, b), FIRST, (node_a,), kwargs)
    return _finish(primitive, level, y, (a, b), BOTH, (node_a, node_b), kwargs)


def _record_any(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping, mode: Any) -> Any:
    values: list = []
    argnums: tuple[int, ...] = ()
    parents: list = []
    for i, arg in enumerate(args):
        if arg.__class__ in TENSORS and arg.level == level:
            values.append(arg.data)
            if arg.node is not None:
                argnums += (i,)
                parents.append(arg.node)
        else:
            values.append(arg)
    y = primitive.function(*values, **kwargs)
    if mode is not None:
        if mode.paused >= level:
            argnums = ()
        if mode.anomaly:
            anomaly.check_value(primitive, values, y)
    result = _finish(primitive, level, y, values, argnums, parents, kwargs) if argnums else wrap(y, level)
    if primitive.view is not None:
        note_if_view(result, y, args[0], values[0], primitive, kwargs)
    if argnums and mode is not None and mode.recorder is not None and result.__class__ in TENSORS and result.node:
        mode.recorder.note_value(result.node, y)
    if argnums and mode is not None and mode.anomaly:
        for output in result if isinstance(result, (tuple, list)) else [result]:
            node = output.node.parent if output.node.__class__ is Output else output.node
            if node is not None:
                node.origin = anomaly.user_line()
    return result


def _finish(
    primitive: Primitive,
    level: int,
    y: Any,
    values: Sequence,
    argnums: tuple[int, ...],
    parents: Sequence,
    kwargs: Mapping,
) -> Any:
    """Return the value `y` as a tensor whose node keeps what the rules for `argnums` will read."""
    active, keeps_y, codes, partial = primitive.plans.get(argnums) or primitive.plan(argnums)
    if partial:
        parents = [p for i, p in zip(argnums, parents, strict=True) if i in active]
        if not parents:
            return wrap(y, level)
    kind = y.__class__
    if kind is ndarray and (primitive.fresh or not any(y is v for v in values)):
        y.setflags(False)  # the rules may keep it: nobody shall change it
    elif kind is not ndarray and kind not in PLAIN:
        _seal(y, values)
    kept_y = y if kind in SCALARS else frozen(y) if keeps_y else None  # a number costs nothing: for pictures
    node = Node(primitive, active, parents, kept_y, kept(codes, y, values), kwargs and unchanging(kwargs))
    return Tensor(y, node, level) if kind in PLAIN else _tensors(y, node, level)


def _seal(outputs: Any, values: Sequence) -> None:
    """Make each of several outputs read-only, so that the rules keep it itself and no copy."""
    for y in outputs if isinstance(outputs, (tuple, list)) else ():
        if y.__class__ is ndarray and not any(y is v for v in values):
            y.setflags(write=False)


def _tensors(y: Any, node: Node, level: int) -> Any:
    """Return the result of an operation, or each of its several results, as tensors with this node."""
    if isinstance(y, (tuple, list)):
        return rebuild(y, [Tensor(v, Output(node, k, len(y)), level) for k, v in enumerate(y)])
    return Tensor(y, node, level)


def are_scalars(a: Any, b: Any) -> bool:
    """Tell whether two numbers make a float64 by Python's operators as they do by NumPy's functions."""
    kind = a.__class__
    if kind is np.float64:
        return b.__class__ in DOUBLES
    return b.__class__ is np.float64 and kind in DOUBLES


def wrap(y: Any, level: int) -> Any:
    """Return `y`, or each of several outputs, as tensors that depend on nothing."""
    if isinstance(y, (tuple, list)):
        return rebuild(y, [Tensor(v, None, level) for v in y])
    return Tensor(y, None, level)
