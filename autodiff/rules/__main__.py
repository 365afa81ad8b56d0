"""Print what is known of every function that NumPy lets other arrays override: `python -m autodiff.rules`.

`--markdown` prints it as Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import NamedTuple

import numpy as np

from autodiff.dispatch import RULES, UNLOADED
from autodiff.operands import full_name
from autodiff.primitives import Refused, Rule
from autodiff.rules.refused import ASSIGN

WIDTH = 100
FAMILIES = {
    "elementwise": "the diagonal of the Jacobian times c, a tangent or a cotangent",
    "linear": "the transpose; the tangent goes through the operation itself",
    "multilinear": "the transpose in each operand, the others held fixed",
    "reduction": "weights ∂y/∂x, summed over the reduced axes",
    "general": "a VJP, and a JVP where transposing it is not good enough",
    "composite": "NumPy evaluates, a definition in simpler operations differentiates",
    "rewrite": "written out in operations that have rules",
    "constant": "no derivative: gets the numbers, and returns no traced value",
    "refused": "an error that says what to write instead",
}


class Entry(NamedTuple):
    """A function, and what is known of it; `note` is the reason of a refusal."""

    name: str
    family: str
    note: str


def overridable() -> list[Callable]:
    """Return every function and ufunc that NumPy hands to `__array_function__` or `__array_ufunc__`."""
    import numpy.char
    import numpy.lib.recfunctions
    import numpy.polynomial  # noqa: F401 - each registers its functions
    from numpy.testing import overrides

    functions = overrides.get_overridable_numpy_array_functions() | overrides.get_overridable_numpy_ufuncs()
    return sorted({_public(f) for f in functions}, key=full_name)


def _public(function: Callable) -> Callable:
    """Return the function a user calls: creation functions are listed under an inner twin, too."""
    public = getattr(np, function.__name__, function)
    return public if full_name(public) == full_name(function) else function


def rule_of(function: Callable) -> Rule | None:
    """Return what is known of a function, or None."""
    if function in RULES:
        return RULES[function]
    reason = UNLOADED.get(function.__module__)
    return None if reason is None else Refused(function, reason)


def _is_method(function: Callable) -> bool:
    return isinstance(getattr(function, "__self__", None), np.ufunc)


def table() -> list[Entry]:
    """Return an entry for each overridable function, and for each ufunc method that has a rule."""
    functions = overridable()
    further = [f for f, rule in RULES.items() if _is_method(f) and rule.family not in ("constant", "refused")]
    entries = [Entry("the method `at` of every ufunc", "refused", ASSIGN)]
    for function in [*functions, *further]:
        rule = rule_of(function)
        family = "unknown" if rule is None else rule.family
        note = rule.reason if isinstance(rule, Refused) else ""
        entries.append(Entry(full_name(function), family, note))
    return sorted(set(entries))


def lines(entries: list[Entry], markdown: bool = False) -> Iterator[str]:
    """Yield the table, one section for each family."""
    heading = "## {} ({})" if markdown else "{} ({})"
    known = sum(entry.family not in ("constant", "refused", "unknown") for entry in entries)
    yield f"NumPy {np.__version__}: {len(entries)} functions, {known} of them differentiated."
    for family in [*FAMILIES, "unknown"]:
        members = [entry for entry in entries if entry.family == family]
        if not members:
            continue
        yield ""
        yield heading.format(family, len(members)) + (f": {FAMILIES[family]}" if family in FAMILIES else "")
        yield ""
        for note in sorted({entry.note for entry in members}):
            names = [e.name for e in members if e.note == note]
            text = ", ".join(f"`{name}`" if markdown and " " not in name else name for name in names)
            indent = ""
            if note:
                yield from wrap(note, WIDTH, initial_indent="- ", subsequent_indent="  ")
                yield ""
                indent = "  "
            yield from wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
            if note:
                yield ""


if __name__ == "__main__":
    print("\n".join(lines(table(), markdown="--markdown" in sys.argv[1:])))
