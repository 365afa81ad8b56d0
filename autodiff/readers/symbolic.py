"""The recorded program as formulas: SymPy expressions of its value and of every derivative.

There is no second table of derivatives: the graph is evaluated on symbols, and the engine's own
rules are run on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from autodiff.boundary import ONE
from autodiff.graph import Graph, Node
from autodiff.readers.sweeps import adjoints
from autodiff.readers.symbol import Algebra, Symbol
from autodiff.readers.sympy_forms import exact, sympy


class Expressions:
    """What a recorded program computes, as SymPy expressions.

    An array of shape (n, …) is a `sympy.Array` of its entries, a scalar an expression.

    Attributes
    ----------
    symbols : dict
        The symbols of each input, by the user's name.
    value : Expr or Array
        The result.
    steps : list of (Symbol, Expr)
        With `shared=True`: what the names in the other expressions stand for, in the order of
        the two sweeps, as `sympy.cse` gives it. Complete once `adjoints` were asked for.
    """

    def __init__(self, graph: Graph, symbols: Mapping[str, Any], shared: bool, limit: int) -> None:
        self._graph = graph
        self._algebra = Algebra()
        self._shared = shared
        self._names = _names(graph)
        self._limit = limit
        self.steps: list[tuple[Any, Any]] = []
        self._values: dict[Node, Any] = {}
        for node in graph.inputs:
            self._check(node)
            given = symbols.get(self._names[node])
            entries = _entries_named(self._names[node], node.shape) if given is None else _as_entries(given, node)
            self._values[node] = Symbol(entries, self._algebra)
        self.symbols = {self._names[node]: _as_sympy(self._values[node]) for node in graph.inputs}
        with self._algebra.on(), _explained(graph):
            for node in graph.operations:
                self._check(node)
                self._values[node] = self._named(self._evaluate(node), self._names[node])
        outputs = [_as_sympy(self._values.get(output, output)) for output in graph.outputs]
        self.value = graph.structure.unflatten(outputs)

    def _check(self, node: Node) -> None:
        size = sum(map(np.size, node.value)) if isinstance(node.value, (tuple, list)) else np.size(node.value)
        if size > self._limit:
            raise ValueError(
                f"to_sympy: formulas are for small arrays; got {self._names[node]} of shape {node.shape}, {size} "
                f"entries. Record smaller arguments, or raise the limit: limit={size}."
            )
        if not isinstance(node.value, (tuple, list)) and node.dtype.kind == "c":
            raise ValueError(
                f"to_sympy: the symbols are real; got {self._names[node]} of dtype {node.dtype}. "
                "Write the program with real and imaginary parts."
            )

    def _evaluate(self, node: Node) -> Any:
        operands, parameters = node.given(self._values.__getitem__)
        if node.kind == "output":
            return operands[0][operands[1]]
        return self._algebra.process(node.primitive, self._algebra.level, operands, parameters)

    def _named(self, value: Any, name: str) -> Any:
        """Return the value of a step, or with `shared` new symbols that stand for it."""
        if not self._shared or value.__class__ is not Symbol or value.dtype == bool:
            return value
        entries = np.empty(value.shape, object)
        for place, symbol in np.ndenumerate(_entries_named(name, value.shape)):
            expression: Any = value.entries[place]
            if expression.is_Atom or (-expression).is_Atom:
                entries[place] = expression
            else:
                entries[place] = symbol
                self.steps.append((symbol, expression))
        return Symbol(entries, self._algebra)

    @cached_property
    def adjoints(self) -> dict[str, Any]:
        """The derivative of the result with respect to each input and each intermediate value, by name.

        Raises
        ------
        ValueError
            If the result is no scalar.
        """
        if self._graph.output.shape != ():
            raise ValueError(
                f"to_sympy: a gradient needs a scalar result; got shape {self._graph.output.shape}. "
                "Reduce it (np.sum), or differentiate `value` with SymPy."
            )

        def complete(node: Node, bar: Any) -> Any:
            return self._named(bar, f"{self._names[node]}bar")

        with self._algebra.on(), _explained(self._graph):
            bars, _ = adjoints(self._graph, Symbol(exact(ONE), self._algebra), self._values, complete)
        real = [n for n in self._graph.nodes if not isinstance(n.value, (tuple, list)) and n.dtype.kind == "f"]
        return {self._names[node]: _as_sympy(bars.get(node, np.zeros(node.shape))) for node in real}

    def _has_gradient(self) -> bool:
        outputs = self._graph.outputs
        return len(outputs) == 1 and isinstance(outputs[0], Node) and outputs[0].shape == ()

    @property
    def gradient(self) -> dict[str, Any]:
        """The derivative of the result with respect to each input, by the user's names."""
        return {name: self.adjoints[name] for name in self.symbols if name in self.adjoints}

    def latex(self) -> str:
        """Return the value and the gradient as aligned equations in LaTeX."""
        name = self._graph.title if self._graph.title.isidentifier() else "f"
        function = sympy.latex(sympy.Symbol(name))
        lines = [rf"{function} &= {sympy.latex(self.value)}"]
        if self._has_gradient():
            for input_name, derivative in self.gradient.items():
                variable = sympy.latex(sympy.Symbol(input_name))
                lines.append(rf"\frac{{\partial {function}}}{{\partial {variable}}} &= {sympy.latex(derivative)}")
        steps = [rf"{sympy.latex(symbol)} &= {sympy.latex(expression)}" for symbol, expression in self.steps]
        return "\\begin{aligned}\n" + " \\\\\n".join([*steps, *lines]) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        lines = [f"{self._graph.title} = {self.value}"]
        if self._has_gradient():
            lines += [f"∂{self._graph.title}/∂{name} = {derivative}" for name, derivative in self.gradient.items()]
        return "\n".join([*[f"{symbol} = {expression}" for symbol, expression in self.steps], *lines])

    __repr__ = __str__


def to_sympy(
    graph: Graph,
    *,
    symbols: Mapping[str, Any] | None = None,
    shared: bool = False,
    limit: int = 100,
) -> Expressions:
    r"""Return what the program computes, and its derivatives, as SymPy expressions.

    The program is that of the recorded numbers: where Python's `if` chose a branch, it is that
    branch. How NumPy's functions are written is said in `autodiff.readers.sympy_forms`; at kinks
    the expressions say what the engine does (ties of `np.maximum` share equally, for instance).

    Parameters
    ----------
    graph : Graph
        What `ad.record` gave.
    symbols : mapping, optional
        Symbols of your own, by the name of the input: with other assumptions, for instance. By
        default they are real, named like the input, the entries of arrays x_0, x_1, … or x_0_1.
        Positive ones leave out the cases at 0.
    shared : bool
        Whether intermediate values and adjoints keep names of their own, as on the tape, so
        that the expressions do not swell; `steps` says what they stand for.
    limit : int
        The largest number of entries of an array.

    Returns
    -------
    Expressions
        With `value`, `gradient`, `adjoints`, `symbols` and `latex()`.

    Raises
    ------
    TypeError
        If the program does something that has no formula, such as a sort.
    ValueError
        If an array is larger than the limit, or not real.

    Examples
    --------
    >>> from autodiff import record
    >>> def f(x1, x2):
    ...     return np.log(x1) + x1 * x2 - np.sin(x2)
    >>> formulas = record(f, 2.0, 5.0).to_sympy()
    >>> print(formulas)
    f = x1*x2 + log(x1) - sin(x2)
    ∂f/∂x1 = x2 + 1/x1
    ∂f/∂x2 = x1 - cos(x2)
    >>> print(sympy.latex(formulas.gradient["x1"]))
    x_{2} + \frac{1}{x_{1}}
    """
    return Expressions(graph, symbols or {}, shared, limit)


@contextmanager
def _explained(graph: Graph) -> Iterator[None]:
    """Say what is wrong where something else than the symbols' own functions meets them."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if str(error).startswith("to_sympy: "):
            raise
        raise TypeError(_unwritten(graph, error)) from error
    except (AttributeError, NotImplementedError, RecursionError) as error:
        raise TypeError(_unwritten(graph, error)) from error


def _unwritten(graph: Graph, error: Exception) -> str:
    return (
        f"to_sympy: a rule cannot be run on symbols; got {type(error).__name__} in {graph!r}. "
        "Take the program apart to find the operation, and evaluate it in numbers: graph.table()."
    )


def _names(graph: Graph) -> dict[Node, str]:
    """Return a name for each node, the user's if it stands for that node alone, together with its entries."""
    names: dict[Node, str] = {}
    taken: set[str] = set()
    for node in graph.nodes:
        own = node.name if node.index > 0 else f"v_{{{node.index}}}"
        candidates = [node.label, ".".join([*node.scope, node.label])] if node.label else []
        for name in [*candidates, own, f"{own}'"]:
            entries = {str(symbol) for part in ("", "bar") for symbol in _entries_named(name + part, node.shape).flat}
            if not entries & taken:
                break
        names[node] = name
        taken |= entries
    return names


def _entries_named(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of symbols: x itself for a scalar, else x_0, x_1, … or x_0_1."""
    entries = np.empty(shape, object)
    for place in np.ndindex(shape):
        entries[place] = sympy.Symbol("_".join([name, *map(str, place)]), real=True)
    return entries


def _as_entries(given: Any, node: Node) -> np.ndarray:
    """Return the user's own symbols for an input, checked."""
    entries = np.array(given.tolist() if hasattr(given, "tolist") else given, object)
    if entries.shape != node.shape:
        raise ValueError(
            f"to_sympy: one symbol is needed for each entry; got shape {entries.shape} for {node.label} of shape "
            f"{node.shape}. Pass a symbol for a scalar, sympy.symarray('x', shape) for an array."
        )
    return entries


def _as_sympy(x: Any) -> Any:
    """Return an expression for a scalar, a `sympy.Array` for an array."""
    if isinstance(x, (list, tuple)):
        return [_as_sympy(part) for part in x]
    entries = x.entries if x.__class__ is Symbol else np.asarray(x)
    if entries.ndim == 0:
        return exact(entries.item())
    return sympy.Array([exact(e) for e in entries.flat], entries.shape)
