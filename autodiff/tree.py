"""Nested containers of arrays: lists, tuples, dicts, named tuples and dataclasses.

`flatten(tree)` gives the leaves, in order, and a structure that puts leaves back.
None is a container with nothing in it.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from autodiff.operands import PLAIN


class Structure:
    """The shape of a tree: what holds what, without the leaves."""

    __slots__ = ("children", "default", "keys", "kind", "size")

    def __init__(self, kind: Any, keys: tuple, children: tuple[Structure, ...], default: Any = None) -> None:
        self.kind = kind
        self.keys = keys
        self.children = children
        self.default = default  # what a defaultdict makes its values with
        self.size: int = sum(child.size for child in children) if kind is not LEAF else 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure):
            return NotImplemented
        return (self.kind, self.keys, self.children) == (other.kind, other.keys, other.children)

    def __hash__(self) -> int:
        return hash((self.kind, self.keys, self.children))

    def __repr__(self) -> str:
        return repr(self.unflatten(["*"] * self.size))

    def leaves_of(self, tree: Any) -> list | None:
        """Return the leaves of `tree` in this structure's order (dicts by key), or None if its structure is another."""
        opened = _open(tree)
        if self.kind is LEAF:
            return [tree] if opened is None else None
        if opened is None or tree.__class__ is not self.kind:
            return None
        keys, items = opened
        if keys != self.keys:
            if not isinstance(tree, dict) or set(keys) != set(self.keys):
                return None
            items = [tree[key] for key in self.keys]
        leaves: list = []
        for child, item in zip(self.children, items, strict=True):
            part = child.leaves_of(item)
            if part is None:
                return None
            leaves += part
        return leaves

    def unflatten(self, leaves: Iterable) -> Any:
        """Return the tree with this structure and these leaves."""
        return self._build(iter(leaves))

    def _build(self, leaves: Iterator) -> Any:
        if self.kind is LEAF:
            return next(leaves)
        items = [next(leaves) if child.kind is LEAF else child._build(leaves) for child in self.children]
        if self.kind is list:
            return items
        if self.kind is tuple:
            return tuple(items)
        if self.kind is type(None):
            return None
        if issubclass(self.kind, defaultdict):
            return self.kind(self.default, zip(self.keys, items, strict=True))
        if issubclass(self.kind, dict):
            return self.kind(zip(self.keys, items, strict=True))
        if hasattr(self.kind, "_fields"):
            return self.kind(*items)
        if issubclass(self.kind, (list, tuple)):
            return self.kind(items)
        return _rebuild_dataclass(self.kind, dict(zip(self.keys, items, strict=True)))

    def paths(self) -> list[str]:
        """Return how a user would write the way to each leaf: `['w'][0]`, `.bias`."""
        if self.kind is LEAF:
            return [""]
        steps = [_step(self.kind, key) for key in self.keys]
        return [step + path for step, child in zip(steps, self.children, strict=True) for path in child.paths()]


class LEAF:
    """The kind of a leaf: a class, so that it is the same one in every process."""


_LEAF_STRUCTURE = Structure(LEAF, (), ())


def _step(kind: type, key: Any) -> str:
    if issubclass(kind, (dict, list, tuple)) and not hasattr(kind, "_fields"):
        return f"[{key!r}]"
    return f".{key}"


def _rebuild_dataclass(kind: Any, values: dict) -> Any:
    """Return an instance with these fields; `__init__` (and its checks) is not run again."""
    instance = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(instance, name, value)
    return instance


def _open(tree: Any) -> tuple[tuple, Sequence] | None:
    """Return the keys and items of a container, or None for a leaf."""
    kind = tree.__class__
    if kind in PLAIN:
        return None
    if kind is list or kind is tuple:
        return tuple(range(len(tree))), tree
    if tree is None:
        return (), ()
    if isinstance(tree, dict):
        return tuple(tree), tuple(tree.values())
    if isinstance(tree, tuple) and hasattr(kind, "_fields"):
        return kind._fields, tree
    if isinstance(tree, (list, tuple)):
        return tuple(range(len(tree))), tree
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        return names, [getattr(tree, name) for name in names]
    return None


def flatten(tree: Any) -> tuple[list, Structure]:
    """Return the leaves of `tree` in order, and its structure.

    Examples
    --------
    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> structure.unflatten([10, 20, 30])
    {'w': [10, 20], 'b': 30}
    """
    leaves: list = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list) -> Structure:
    opened = _open(tree)
    if opened is None:
        leaves.append(tree)
        return _LEAF_STRUCTURE
    keys, items = opened
    default = tree.default_factory if isinstance(tree, defaultdict) else None
    return Structure(tree.__class__, keys, tuple([_flatten(item, leaves) for item in items]), default)


def map_leaves(function: Callable, tree: Any) -> Any:
    """Return `tree` with `function` applied to each leaf."""
    leaves, structure = flatten(tree)
    return structure.unflatten([function(leaf) for leaf in leaves])
