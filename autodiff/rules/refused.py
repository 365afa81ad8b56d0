"""Functions that cannot be differentiated, and for each the reason, which is also the advice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy._core import umath  # the ufuncs on text have no public name

from autodiff.dispatch import RULES, UNLOADED
from autodiff.primitives import Refused


def refused(reason: str, *functions: Callable) -> None:
    """Say why none of `functions` has a derivative, in a sentence that tells what to write instead."""
    for function in functions:
        RULES[function] = Refused(function, reason)


def named(module: object, names: str) -> list:
    """Return those functions of a module that this version of NumPy has."""
    return [getattr(module, name) for name in names.split() if hasattr(module, name)]


ASSIGN = "It writes into an array that the derivative may need. Write t[i] = v, which is recorded, or np.where."
LATER = "Complex transforms come in a later version. A short one can be written with sums of np.cos and np.sin."
COMPLEX = "Its result is complex for some arguments. Use the function of the same name in np inside its real domain."
COUNTS = "Its counts are constant between jumps. Smooth the counts (a sum of kernels), or take np.histogram(t.numpy())."
RECORDS = "Structured arrays are records, not numbers to differentiate. Keep the fields in a dict of arrays."
TEXT = "It works on text. Give it the text alone."
TIMES = "It works on dates. Convert the numbers first: t.numpy().astype('datetime64[D]')."

refused(ASSIGN, np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask)
refused(
    LATER,
    *named(np.fft, "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn"),
)
refused(COMPLEX, *named(np.emath, "sqrt log log2 logn log10 power arccos arcsin arctanh"))
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
refused(
    "The roots come from the eigenvalues of a companion matrix and are complex. Differentiate p(r) = 0 at a root r: "
    "dr/dp = -rⁿ⁻ᵏ / p'(r).",
    np.roots,
)
refused("Its result is complex. Use np.sort.", np.sort_complex)
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
