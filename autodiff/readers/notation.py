"""How each operation is written: signs between its operands, functions by their names in mathematics.

One table, `NOTATIONS`, for what is a template with operands in it; one, `FORMS`, for what also
shows parameters. What is in neither is written as a call, under the name that the user knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.arraylike import getitem, power
from autodiff.assignment import astype, index_update
from autodiff.dispatch import RULES
from autodiff.rules.affine import _affine
from autodiff.rules.call import Call
from autodiff.rules.indexing import scatter, select
from autodiff.rules.linear import filled
from autodiff.rules.special import bessel_i, logistic, sech_squared, sinc_derivative

ATOM, POWER, UNARY, PRODUCT, BIG, SUM, COMPARISON, LOGICAL, ANY = 8, 7, 6, 5, 4, 3, 2, 1, 0
"""How tightly an operation binds; ANY, what stands between brackets of some kind anyway."""


class Written(NamedTuple):
    """A formula, how tightly its outermost operation binds, and of how many axes its value is."""

    text: str
    binds: int = ATOM
    ndim: int = 0


class Notation(NamedTuple):
    """How to write an operation: `{0}`, `{1}` stand for the operands, which bind at least as given."""

    text: str
    latex: str
    binds: int
    operands: tuple[int, ...]
    latex_operands: tuple[int, ...] | None = None  # where they differ


def operator_name(name: str) -> str:
    """Return the LaTeX of a function's name."""
    if name in _LATEX_FUNCTIONS:
        return f"\\{name}"
    return rf"\operatorname{{{escaped(name)}}}"


def escaped(text: str) -> str:
    """Return text as LaTeX writes it."""
    return "".join([_ESCAPES.get(character, character) for character in text])


_ESCAPES = {
    **{character: f"\\{character}" for character in "_{}#$%&"},
    "\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ", "−": "-", "…": r"\ldots ", "×": r"\times ",
}  # fmt: skip
_LATEX_FUNCTIONS = frozenset(
    ["sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "ln", "exp", "max", "min", "det"]
)


def _function(name: str, latex: str | None = None) -> Notation:
    pattern = latex or operator_name(name).replace("{", "{{").replace("}", "}}")
    return Notation(f"{name}({{0}})", rf"{pattern}\left({{0}}\right)", ATOM, (ANY,))


def _infix(sign: str, latex: str, binds: int, right: int | None = None) -> Notation:
    return Notation(f"{{0}} {sign} {{1}}", f"{{0}} {latex} {{1}}", binds, (binds, binds if right is None else right))


def _comparison(sign: str, latex: str) -> Notation:
    return Notation(f"{{0}} {sign} {{1}}", f"{{0}} {latex} {{1}}", COMPARISON, (SUM, SUM))


_BY_FUNCTION: dict[Any, Notation] = {
    np.add: _infix("+", "+", SUM),
    np.subtract: _infix("−", "-", SUM, PRODUCT),
    np.multiply: _infix("·", r"\cdot", PRODUCT),
    np.divide: Notation("{0} / {1}", r"\frac{{{0}}}{{{1}}}", PRODUCT, (PRODUCT, UNARY), (ANY, ANY)),
    np.negative: Notation("−{0}", "-{0}", UNARY, (UNARY,)),
    np.positive: Notation("{0}", "{0}", UNARY, (UNARY,)),
    np.power: Notation("{0}^{1}", "{0}^{{{1}}}", POWER, (ATOM, ATOM), (ATOM, ANY)),
    np.float_power: Notation("{0}^{1}", "{0}^{{{1}}}", POWER, (ATOM, ATOM), (ATOM, ANY)),
    np.square: Notation("{0}²", "{0}^{{2}}", POWER, (ATOM,)),
    np.sqrt: Notation("√{0}", r"\sqrt{{{0}}}", POWER, (ATOM,), (ANY,)),
    np.cbrt: Notation("∛{0}", r"\sqrt[3]{{{0}}}", POWER, (ATOM,), (ANY,)),
    np.hypot: Notation("√({0}² + {1}²)", r"\sqrt{{{0}^{{2}} + {1}^{{2}}}}", ATOM, (ATOM, ATOM)),
    np.absolute: Notation("|{0}|", r"\left|{0}\right|", ATOM, (ANY,)),
    np.fabs: Notation("|{0}|", r"\left|{0}\right|", ATOM, (ANY,)),
    np.reciprocal: Notation("1 / {0}", r"\frac{{1}}{{{0}}}", PRODUCT, (UNARY,), (ANY,)),
    np.floor: Notation("⌊{0}⌋", r"\left\lfloor {0} \right\rfloor", ATOM, (ANY,)),
    np.ceil: Notation("⌈{0}⌉", r"\left\lceil {0} \right\rceil", ATOM, (ANY,)),
    np.floor_divide: Notation("⌊{0} / {1}⌋", r"\left\lfloor \frac{{{0}}}{{{1}}} \right\rfloor", ATOM,
                              (PRODUCT, UNARY), (ANY, ANY)),
    np.remainder: _infix("mod", r"\;\mathrm{{mod}}\;", PRODUCT, UNARY),
    np.matmul: _infix("@", r"\,", PRODUCT, UNARY),
    np.dot: _infix("@", r"\,", PRODUCT, UNARY),
    np.outer: Notation("outer({0}, {1})", r"{0} \otimes {1}", PRODUCT, (ANY, ANY), (PRODUCT, UNARY)),
    np.exp2: Notation("2^{0}", "2^{{{0}}}", POWER, (ATOM,), (ANY,)),
    np.expm1: Notation("exp({0}) − 1", r"\exp\left({0}\right) - 1", SUM, (ANY,)),
    np.log1p: Notation("ln(1 + {0})", r"\ln\left(1 + {0}\right)", ATOM, (SUM,)),
    np.log: _function("ln"),
    np.exp: _function("exp"),
    np.log2: _function("log₂", r"\log_{{2}}"),
    np.log10: _function("log₁₀", r"\log_{{10}}"),
    np.logaddexp: Notation("ln(exp({0}) + exp({1}))", r"\ln\left(\exp\left({0}\right) + \exp\left({1}\right)\right)",
                           ATOM, (ANY, ANY)),
    np.logaddexp2: Notation("log₂(2^{0} + 2^{1})", r"\log_{{2}}\left(2^{{{0}}} + 2^{{{1}}}\right)",
                            ATOM, (ATOM, ATOM), (ANY, ANY)),
    np.maximum: Notation("max({0}, {1})", r"\max\left({0}, {1}\right)", ATOM, (ANY, ANY)),
    np.minimum: Notation("min({0}, {1})", r"\min\left({0}, {1}\right)", ATOM, (ANY, ANY)),
    logistic: _function("σ", r"\sigma"),
    sech_squared: Notation("(1 − {1}²)", r"\left(1 - {1}^{{2}}\right)", ATOM, (ANY, ATOM)),
    _affine: Notation("{0} @ {1} + {2}", r"{0} \, {1} + {2}", SUM, (PRODUCT, UNARY, PRODUCT)),
    np.copy: Notation("{0}", "{0}", UNARY, (UNARY,)),
    np.greater: _comparison(">", ">"),
    np.greater_equal: _comparison("≥", r"\geq"),
    np.less: _comparison("<", "<"),
    np.less_equal: _comparison("≤", r"\leq"),
    np.equal: _comparison("=", "="),
    np.not_equal: _comparison("≠", r"\neq"),
    np.bitwise_and: _infix("and", r"\wedge", LOGICAL),
    np.logical_and: _infix("and", r"\wedge", LOGICAL),
    np.bitwise_or: _infix("or", r"\vee", LOGICAL),
    np.logical_or: _infix("or", r"\vee", LOGICAL),
    np.invert: Notation("not {0}", r"\neg {0}", UNARY, (UNARY,)),
    np.logical_not: Notation("not {0}", r"\neg {0}", UNARY, (UNARY,)),
    **{
        function: _function(function.__name__)
        for function in (np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.arcsin, np.arccos, np.arctan)
    },
}  # fmt: skip
NOTATIONS: dict[Any, Notation] = {RULES[function]: notation for function, notation in _BY_FUNCTION.items()}
"""By the rule of the function (what a node has as its `primitive`), since some functions stand in for others."""

OPPOSITE = {
    RULES[a]: RULES[b]
    for a, b in (
        (np.greater, np.less_equal), (np.less_equal, np.greater), (np.less, np.greater_equal),
        (np.greater_equal, np.less), (np.equal, np.not_equal), (np.not_equal, np.equal),
    )
}  # fmt: skip

NAMES = {
    "stacked": "stack", "joined": "concatenate", "clamp": "clip", "p_norm": "norm", "other_norm": "norm",
    "singular_values": "svdvals", "singular_vectors": "svd", "qr_factors": "qr", "logaddexp_reduce": "logsumexp",
    "fraction": "frac", "contracted": "einsum", "chain": "multi_dot", "least_squares": "lstsq",
}  # fmt: skip
"""Of operations that stand for the function the user called."""


def name_of(primitive: Any) -> str:
    """Return the name of an operation as it stands in a formula: without its module."""
    name = primitive.name.removesuffix(".reduce").rpartition(".")[2].lstrip("_")
    return NAMES.get(name, name)


# --- numbers ------------------------------------------------------------------------------------

SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(x: Any, digits: int = 4, latex: bool = False) -> str:
    """Return a number in few digits, an array as its entries if they are few, else as its shape.

    Examples
    --------
    >>> number(11.65207), number(-0.95892), number(2e-5), number(np.ones((3, 4)))
    ('11.652', '−0.959', '2e−5', '[3×4]')
    """
    array = np.asarray(x)
    if array.ndim == 0:
        text = _scalar(array.item(), digits)
        if array.dtype.kind not in "iufc":
            return rf"\mathrm{{{text}}}" if latex else text
        if latex:
            mantissa, e, exponent = text.partition("e")
            text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
            return rf"{mantissa} \cdot 10^{{{exponent}}}" if e else text
        return text.replace("-", "−").replace("inf", "∞")
    if array.ndim == 1 and 0 < array.size <= 4:
        inside = ", ".join([number(entry, digits, latex) for entry in array])
        return rf"\left[{inside}\right]" if latex else f"[{inside}]"
    sizes = (r" \times " if latex else "×").join(map(str, array.shape))
    return rf"\left[{sizes}\right]" if latex else f"[{sizes}]"


def _scalar(value: Any, digits: int) -> str:
    if isinstance(value, complex):
        return f"{value.real:.{digits}g}{value.imag:+.{digits}g}i"
    if not isinstance(value, float) or not np.isfinite(value):
        return str(value)
    size = abs(value)
    if value.is_integer() and size < 1e7:
        return str(int(value))
    if 1e-3 <= size < 10**digits:
        places = digits - 1 if size >= 0.1 else digits if size >= 0.01 else digits + 1  # as many digits for small ones
        return f"{value:.{places}f}".rstrip("0").rstrip(".")
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


# --- operations that show parameters -------------------------------------------------------------

Form = Callable[[Any, Sequence[Written], Mapping[str, Any], Any], "Written | None"]
"""form(writer, operands, parameters, value): None where it does not apply."""


def _power(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    exponent = parameters["exponent"]
    base = writer.within(operands[0], ATOM)
    if writer.latex:
        return Written(f"{base}^{{{number(exponent, latex=True)}}}", POWER)
    shown = number(exponent)
    if float(exponent).is_integer() and "e" not in shown:
        return Written(base + shown.translate(SUPERSCRIPTS), POWER)
    return Written(f"{base}^{shown}" if exponent > 0 else f"{base}^({shown})", POWER)


def _getitem(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    return Written(writer.within(operands[0], ATOM) + index_text(writer, parameters["index"]))


def _scatter(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    """Entries at their places, zeros elsewhere."""
    at = r"\;\mathrm{at}\;" if writer.latex else " at "
    return Written(f"{operands[0].text}{at}{index_text(writer, parameters['index'])}", LOGICAL)


def _index_update(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    x, new = operands
    arrow = r"\leftarrow" if writer.latex else "←"
    return Written(f"{writer.within(x, ATOM)}{index_text(writer, parameters['index'])} {arrow} {new.text}", LOGICAL)


def index_text(writer: Any, index: Any) -> str:
    """Return an index in its brackets."""
    parts = index if index.__class__ is tuple else (index,)
    inside = ", ".join([_index_part(writer, part) for part in parts])
    return rf"\left[{inside}\right]" if writer.latex else f"[{inside}]"


def _index_part(writer: Any, part: Any) -> str:
    if isinstance(part, slice):
        ends = [("" if end is None else writer.option(end)) for end in (part.start, part.stop)]
        if part.step not in (None, 1):
            ends.append(writer.option(part.step))
        return ("{:}" if writer.latex else ":").join(ends)
    if part is Ellipsis:
        return r"\ldots" if writer.latex else "…"
    return writer.option(part)


def _sum(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written | None:
    axis = parameters.get("axis")
    if set(parameters) - {"axis", "keepdims"}:
        return None
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    if writer.latex:
        axes = ", ".join(map(str, axis if isinstance(axis, tuple) else (axis,)))
        below = "" if axis is None else rf"_{{\mathrm{{axis}}\,{axes}}}"
        return Written(rf"\sum{below} {writer.within(operands[0], PRODUCT, first=False)}", BIG)
    if axis is None:
        return Written(f"Σ {writer.within(operands[0], PRODUCT, first=False)}", BIG)
    return Written(f"Σ({operands[0].text}, axis={writer.option(axis)})")


def _select(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    inside = ", ".join([writer.option(parameters["condition"]), *(operand.text for operand in operands)])
    return writer.function("where", inside)


def _broadcast(writer: Any, operands: Sequence[Written], _parameters: Mapping[str, Any], value: Any) -> Written:
    """A product with ones says where each entry comes from."""
    ones = writer.ones(np.shape(value))
    return Written(f"{writer.within(operands[0], PRODUCT)} {writer.times} {ones}", PRODUCT)


def _transpose(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], value: Any) -> Written | None:
    axes = parameters.get("axes")
    if np.ndim(value) < 2:
        return operands[0]
    if axes is not None and tuple(axes) != tuple(range(np.ndim(value)))[::-1]:
        return None
    return Written(writer.within(operands[0], ATOM) + ("^{T}" if writer.latex else "ᵀ"), POWER)


def _astype(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    return writer.function(np.dtype(parameters["dtype"]).name, operands[0].text)


def _derivative_of_sinc(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _v: Any) -> Written:
    order = parameters["order"]
    primes = "′" * order if order < 4 else f"⁽{str(order).translate(SUPERSCRIPTS)}⁾"
    if writer.latex:
        primes = "'" * order if order < 4 else f"^{{({order})}}"
        return Written(rf"\operatorname{{sinc}}{primes}\left({operands[0].text}\right)")
    return Written(f"sinc{primes}({operands[0].text})")


def _bessel(writer: Any, operands: Sequence[Written], parameters: Mapping[str, Any], _value: Any) -> Written:
    order = parameters["order"]
    if writer.latex:
        return Written(rf"I_{{{order}}}\left({operands[0].text}\right)")
    return Written(f"I{str(order).translate(SUBSCRIPTS)}({operands[0].text})")


def called(writer: Any, operands: Sequence[Written], call: Call) -> Written:
    """Return a call as the user wrote it, the operands among its arguments."""
    leaves = list(call.leaves)
    for place, operand in zip(call.places, operands, strict=True):
        leaves[place] = operand
    args, kwargs = call.structure.unflatten(leaves)
    inside = [*map(writer.option, args), *(writer.named(key, value) for key, value in kwargs.items())]
    return writer.function(getattr(call.function, "__name__", "f").lstrip("_"), ", ".join(inside))


SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")
FORMS: dict[Any, Form] = {
    RULES[function]: form
    for function, form in (
        (power, _power), (getitem, _getitem), (scatter, _scatter), (index_update, _index_update), (np.sum, _sum),
        (select, _select), (np.broadcast_to, _broadcast), (filled, _broadcast), (np.transpose, _transpose),
        (astype, _astype), (sinc_derivative, _derivative_of_sinc), (bessel_i, _bessel),
    )
}  # fmt: skip
