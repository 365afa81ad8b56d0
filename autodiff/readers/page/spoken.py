"""Formulas as a screen reader can say them: accents as words, no small digits."""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.readers.writer import OVER


def in_words(text: str) -> str:
    """Return a formula in words.

    Examples
    --------
    >>> in_words("v̄₀ = v̄₂ · v₋₁")
    'adjoint of v0 = adjoint of v2 · v-1'
    """
    return "".join(_words(text)).translate(_PLAIN_DIGITS)


def _words(text: str) -> Iterator[str]:
    """Yield the characters, the word before each that carries an accent."""
    for character, following in zip(text, [*text[1:], ""], strict=True):
        if following in _ACCENTS:
            yield f"{_ACCENTS[following]} "
        if character not in _ACCENTS:
            yield character


_ACCENTS = {OVER["bar"]: "adjoint of", OVER["dot"]: "tangent of"}
_PLAIN_DIGITS = str.maketrans("₋₀₁₂₃₄₅₆₇₈₉", "-0123456789")
