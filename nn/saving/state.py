"""A nested state as a tree of JSON values and a flat dict of arrays, and back.

What JSON has is written as it is: None, bool, str, finite floats, ints of up to 53 bits
(others lose digits in many JSON readers), lists. All else is an object with one key, the
tag:

    {"array": name}    {"scalar": [dtype, bytes in hex]}    {"float": "inf"}    {"int": "0x…"}
    {"dict": {key: value}}    {"items": [[key, value], …]}    {"tuple": [value, …]}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np

import autodiff as ad

MAX_DEPTH = 64  # a state that nests deeper contains itself, or is not a state
EXACT_IN_JSON = 2**53  # up to here every JSON reader keeps every integer
DTYPE = re.compile(r"[<>|](b1|[iu][1248]|f[248]|c8|c16|U\d+)")  # portable, no Python objects inside

Path = tuple[str | int, ...]


def flatten(state: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """Return the tree of `state` and its arrays by name: keys and indices, joined by `/`.

    Raises
    ------
    TypeError
        Naming the first value that is neither an array nor something JSON has.
    ValueError
        For a state that contains itself, and for keys that would share one name.
    """
    arrays: dict[str, np.ndarray] = {}
    return _encode(state, (), arrays), arrays


def unflatten(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the state that `flatten` took apart; any other tree raises an exception."""
    left = dict(arrays)
    state = _decode(tree, left)
    if left:
        raise ValueError(f"arrays without a place: {', '.join(left)}")
    return state


def check_dtype(dtype: np.dtype, place: str) -> None:
    """Raise TypeError for numbers that would not be the same on every machine, and for objects."""
    if not DTYPE.fullmatch(dtype.str):
        raise TypeError(
            f"save: {place} holds values that no checkpoint can hold; got dtype {dtype}. "
            "Save bool, int, float16/32/64, complex64/128 or str arrays; convert others, such as x.astype(float)."
        )


def _encode(value: Any, path: Path, arrays: dict[str, np.ndarray]) -> Any:
    if len(path) > MAX_DEPTH:
        raise ValueError(
            f"save: the state nests deeper than {MAX_DEPTH} levels; got {type(value).__name__} at {_place(path[:4])}…. "
            "It may contain itself; save its parts."
        )
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) <= EXACT_IN_JSON else {"int": hex(value)}
    if type(value) is float:
        return value if math.isfinite(value) else {"float": _not_finite(value)}
    if isinstance(value, np.generic):
        check_dtype(value.dtype, _place(path))
        return {"scalar": [value.dtype.str, value.tobytes().hex()]}
    if isinstance(value, (np.ndarray, ad.Tensor)):
        return {"array": _put(value, path, arrays)}
    if isinstance(value, Mapping):
        return _encode_mapping(value, path, arrays)
    if type(value) in (list, tuple):
        items = [_encode(item, (*path, i), arrays) for i, item in enumerate(value)]
        return items if type(value) is list else {"tuple": items}
    raise TypeError(
        f"save: {_place(path)} is neither an array nor a number, text, list, tuple or dict; "
        f"got {type(value).__name__}. Save what describes it, such as its state_dict()."
    )


def _encode_mapping(value: Mapping, path: Path, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    for key in value:
        if type(key) not in (str, int):
            raise TypeError(
                f"save: the keys of {_place(path)} must be str or int; got {key!r} of type {type(key).__name__}. "
                "Convert them."
            )
    if len({str(key) for key in value}) < len(value):
        raise ValueError(f"save: an int and a str key of {_place(path)} share one name; got {list(value)}. Rename one.")
    items = [(key, _encode(item, (*path, key), arrays)) for key, item in value.items()]
    if all(type(key) is str for key in value):
        return {"dict": dict(items)}
    return {"items": [list(item) for item in items]}


def _put(value: Any, path: Path, arrays: dict[str, np.ndarray]) -> str:
    """Enter an array into `arrays` and return its name."""
    array = value.numpy() if isinstance(value, ad.Tensor) else value
    if type(array) not in (np.ndarray, np.memmap):
        raise TypeError(
            f"save: {_place(path)} must be a plain array; got {type(array).__name__}. "
            "Pass np.asarray of it (for masked values: the data and the mask)."
        )
    check_dtype(array.dtype, _place(path))
    name = _name(path)
    arrays[name] = np.asarray(array, order="C")
    return name


def _decode(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return the value of `tree`, taking its arrays out of `arrays`."""
    if isinstance(tree, list):
        return [_decode(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    ((tag, content),) = tree.items()
    match tag:
        case "array":
            return arrays.pop(content)
        case "scalar":
            dtype, data = content
            return np.frombuffer(bytes.fromhex(data), read_dtype(dtype))[0]
        case "float":
            return float(content)
        case "int":
            return int(content, 16)
        case "dict":
            return {key: _decode(item, arrays) for key, item in content.items()}
        case "items":
            return {key: _decode(item, arrays) for key, item in content}
        case "tuple":
            return tuple([_decode(item, arrays) for item in content])
    raise ValueError(f"unknown tag {tag!r}")


def read_dtype(text: str) -> np.dtype:
    """Return the dtype a file names, if it is one that `save` writes."""
    if not DTYPE.fullmatch(text):
        raise ValueError(f"dtype {text!r}")
    return np.dtype(text)


def _not_finite(value: float) -> str:
    """Return inf, -inf, nan or -nan, from which `float` makes the same bits."""
    return f"{'-' if math.copysign(1.0, value) < 0 else ''}{'nan' if math.isnan(value) else 'inf'}"


def _name(path: Path) -> str:
    """Return the path as a file name that stays inside its archive; no two paths share one."""
    return "/".join([_escape(str(part)) for part in path]) if path else "array"


def _escape(part: str) -> str:
    text = quote(part, safe="", errors="surrogatepass")
    return text if text.strip(".") else text.replace(".", "%2E") or "%"


def _place(path: Path) -> str:
    return f"`{'/'.join(map(str, path))}`" if path else "the state"
