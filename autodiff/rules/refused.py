"""Functions that cannot be differentiated, and for each the reason, which is also the advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core import umath  # the ufuncs on text have no public name

from autodiff.dispatch import RULES, UNLOADED
from autodiff.operands import dtype_of
from autodiff.primitives import Refused


def refused(reason: str, *functions: Callable) -> None:
    """Say why none of `functions` has a derivative, in a sentence that tells what to write instead."""
    for function in functions:
        RULES[function] = Refused(function, reason)


def refuse_complex(function: str, x: Any) -> None:
    """Raise if an operand, or a derivative, of a function that compares numbers is complex."""
    if dtype_of(x).kind == "c":
        raise TypeError(
            f"{function}: complex numbers have no order; got {dtype_of(x)}. "
            "Compare their real parts or sizes: np.where(np.abs(a) > np.abs(b), a, b)."
        )


def named(module: object, names: str) -> list:
    """Return those functions of a module that this version of NumPy has."""
    return [getattr(module, name) for name in names.split() if hasattr(module, name)]


ASSIGN = "It writes into an array that the derivative may need. Write t[i] = v, which is recorded, or np.where."
COUNTS = "Its counts are constant between jumps. Smooth the counts (a sum of kernels), or take np.histogram(t.numpy())."
RECORDS = "Structured arrays are records, not numbers to differentiate. Keep the fields in a dict of arrays."
TEXT = "It works on text. Give it the text alone."
TIMES = "It works on dates. Convert the numbers first: t.numpy().astype('datetime64[D]')."

refused(ASSIGN, np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask)
refused(COUNTS, np.histogram, np.histogram2d, np.histogramdd, np.histogram_bin_edges)
refused(TIMES, np.busday_count, np.busday_offset, np.is_busday, np.datetime_as_string, np.isnat)
refused(
    TEXT,
    *named(
        umath,
        "_center _expandtabs _expandtabs_length _ljust _lstrip_chars _lstrip_whitespace _partition _partition_index "
        "_replace _rjust _rpartition _rpartition_index _rstrip_chars _rstrip_whitespace _slice _strip_chars "
        "_strip_whitespace _zfill count endswith find index isalnum isalpha isdecimal isdigit islower isnumeric "
        "isspace istitle isupper rfind rindex startswith str_len",
    ),
)
refused("Its range would have a length that depends on a traced value. Use np.linspace.", np.arange)
refused(
    "It would copy values out of the graph. Use np.stack([t, u]), and leave out `like`.",
    np.array,
    np.asarray,
    np.asanyarray,
    np.ascontiguousarray,
    np.asfortranarray,
    np.require,
    np.fromiter,
    np.fromfunction,
)
UNLOADED["numpy.lib.recfunctions"] = RECORDS
UNLOADED["numpy.char"] = UNLOADED["numpy.strings"] = TEXT  # SciPy loads these
UNLOADED["numpy.polynomial.polynomial"] = "Use np.polyval along one variable, then along the other."
