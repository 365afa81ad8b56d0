"""A model in one table: what each layer returns, holds, computes and keeps."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

import autodiff as ad
from nn.layers.containers import ModuleDict, ModuleList, Sequential
from nn.module import Module
from nn.parameter import Parameter


@dataclass
class Row:
    """One layer of a summary; parameters, FLOP and kept memory are its own, without those of the layers inside it."""

    path: str  # the name it has in state_dict(); "" for the model itself
    kind: str
    output_shape: tuple | None = None  # of the last call; of several outputs a tuple of shapes; None: not called
    calls: int = 0
    parameters: int = 0
    trainable: int = 0
    flop: int | None = 0  # of all calls; None if unknown
    kept: int = 0  # byte


@dataclass
class Summary:
    """The table that `model.summary(X)` returns: `print` it, or read `rows` and the totals.

    Attributes
    ----------
    rows : list of Row
        One for each module that does or holds something itself (containers do not).
    parameters, trainable, frozen : int
        Number of entries of all parameters; of those that are learned; of the others.
    flop : int
        FLOP of the forward pass, as `graph.cost()` counts them.
    flop_is_complete : bool
        Whether those of every operation are known; if not, `flop` is a lower bound.
    kept : int
        Memory in byte that the graph keeps for the backward pass, measured. Rules read
        parameters and inputs as they were, so that copies of these count as well.
    """

    rows: list[Row] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def trainable(self) -> int:
        return sum(row.trainable for row in self.rows)

    @property
    def frozen(self) -> int:
        return self.parameters - self.trainable

    @property
    def flop(self) -> int:
        return sum(row.flop or 0 for row in self.rows)

    @property
    def flop_is_complete(self) -> bool:
        return all(row.flop is not None for row in self.rows)

    @property
    def kept(self) -> int:
        return sum(row.kept for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the rows, as dicts, and the totals."""
        totals = ("parameters", "trainable", "frozen", "flop", "flop_is_complete", "kept")
        return {"rows": [asdict(row) for row in self.rows], **{name: getattr(self, name) for name in totals}}

    def __str__(self) -> str:
        head = ["layer", "type", "output shape", "parameters", "FLOP", "kept / B"]
        body = [_cells(row) for row in self.rows]
        at_least = "" if self.flop_is_complete else "≥ "
        total = ["total", "", "", f"{self.parameters:,}", f"{at_least}{self.flop:,}", f"{self.kept:,}"]
        widths = [max(map(len, column)) for column in zip(head, *body, total, strict=True)]

        def line(cells: list[str]) -> str:
            aligned = [c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
            return "  ".join(aligned).rstrip()

        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        known = "" if self.flop_is_complete else " and what is done in the layers with ?"
        return "\n".join([
            *[line(head), rule, *map(line, body), rule, line(total)],
            "",
            f"parameters  {self.trainable:,} trainable, {self.frozen:,} frozen",
            f"forward     {_with_prefix(self.flop)}FLOP{known}",
            f"backward    {_with_prefix(self.kept)}B kept for it",
        ])  # fmt: skip

    def __repr__(self) -> str:
        return str(self)


def summarize(model: Module, *inputs: Any) -> Summary:
    """Return a table of `model`, called on `inputs`, and recorded for the FLOP; see `Module.summary`.

    Parameters
    ----------
    model : Module
        Called in the mode in which it is, training or evaluation; afterwards its buffers and
        random generators are what they were.
    *inputs
        What `forward` takes: arrays or tensors.

    Returns
    -------
    Summary
        The table, which is also data.

    Raises
    ------
    TypeError
        Without an input; for what is no module.

    Examples
    --------
    >>> from nn import Linear, Tanh
    >>> print(summarize(Sequential(Linear(4, 16), Tanh(), Linear(16, 1)), np.ones((32, 4))))
    layer  type    output shape  parameters   FLOP  kept / B
    ────────────────────────────────────────────────────────
    0      Linear  (32, 16)              80  4,608     1,024
    1      Tanh    (32, 16)               -    512     8,192
    2      Linear  (32, 1)               17  1,056       128
    ────────────────────────────────────────────────────────
    total                                97  6,176     9,344
    <BLANKLINE>
    parameters  97 trainable, 0 frozen
    forward     6.18 kFLOP
    backward    9.34 kB kept for it
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: describes a module; got a {type(model).__name__}. Pass an instance of nn.Module.")
    if not inputs:
        raise TypeError("summary: the shapes follow from an input; got none. Pass some samples: model.summary(X[:8]).")
    rows = _rows(model)
    _count_flop(model, inputs, rows)
    owners: dict[int, Row] = {}  # which row an array belongs to, by the id of the array
    alive: list[np.ndarray] = []  # so that no id is used twice
    removers = [module.register_forward_hook(_hook(rows, owners, alive)) for module in model.modules()]
    try:
        with _unchanged(model):
            output = model(*inputs)
    finally:
        for remove in removers:
            remove()
    outside = {id(_memory(a)) for a in [*(p.data for p in model.parameters()), *model.buffers(), *_arrays(inputs)]}
    for array in ad.retained(*_found(output, ad.Tensor)):
        if id(array) in owners and id(array) not in outside:
            owners[id(array)].kept += array.nbytes
    return Summary([row for module, row in rows.values() if not _is_plain_container(module)])


def _rows(model: Module) -> dict[int, tuple[Module, Row]]:
    """Return a row for each module, with its own parameters; one that is shared counts where it comes first."""
    rows = {}
    counted: set[int] = set()
    for path, module in model.named_modules():
        own = {id(p): p for _, p in module.named_members() if isinstance(p, Parameter) and id(p) not in counted}
        counted |= own.keys()
        row = Row(path, type(module).__name__)
        row.parameters = sum(p.size for p in own.values())
        row.trainable = sum(p.size for p in own.values() if p.requires_grad)
        rows[id(module)] = (module, row)
    return rows


def _count_flop(model: Module, inputs: tuple, rows: dict[int, tuple[Module, Row]]) -> None:
    """Fill in the FLOP of each row: of the operations in its module, without those in modules inside it."""
    owners: dict[Any, Row] = {}

    def note(module: Module, _args: tuple, output: Any) -> None:
        depth = len(ad.scope_path() or ())  # of the caller: what it did itself has no deeper scope
        for record in _found(output, ad.Record)[:1]:
            for node in record.recorder.nodes:
                if len(node.scope) > depth:
                    owners.setdefault(node, rows[id(module)][1])

    modules = list(model.modules())
    hooks = [module._forward_hooks for module in modules]
    try:
        for module in modules:
            module._forward_hooks = (note,)  # the user's are not for recorded values
        with _unchanged(model):
            counts = ad.record(model, *inputs).flop()
    except (TypeError, ValueError):  # something is done that can be done with plain arrays alone
        for _, row in rows.values():
            row.flop = None
        return
    finally:
        for module, own in zip(modules, hooks, strict=True):
            module._forward_hooks = own
    for node, count in counts.items():
        row = owners.get(node, rows[id(model)][1])
        row.flop = None if count is None or row.flop is None else row.flop + round(count)


def _hook(rows: dict[int, tuple[Module, Row]], owners: dict[int, Row], alive: list[np.ndarray]) -> Any:
    """Return the hook that fills in a row when its module has been called (the modules inside come first)."""

    def note(module: Module, args: tuple, output: Any) -> None:
        row = rows[id(module)][1]
        row.calls += 1
        row.output_shape = _shapes(output)
        before = {id(array) for array in ad.retained(*_found(args, ad.Tensor))}  # what the caller did to make the input
        for array in ad.retained(*_found(output, ad.Tensor)):
            if id(array) not in owners and id(array) not in before:
                owners[id(array)] = row
                alive.append(array)

    return note


@contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Put back the buffers and random generators of the model in the end."""
    modules = list(model.modules())
    buffers = [(module, name, np.array(getattr(module, name))) for module in modules for name in module._buffers]
    generators = [g for module in modules for g in vars(module).values() if isinstance(g, np.random.Generator)]
    states = [copy.deepcopy(generator.bit_generator.state) for generator in generators]
    try:
        yield
    finally:
        for module, name, value in buffers:
            getattr(module, name)[...] = value
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state


def _is_plain_container(module: Module) -> bool:
    return isinstance(module, (ModuleList, ModuleDict)) or (
        isinstance(module, Sequential)
        and type(module).forward is Sequential.forward
        and not any(isinstance(member, Parameter) for _, member in module.named_members())
    )


def _found(tree: Any, kind: type) -> list:
    """Return what is of a kind in nested lists, tuples and dicts."""
    if isinstance(tree, kind):
        return [tree]
    items = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [found for item in items for found in _found(item, kind)]


def _arrays(inputs: tuple) -> list[np.ndarray]:
    values = [x.data if isinstance(x, ad.Tensor) else x for x in inputs]
    return [value for value in values if isinstance(value, np.ndarray)]


def _memory(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _shapes(output: Any) -> tuple:
    if isinstance(output, dict):
        output = tuple(output.values())
    return tuple(map(_shapes, output)) if isinstance(output, (list, tuple)) else np.shape(output)


def _cells(row: Row) -> list[str]:
    shape = "not called" if row.output_shape is None else str(row.output_shape)
    return [
        (row.path or "(model)") + (f" ×{row.calls}" if row.calls > 1 else ""),
        row.kind,
        shape,
        f"{row.parameters:,}" if row.parameters else "-",
        "?" if row.flop is None else f"{row.flop:,}" if row.flop else "-",
        f"{row.kept:,}" if row.kept else "-",
    ]


def _with_prefix(number: float) -> str:
    """Return a number in three digits, with the prefix of its unit: 12.3 M."""
    for prefix in ("", "k", "M", "G"):
        if number < 999.5:
            return f"{number:.3g} {prefix}"
        number /= 1000
    return f"{number:,.4g} T"
