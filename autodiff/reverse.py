"""Reverse mode: the tensor, its computation graph, and the pass back through it.

A `Tensor` is a value and, where it depends on a differentiable input, a `Node`: the
primitive that made it, the nodes of its operands, and the residuals that the primitive's
rule will read. Nodes never hold tensors, so that a value nobody reads is freed at once.

The backward pass applies the chain rule x̄ᵢ += Jᵢᵀ ȳ from the youngest node to the
oldest. Creation order is a topological order, so a heap of creation numbers is all the
sorting there is; nothing recurses, and interior adjoints live in the pass alone, which is
why `backward` may be called twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from autodiff import contexts
from autodiff.arraylike import ArrayLike, index_update
from autodiff.dispatch import (
    DROP,
    KEEP,
    KEEP_ONE,
    LEAF_LEVEL,
    LIKE,
    MODE,
    PLAIN,
    TRACED,
    Primitive,
    Spec,
    dtype_of,
    is_inexact,
    new_level,
    shape_of,
    spec_of,
    value_of,
)
from autodiff.tree import Structure, flatten

next_order = count(0, -1).__next__  # falling, so that the youngest node is a heap's smallest
ndarray = np.ndarray


class Node:
    """One recorded operation: what the backward pass needs of it and nothing else."""

    __slots__ = ("__weakref__", "args", "argnums", "kwargs", "order", "origin", "parents", "primitive", "y")

    def __init__(
        self,
        primitive: Primitive,
        argnums: tuple[int, ...],
        parents: Sequence,
        y: Any,
        args: Sequence,
        kwargs: Mapping,
    ) -> None:
        self.order = next_order()
        self.primitive = primitive
        self.argnums = argnums  # which operands the parents are
        self.parents = parents
        self.y = y  # residuals: the value, the operands, and the parameters
        self.args = args
        self.kwargs = kwargs


class Leaf:
    """A differentiable input. `grad` is filled by `Tensor.backward` alone."""

    __slots__ = ("__weakref__", "buffer", "grad", "order")

    def __init__(self) -> None:
        self.order = next_order()
        self.grad: Any = None
        self.buffer: np.ndarray | None = None  # where an optimiser wants the gradient put

    def accumulate(self, ct: Any) -> None:
        """Add `ct` to the gradient, which stays this leaf's own array."""
        if self.grad is not None:
            self.grad += ct
        elif self.buffer is not None:
            self.buffer[...] = ct
            self.grad = self.buffer
        else:
            self.grad = np.array(ct)


class Output:
    """One output of an operation that has several."""

    __slots__ = ("__weakref__", "index", "number", "order", "parent")

    def __init__(self, parent: Node, index: int, number: int) -> None:
        self.order = next_order()
        self.parent = parent
        self.index = index
        self.number = number


def frozen(x: Any) -> Any:
    """Return `x` if nobody can change it, else a snapshot that nobody can."""
    kind = x.__class__
    if kind is ndarray and x.base is None and not x.flags.writeable:
        return x
    if kind in TRACED:
        return x.snapshot()
    if not isinstance(x, ndarray):
        return rebuild(x, [frozen(item) for item in x]) if isinstance(x, (tuple, list)) else x
    owner: Any = x
    while isinstance(owner, ndarray):
        if owner.flags.writeable:
            x = x.copy(order="K")
            x.setflags(write=False)
            return x
        owner = owner.base
    return x


class Tensor(ArrayLike):
    """An array, and how it came to be.

    Make one with `ad.tensor`; NumPy's functions, operators and methods work on it.
    Attributes: `data` (ndarray or NumPy scalar), `grad`, `name`, `shape`, `dtype`.
    """

    __slots__ = ("__weakref__", "_leaf", "_name", "data", "level", "node")

    def __init__(self, data: Any, node: Any = None, level: int = LEAF_LEVEL) -> None:
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
        if mode is None and len(args) == 1:
            return _record_one(primitive, level, args[0], kwargs)
        if mode is None and len(args) == 2:
            return _record_two(primitive, level, args[0], args[1], kwargs)
        return _record_any(primitive, level, args, kwargs, mode)

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
            self._leaf = self.node = Leaf()
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
        self.leaf.grad = None if value is None else np.asarray(value, self.dtype).reshape(self.shape)

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

    def zero_grad(self) -> None:
        """Forget the gradient (set it to None)."""
        if self.leaf is not None:
            self.leaf.grad = None

    def detach(self) -> Tensor:
        """Return the value as a tensor that records nothing."""
        data = self.data
        return tensor(value_of(data))

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
        self._assign(index_update(target, value, index=index))

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
        self.data = value.data
        self.node = value.node

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
            if self.size != 1:
                raise ValueError(
                    f"backward: a gradient needs a scalar; got shape {self.shape}. "
                    "Reduce it first (loss.mean()), or pass the cotangent: t.backward(np.ones(t.shape))."
                )
            cotangent = one_like(self.data)
        else:
            cotangent = as_cotangent("backward", cotangent, self.data)
        for leaf, ct in backpropagate([self.node], [cotangent]).items():
            leaf.accumulate(ct)


TENSORS: set[Any] = {Tensor}
SCALARS = PLAIN - {ndarray}
CHANGEABLE = {ndarray, list, tuple}
DOUBLES = {np.float64, float, int}
FIRST, SECOND, BOTH = (0,), (1,), (0, 1)


# `_record_any` is the whole of it; the other two do the same for one and two operands, the
# most frequent calls, in fewer steps.


def _record_one(primitive: Primitive, level: int, operand: Tensor, kwargs: Mapping) -> Any:
    x = operand.data
    parent = operand.node
    function = primitive.raw if x.__class__ in PLAIN else primitive.function
    y = function(x, **kwargs) if kwargs else function(x)
    if parent is None:
        return wrap(y, level)
    active, keeps_y, codes, _ = primitive.plans.get(FIRST) or primitive.plan(FIRST)
    if not active:
        return wrap(y, level)
    kind = y.__class__
    if kind is ndarray and (primitive.fresh or y is not x):
        y.setflags(False)
    kept_y = (y if kind in SCALARS else frozen(y)) if keeps_y else None
    kept = (x,) if codes is KEEP_ONE and x.__class__ in SCALARS else _kept(codes, y, (x,))
    node = Node(primitive, FIRST, (parent,), kept_y, kept, kwargs and unchanging(kwargs))
    return Tensor(y, node, level) if kind in PLAIN else _tensors(y, node, level)


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
    argnums: tuple[int, ...] = BOTH
    parents: tuple = (node_a, node_b)
    if node_a is None or node_b is None:
        if node_a is node_b:
            return wrap(y, level)
        argnums, parents = (FIRST, (node_a,)) if node_b is None else (SECOND, (node_b,))
    active, keeps_y, codes, partial = primitive.plans.get(argnums) or primitive.plan(argnums)
    if partial:
        parents = tuple([p for i, p in zip(argnums, parents) if i in active])
        if not parents:
            return wrap(y, level)
    kind = y.__class__
    if kind is ndarray and (primitive.fresh or (y is not a and y is not b)):
        y.setflags(False)
    kept_y = (y if kind in SCALARS else frozen(y)) if keeps_y else None
    node = Node(primitive, active, parents, kept_y, _kept(codes, y, (a, b)), kwargs and unchanging(kwargs))
    return Tensor(y, node, level) if kind in PLAIN else _tensors(y, node, level)


def _record_any(primitive: Primitive, level: int, args: Sequence, kwargs: Mapping, mode: Any) -> Any:
    values: Any = []
    argnums: Any = ()
    parents: Any = []
    i = 0
    for arg in args:
        if arg.__class__ in TENSORS and arg.level == level:
            values.append(arg.data)
            if arg.node is not None:
                argnums += (i,)
                parents.append(arg.node)
        else:
            values.append(arg)
        i += 1
    if kwargs:
        y = primitive.function(*values, **kwargs)
    elif primitive.operator is not None and are_scalars(*values):
        y = primitive.operator(*values)
    else:
        y = primitive.function(*values)
    if mode is not None:
        if mode.paused >= level:
            argnums = ()
        if mode.anomaly:
            contexts.check_value(primitive, values, y)
    if not argnums:
        return wrap(y, level)
    active, keeps_y, codes, partial = primitive.plans.get(argnums) or primitive.plan(argnums)
    if partial:
        parents = [p for i, p in zip(argnums, parents) if i in active]
        if not parents:
            return wrap(y, level)
    kind = y.__class__
    if kind is ndarray and (primitive.fresh or not any(y is v for v in values)):
        y.setflags(False)  # the rules may keep it: nobody shall change it
    kept_y = (y if kind in SCALARS else frozen(y)) if keeps_y else None
    node = Node(primitive, active, parents, kept_y, _kept(codes, y, values), kwargs and unchanging(kwargs))
    if mode is not None and mode.anomaly:
        node.origin = contexts.user_line()
    return Tensor(y, node, level) if kind in PLAIN else _tensors(y, node, level)


def unchanging(parameters: Mapping) -> Mapping:
    """Return parameters such as an index or a mask as they are now: the caller may write to these arrays."""
    for value in parameters.values():
        if value.__class__ in CHANGEABLE:
            return {name: frozen(value) for name, value in parameters.items()}
    return parameters


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


def _kept(codes: Iterable[int], y: Any, values: Iterable) -> list:
    """Return of each operand what the backward pass will read: itself, its Spec, or nothing."""
    kept: list = []
    for value, code in zip(values, codes):
        if code == KEEP:
            kept.append(value if value.__class__ in SCALARS else frozen(value))
        elif code == DROP or (code == LIKE and same_kind(value, y)):
            kept.append(None)
        else:
            kept.append(spec_of(value))
    return kept


def same_kind(value: Any, y: Any) -> bool:
    """Tell whether a cotangent of y needs no summing and no conversion to be one of `value`."""
    kind = y.__class__
    if value.__class__ is kind:
        if kind is ndarray:
            return value.shape == y.shape and value.dtype is y.dtype
        if kind in SCALARS:
            return True
    if value.__class__ is float:
        return y.__class__ is np.float64 or y.__class__ is float
    return shape_of(value) == shape_of(y) and dtype_of(value) is dtype_of(y)


def wrap(y: Any, level: int) -> Any:
    """Return `y`, or each of several outputs, as tensors that depend on nothing."""
    if isinstance(y, (tuple, list)):
        return rebuild(y, [Tensor(v, None, level) for v in y])
    return Tensor(y, None, level)


def rebuild(like: Any, items: Sequence) -> Any:
    """Return `items` in the kind of sequence that `like` is (named tuples included)."""
    return type(like)(*items) if hasattr(like, "_fields") else type(like)(items)


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


ONE = np.float64(1.0)  # NumPy's: Python's own 1.0 / 0.0 raises


def one_like(y: Any) -> Any:
    """Return the seed dy/dy = 1 in the shape and dtype of `y`."""
    shape = shape_of(y)
    if shape == ():
        return ONE if y.__class__ is np.float64 else dtype_of(y).type(1)
    return np.ones(shape, dtype_of(y))


def as_cotangent(function: str, ct: Any, y: Any, path: str = "") -> Any:
    """Return `ct` in the shape and dtype of `y`, checked."""
    if ct.__class__ not in TRACED:
        ct = np.asarray(ct)
    if shape_of(ct) != shape_of(y):
        raise ValueError(
            f"{function}: the cotangent{path} must have the shape of the output, {shape_of(y)}; "
            f"got shape {shape_of(ct)}. Reshape it."
        )
    if ct.__class__ in TRACED:
        return ct
    if not np.can_cast(ct.dtype, dtype_of(y), "same_kind"):
        raise TypeError(
            f"{function}: the cotangent{path} must have the dtype of the output, {dtype_of(y)}; got {ct.dtype}. "
            "Convert it with .astype."
        )
    return ct.astype(dtype_of(y), copy=False)[()]


def check_differentiable(function: str, x: Any, what: str) -> None:
    """Raise unless `x` is made of floating-point (or complex) numbers."""
    kind = x.__class__
    if kind is float or (kind is ndarray and x.dtype.kind in "fc"):
        return
    if kind in TRACED or isinstance(x, (ndarray, np.generic, int, complex)):
        dtype = dtype_of(x)
        if is_inexact(dtype):
            if isinstance(x, (np.ma.MaskedArray, np.matrix)):
                raise TypeError(f"{function}: {what} must be a plain array; got {kind.__name__}. Convert it first.")
            return
        if dtype.kind in "biu":
            shown = repr(x) if shape_of(x) == () else f"an array of {dtype}"
            raise TypeError(
                f"{function}: integers have no derivative; got {shown} as {what}. "
                "Write it as a float (2.0 for 2, x.astype(float) for an array)."
            )
    raise TypeError(
        f"{function}: {what} must be a float or an array of floats (or containers of them); "
        f"got {kind.__name__}{f' of {x.dtype}' if isinstance(x, ndarray) else ''}. "
        "Convert it, or choose other arguments with argnum."
    )


# --- the pass back ------------------------------------------------------------------


def backpropagate(roots: Sequence, seeds: Sequence, stops: frozenset = frozenset()) -> dict[Any, Any]:
    """Return the cotangent of every leaf (and of the nodes in `stops`), given those of the root nodes."""
    cts: dict[Any, Any] = {}  # of the nodes in the heap
    heap: list[tuple[int, Any]] = []
    owned: set = set()  # nodes whose cotangent is an array that nobody else holds
    found: dict[Any, Any] = {}
    following_ct: Any = None
    mode = MODE.get()
    check = mode is not None and mode.anomaly
    for root, seed in zip(roots, seeds):
        _accumulate(root, seed, cts, heap)
    root = None
    if isinstance(roots, list):
        roots.clear()  # the heap alone holds the graph now: what has been read is freed
    while heap:
        node = heappop(heap)[1]
        ct = cts.pop(node)
        while node is not None:
            while not heap and node.__class__ is Node and node.primitive.pull is not None and not check and not stops:
                # A chain of operations with one operand: nothing waits, so that there is nothing to sort.
                kwargs = node.kwargs
                pull = node.primitive.pull
                ct = pull(ct, node.y, node.args[0], **kwargs) if kwargs else pull(ct, node.y, node.args[0])
                node = node.parents[0]
            kind = node.__class__
            following = None  # the one parent that need not wait, if it is the youngest of all that do
            if kind is Leaf or (stops and node in stops):
                found[node] = found[node] + ct if node in found else ct
            elif kind is Output:  # its parent's cotangent is a list of those of all its outputs
                parent = node.parent
                if parent not in cts:
                    _accumulate(parent, [None] * node.number, cts, heap)
                cts[parent][node.index] = ct
            elif node.primitive.adds_at is not None and ct.__class__ in PLAIN and not check:
                _add_at(node, ct, cts, heap, owned)
            else:
                contributions = node.primitive.vjp(node.argnums, ct, node.y, node.args, node.kwargs)
                if check:
                    contexts.check_cotangents(node, ct, contributions)
                for parent, contribution in zip(node.parents, contributions):
                    if contribution is None:
                        continue
                    if parent.__class__ is Leaf:  # nothing further back
                        found[parent] = found[parent] + contribution if parent in found else contribution
                    elif parent is following:
                        following_ct = following_ct + contribution
                    elif parent in cts:
                        cts[parent] = cts[parent] + contribution
                    elif following is None:
                        following = parent
                        following_ct = contribution
                    else:
                        cts[parent] = contribution
                        heappush(heap, (parent.order, parent))
                contributions = contribution = parent = None
            node = following
            ct = following_ct
            if node is not None and heap and heap[0][0] < node.order:
                cts[node] = ct
                heappush(heap, (node.order, node))
                node = None
        following_ct = ct = None
    return found


def _accumulate(node: Any, ct: Any, cts: dict, heap: list) -> None:
    """Add `ct` to the cotangent of `node`, which then waits in the heap."""
    if node in cts:
        cts[node] = cts[node] + ct
    else:
        cts[node] = ct
        heappush(heap, (node.order, node))


def _add_at(node: Any, ct: Any, cts: dict, heap: list, owned: set) -> None:
    """Add the cotangent of x[i] into one array for x, instead of summing many that are mostly zero."""
    parent = node.parents[0]
    total = cts.get(parent)
    if parent not in owned or total.__class__ is not ndarray:
        spec = node.args[0]
        zeros = np.zeros(spec.shape, spec.dtype)
        if total is None:
            heappush(heap, (parent.order, parent))
            total = zeros
        else:
            total = zeros + total
        cts[parent] = total
        owned.add(parent)
    if total.__class__ is ndarray:
        node.primitive.adds_at(total, ct, **node.kwargs)
    else:  # the rest of the cotangent is traced
        cts[parent] = total + node.primitive.vjp(node.argnums, ct, node.y, node.args, node.kwargs)[0]


def _restored(kind: type, data: Any, requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    """Return a copy of an input or constant; as an input it is one of its own."""
    result = object.__new__(kind)
    Tensor.__init__(result, data)
    if name is not None:
        result.name = name
    if requires_grad:
        result.requires_grad = True
        result.grad = grad
    return result


def own(ct: Any, primal: Any) -> Any:
    """Return the cotangent of `primal` as an array that the caller may write to; zeros for None."""
    kind = ct.__class__
    if kind is np.float64:
        return ct
    if kind is ndarray:
        return np.array(ct)[()]
    if kind is float:
        return np.float64(ct)
    return np.zeros(shape_of(primal), dtype_of(primal))[()] if ct is None else ct


def trace(inputs: Iterable, level: int) -> list[Tensor]:
    """Return tensors of `level` that stand for the inputs, each a leaf."""
    tensors = []
    for x in inputs:
        x = frozen(x)
        tensors.append(Tensor(x, Leaf(), level))
    return tensors


def unwrapped(y: Any, level: int) -> Any:
    """Return the value in a constant tensor of an inner level, to which one of `level` was assigned."""
    while y.__class__ in TENSORS and y.level > level and y.node is None:
        y = y.data
    return y


def untrace(y: Any, level: int) -> tuple[Any, Any]:
    """Return the value of an output and its node at `level` (None if it depends on no input)."""
    y = unwrapped(y, level)
    if y.__class__ in TENSORS and y.level == level:
        return y.data, y.node
    return y, None


def vjp(f: Callable, *primals: Any) -> tuple[Any, Callable]:
    """Return f(*primals) and its pullback, ct ↦ Jᵀ ct.

    Parameters
    ----------
    f : callable
        Of arrays or nested containers of them, returning the same.
    *primals
        Where to evaluate it: floats, float arrays, or containers of them.

    Returns
    -------
    y
        The value.
    pullback : callable
        Takes a cotangent of the structure, shapes and dtypes of `y`; returns a tuple with
        one cotangent for each primal, in that primal's structure, shapes and dtypes. It may
        be called any number of times.

    Raises
    ------
    TypeError, ValueError
        For integer inputs; for cotangents of another structure, shape or kind.

    Examples
    --------
    >>> y, pullback = vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> float(y), [float(ct) for ct in pullback(1.0)]
    (6.0, [3.0, 2.0])
    """
    inputs, structure = flatten(primals)
    for x, path in zip(inputs, structure.paths(), strict=True):
        check_differentiable("vjp", x, f"primal {path}")
    level = new_level()
    tensors = trace(inputs, level)
    leaves = [t.node for t in tensors]
    outputs, y_structure = flatten(f(*structure.unflatten(tensors)))
    values, nodes = zip(*[untrace(y, level) for y in outputs], strict=True) if outputs else ((), ())

    def pullback(ct: Any) -> tuple:
        seeds = match_structure("pullback", ct, y_structure, values)
        pairs = [(node, seed) for node, seed in zip(nodes, seeds, strict=True) if node is not None]
        grads = backpropagate([n for n, _ in pairs], [s for _, s in pairs])
        return structure.unflatten([own(grads.get(leaf), x) for leaf, x in zip(leaves, inputs, strict=True)])

    return y_structure.unflatten(values), pullback


def match_structure(function: str, ct: Any, structure: Structure, values: Sequence) -> list:
    """Return the leaves of `ct`, which must match the outputs `values` one for one."""
    cts = structure.leaves_of(ct)
    if cts is None:
        raise ValueError(
            f"{function}: the cotangent must have the structure of the output, {structure}; got {flatten(ct)[1]}. "
            "Pass the same nesting of lists, tuples and dicts."
        )
    paths = structure.paths()
    return [as_cotangent(function, c, y, path) for c, y, path in zip(cts, values, paths, strict=True)]


__all__ = ["PLAIN", "Leaf", "Node", "Tensor", "backpropagate", "tensor", "vjp"]
