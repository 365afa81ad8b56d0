"""Where a wrong derivative comes from: each operation of the recorded function, checked by itself.

The rule of an operation is run at the very operands it had, outside of any transformation,
and held against differences of that operation alone. What it promises besides, shape, dtype,
and to leave the cotangent as it is, is looked at too.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autodiff.checking.diagnosis import Diagnosis
from autodiff.checking.parts import of_complex, wrong_for_complex
from autodiff.checking.probe import Probe, quiet
from autodiff.checking.witnesses import complex_step, slopes
from autodiff.graph import Graph, Node
from autodiff.operands import dtype_of, full_name, shape_of
from autodiff.primitives import Rule
from autodiff.rules.call import Call
from autodiff.source import Position
from autodiff.user_primitive import UserRule

MOST_ENTRIES = 256


class Fault(NamedTuple):
    """Something that is wrong: what kind of thing, in a sentence, and where."""

    kind: str  # a few words: "wrong sign", "wrong shape", …
    text: str  # the sentence
    function: str | None = None  # the operation whose rule it is
    argnum: int | None = None  # which of its arguments
    entry: str | None = None  # of that argument
    position: Position | None = None  # where the user called it

    @property
    def place(self) -> str:
        """The user's line, as `file.py:12: y = cube(x)`."""
        if self.position is None:
            return ""
        filename, number = self.position.filename, self.position.line
        line = linecache.getline(filename, number).strip()
        if Path(filename).is_relative_to(Path.cwd()):
            filename = str(Path(filename).relative_to(Path.cwd()))
        return f"{filename}:{number}" + (f": {line}" if line else "")


class LocalRule(Probe):
    """One operation at the operands it had; its rule is called as it stands."""

    def __init__(self, node: Node, chosen: Sequence[int]) -> None:
        self.node = node
        operands, self.parameters = node.given()
        self.operands = operands
        super().__init__(self._evaluate, operands, list(chosen), np.random.default_rng(2))
        self.argnums = list(chosen)
        self.labels = [f"argument {i}" for i in chosen]

    def _evaluate(self, *operands: Any) -> Any:
        return self.node.primitive.function(*operands, **self.parameters)

    def raw_vjp(self, i: int, x: np.ndarray) -> tuple[Any, bool]:
        """Return what the rule gives for operand `i`, as it is, and whether it wrote into the cotangent."""
        operands = self.arguments(x, as_given=True)
        with quiet():
            y = self._evaluate(*operands)
            cts: Any = [np.array(c) for c in self.ct]
            ct = self._as_result(y, cts)
            rule = self.node.primitive
            given = rule.given[i] if isinstance(rule, UserRule) else None
            if given is not None:
                result = given(ct, y, *operands, **self.parameters)
            else:
                result = rule.vjp((i,), ct, y, operands, self.parameters)[0]
        same = all(np.array_equal(a, b) for a, b in zip(cts, self.ct, strict=True))
        return result, not same

    def _as_result(self, y: Any, cts: list) -> Any:
        if isinstance(y, (tuple, list)):
            full: list = [None] * len(y)
            for k, c in zip(self.kept, cts, strict=True):
                full[k] = c
            return full
        return cts[0] if shape_of(y) else cts[0][()]

    def local_vjp(self, i: int, x: np.ndarray) -> np.ndarray:
        """Return the cotangent of operand `i` by the rule, flat; zeros where it says the derivative is zero."""
        result = self.raw_vjp(i, x)[0] if i in self.active() else None
        like = np.asarray(self.operands[i])
        return np.zeros(like.size) if result is None else np.ravel(np.asarray(result)).astype(np.float64)

    def local_jvp(self, i: int, x: np.ndarray, v: np.ndarray) -> float:
        """Return the tangent along `v` in operand `i`, times the cotangent."""
        if i not in self.active():
            return 0.0
        operands = self.arguments(x, as_given=True)
        like = np.asarray(self.operands[i])
        tangent = v.reshape(like.shape).astype(like.dtype)[()]
        with quiet():
            y = self._evaluate(*operands)
            dots = self.node.primitive.jvp({i: tangent}, y, operands, self.parameters)
        if dots is None:
            return 0.0
        parts = [dots[k] for k in self.kept] if isinstance(y, (tuple, list)) else [dots]
        return float(sum(np.sum(c * np.asarray(d, np.float64)) for c, d in zip(self.ct, parts, strict=True)))

    def active(self) -> tuple[int, ...]:
        return tuple(self.node.active(tuple(self.argnums)))


class Rules:
    """The rules that a recorded function goes through.

    Parameters
    ----------
    graph : Graph
        The recording.
    inputs : sequence of Node
        Those of its inputs that are differentiated.
    rtol : float
        What counts as equal.
    """

    def __init__(self, graph: Graph, inputs: Sequence[Node], rtol: float) -> None:
        self.rtol = rtol
        self.steps: list[tuple[Node, list[int]]] = []
        depends = set(inputs)
        for node in graph.operations:
            argnums = [i for i, o in enumerate(node.operands) if isinstance(o, Node) and o in depends]
            floats = [i for i in argnums if node.kind == "output" or np.size(node.operands[i].value)]
            if floats and (node.kind == "output" or hasattr(node.primitive, "vjp")):
                depends.add(node)
                if node.kind != "output":
                    self.steps.append((node, floats))

    def promises(self) -> list[Fault]:
        """Return what the user's own rules do wrong, besides numbers: shape, dtype, the cotangent written to."""
        faults = []
        for node, argnums in self.steps:
            if isinstance(node.primitive, UserRule):
                faults += [fault for i in argnums for fault in self._guarded(_promise, node, i)]
        return faults

    def wrong_numbers(self) -> Fault | None:
        """Return the first rule whose numbers are not those of the operation, or None."""
        return self._first(self._numbers)

    def wrong_second_derivative(self) -> Fault | None:
        """Return the first rule that is right, but whose own derivative is not."""
        return self._first(self._second)

    def _first(self, check: Callable) -> Fault | None:
        for node, argnums in self.steps:
            for i in argnums:
                faults = self._guarded(check, node, i)
                if faults:
                    return faults[0]
        return None

    def _guarded(self, check: Callable, node: Node, i: int) -> list[Fault]:
        """Return what `check` finds; a rule that raises is a fault too."""
        if of_complex(node):
            text = wrong_for_complex(node, i, self.rtol) if check == self._numbers else None
            return [_fault("wrong value", node, i, text)] if text else []
        try:
            local = LocalRule(node, [i])
        except (TypeError, ValueError):  # nothing to move there: integers, or no entries
            return []
        try:
            return check(local, node, i)
        except Exception as error:  # whatever a user's rule raises
            return [_fault("error", node, i, f"raises {type(error).__name__}: {error}")]

    def _numbers(self, local: LocalRule, node: Node, i: int) -> list[Fault]:
        broken = _promise(local, node, i)
        if broken:
            return broken
        got = local.local_vjp(i, local.x)
        rng = np.random.default_rng(3)
        v = local.symmetric(rng.uniform(0.5, 1.5, local.x.size) * rng.choice([-1.0, 1.0], local.x.size))
        estimate = slopes(local, local.x, v)
        if estimate.kink(abs(estimate.central.value)) or not np.isfinite(estimate.central.error):
            return []
        truth, error, analytic = _trusted(local, v, estimate.central.value, estimate.central.error)
        floor = 50 * local.eps * local.magnitude
        by_vjp = float(got @ v)
        by_jvp = local.local_jvp(i, local.x, v)
        scale = max(abs(truth), float(np.abs(got) @ np.abs(v)) * 1e-3)
        allowed = self.rtol * scale + 10 * error + floor
        vjp_wrong, jvp_wrong = not abs(by_vjp - truth) <= allowed, not abs(by_jvp - truth) <= allowed
        if not vjp_wrong and not jvp_wrong:
            return []
        if not vjp_wrong:
            ratio = by_jvp / truth if truth else np.nan
            return [_fault("wrong JVP", node, i, f"is {ratio:.6g} times what it should be along a random direction",
                           mode="JVP")]  # fmt: skip
        witness = _gradient(local, analytic)
        diagnosis = Diagnosis(local, i, got, witness, self.rtol, floor)
        if diagnosis.known.all() and not diagnosis.wrong.any():
            return []  # only the direction met a jump
        kind, text, worst = diagnosis.found()
        given = isinstance(node.primitive, UserRule) and node.primitive.given[i] is None and i in local.active()
        return [_fault(kind, node, i, text, worst, mode="JVP" if given else "VJP")]

    def _second(self, local: LocalRule, node: Node, i: int) -> list[Fault]:
        second = local.gradient_probe()
        rng = np.random.default_rng(4)
        v = rng.uniform(0.5, 1.5, second.x.size) * rng.choice([-1.0, 1.0], second.x.size)
        estimate = slopes(second, second.x, v)
        if estimate.kink(abs(estimate.central.value)) or not np.isfinite(estimate.central.error):
            return []
        truth, error = estimate.central.value, estimate.central.error
        got = {"reverse": float(second.reverse(second.x) @ v), "forward": second.forward(second.x, v)}
        allowed = 10 * self.rtol * abs(truth) + 10 * error + 50 * second.eps * second.magnitude
        for mode, value in got.items():
            if not abs(value - truth) <= allowed:
                return [
                    _fault(
                        "dropped second-order term", node, i,
                        f"is right, but its own derivative is not: {mode} mode gives {value:.8g}, differences of the "
                        f"VJP {truth:.8g}. A term is dropped, or wrong, where the rule itself is differentiated "
                        "(does it read a number, by detach(), a copy or a closure, where it should read its argument?)",
                    )
                ]  # fmt: skip
        return []


def _trusted(probe: Probe, v: np.ndarray, value: float, error: float) -> tuple[float, float, bool]:
    """Return the complex step where differences confirm it, else the differences."""
    exact = complex_step(probe, probe.x, v)
    if exact is not None and abs(exact - value) <= 20 * error + 1e-6 * abs(value):
        return exact, 0.0, True
    return value, error, False


def _gradient(probe: Probe, analytic: bool) -> np.ndarray:
    """Return the gradient of the operation from values alone; NaN for entries beyond the first few hundred."""
    result = np.full(probe.x.size, np.nan)
    for k in range(min(probe.x.size, MOST_ENTRIES)):
        unit = np.zeros(probe.x.size)
        unit[k] = 1.0
        exact = complex_step(probe, probe.x, unit) if analytic else None
        result[k] = slopes(probe, probe.x, unit).central.value if exact is None else exact
    return result


def _promise(local: LocalRule, node: Node, i: int) -> list[Fault]:
    """Return the broken promises of a VJP: shape, dtype, the cotangent left alone, the same result each time."""
    if i not in local.active():
        return []
    operand = local.operands[i]
    result, written = local.raw_vjp(i, local.x)
    faults = []
    if written:
        faults.append(_fault("cotangent modified in place", node, i,
                             "writes into the cotangent it is given (an in-place operation such as ct *= …); "
                             "others still need it: compute a new array"))  # fmt: skip
    if result is None:
        return faults
    if shape_of(np.asarray(result)) != shape_of(operand):
        faults.append(_wrong_shape(local, node, i, np.asarray(result)))
        return faults
    dtype = dtype_of(result)
    if result.__class__ not in (int, float) and dtype != dtype_of(operand):
        faults.append(_fault("wrong dtype", node, i,
                             f"returns {dtype} where the argument is {dtype_of(operand)}; convert it, or write "
                             "constants as Python numbers, which take the dtype of what they meet"))  # fmt: skip
    again = local.raw_vjp(i, local.x)[0]
    if not written and not np.array_equal(np.asarray(result), np.asarray(again), equal_nan=True):
        faults.append(_fault("another result at each call", node, i,
                             "gives another result when it is called again with the same arguments"))  # fmt: skip
    return faults


def _wrong_shape(local: LocalRule, node: Node, i: int, result: np.ndarray) -> Fault:
    wanted = shape_of(local.operands[i])
    got = f"returns shape {result.shape} where the argument has {wanted}"
    if result.shape == shape_of(node.value) and np.broadcast_shapes(result.shape, wanted) == result.shape:
        return _fault("missing sum over broadcast axes", node, i,
                      f"{got}: the argument was broadcast, and the sum over the broadcast axes is missing")  # fmt: skip
    if result.shape == wanted[::-1]:
        return _fault("wrong shape", node, i, f"{got}: it is transposed")
    return _fault("wrong shape", node, i, got)


def _called(node: Node) -> str | None:
    """Return the name of what the user called, which may be carried out as another operation."""
    rule = node.parameters.get("rule")
    if isinstance(rule, Rule):  # of `autodiff.extend`
        return rule.name
    calls = [value for value in node.parameters.values() if isinstance(value, Call)]
    return full_name(calls[0].function) if calls else node.function


def _fault(kind: str, node: Node, i: int, text: str, worst: str | None = None, mode: str = "VJP") -> Fault:
    name = _called(node)
    return Fault(kind, f"the {mode} of {name} for argument {i} {text}", name, i, worst, node.position)
