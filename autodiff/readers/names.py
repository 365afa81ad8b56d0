"""The user's names as they stand in formulas: x1 for x1, x₁ in LaTeX, and with an accent."""

from __future__ import annotations

import re
import unicodedata

from autodiff.graph import Graph
from autodiff.readers.notation import SUBSCRIPTS, escaped
from autodiff.readers.writer import ACCENTS, OVER

_GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"}
_GREEK |= {"nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"}
_SHORT = re.compile(r"(?P<letter>[^\W\d_])_?(?P<number>\d*)")
_INDEXED = re.compile(r"(?P<word>[^\W\d_]+)_?(?P<number>\d*)")


def in_latex(name: str, accent: str = "") -> str:
    r"""Return a name in LaTeX.

    Examples
    --------
    >>> print(in_latex("x1"), in_latex("theta"), in_latex("w_hidden", "bar"), in_latex("p['w']"))
    x_{1} \theta \overline{\mathrm{w\_hidden}} \mathtt{p['w']}
    """
    name = name.translate(_PLAIN_DIGITS)
    match = _INDEXED.fullmatch(name)
    if match and (len(match["word"]) == 1 or match["word"] in _GREEK):
        letter = match["word"] if len(match["word"]) == 1 else f"\\{match['word']}"
        return ACCENTS[accent].format(letter) + (f"_{{{match['number']}}}" if match["number"] else "")
    word = rf"\mathrm{{{escaped(name)}}}" if name.isidentifier() else rf"\mathtt{{{escaped(name)}}}"
    return rf"\overline{{{word}}}" if accent == "bar" else ACCENTS[accent].format(word)


def accented(name: str, accent: str, latex: bool = False) -> str:
    """Return the name of an adjoint ("bar") or a tangent ("dot"): x̄1, weight_bar.

    Examples
    --------
    >>> print(accented("x1", "bar"), accented("y", "dot"), accented("weight", "dot"))
    x̄1 ẏ weight_dot
    """
    if latex:
        return in_latex(name, accent)
    if _SHORT.fullmatch(name.translate(_PLAIN_DIGITS)):
        return unicodedata.normalize("NFC", name[0] + OVER[accent]) + name[1:]
    return f"{name}_{accent}"


def names_of_outputs(graph: Graph) -> list[str]:
    """Return y, or y₁, y₂, …; another letter where an argument has that name."""
    taken = {(node.label or "")[:1] for node in graph.inputs}
    letter = next((letter for letter in "yzfu" if letter not in taken), "out")
    if len(graph.outputs) == 1:
        return [letter]
    return [letter + str(number).translate(SUBSCRIPTS) for number in range(1, 1 + len(graph.outputs))]


_PLAIN_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
