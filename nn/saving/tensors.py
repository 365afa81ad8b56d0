"""The `.safetensors` format: arrays by name, with our checksums in the metadata; extra `train`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

import autodiff as ad
from nn.saving.archive import FORMAT, VERSION, check_version
from nn.saving.state import check_dtype

KEY = "autodiff-nn"  # of our metadata: one key, because the order of several is not fixed


def write_tensors(file: BinaryIO, state: Any) -> None:
    """Write a flat dict of arrays to `file`.

    Raises
    ------
    TypeError
        For a state that is nested or holds anything else than arrays, and dtypes that the format lacks.
    """
    safetensors = _package("save")
    arrays = _flat_arrays(state)
    entries = [[name, array.dtype.name, list(array.shape), _sha256(array)] for name, array in arrays.items()]
    manifest = {"format": FORMAT, "version": VERSION, "library": ad.__version__, "arrays": entries}
    text = json.dumps(manifest)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    file.write(safetensors.save(arrays, metadata={KEY: f"{checksum} {text}"}))


def read_tensors(file: BinaryIO) -> dict[str, np.ndarray]:
    """Return the arrays that were written to `file`, or raise an exception of any kind."""
    safetensors = _package("load")
    data = file.read()
    manifest = _manifest(data)
    loaded = safetensors.load(data)
    names = [name for name, *_ in manifest["arrays"]]
    if sorted(loaded) != sorted(names):
        raise ValueError(f"arrays that are too many or missing: {sorted({*loaded} ^ {*names})}")
    arrays = {name: np.array(loaded[name]) for name in names}
    for name, dtype, shape, checksum in manifest["arrays"]:
        array = arrays[name]
        if [array.dtype.name, list(array.shape), _sha256(array)] != [dtype, shape, checksum]:
            raise ValueError(f"{name!r} differs from its checksum")
    return arrays


def _flat_arrays(state: Any) -> dict[str, np.ndarray]:
    """Return the arrays of `state` by name: contiguous, little-endian, as the format has them."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"save: .safetensors holds a dict from names to arrays; got {type(state).__name__}. Save as .npz."
        )
    arrays = {}
    for name, value in state.items():
        array = value.numpy() if isinstance(value, ad.Tensor) else value
        if not isinstance(name, str) or type(array) not in (np.ndarray, np.memmap):
            raise TypeError(
                f"save: .safetensors holds arrays under names of type str; got {type(value).__name__} "
                f"under {name!r}. Save as .npz."
            )
        check_dtype(array.dtype, f"`{name}`")
        if array.dtype.kind == "U" or array.dtype.name == "complex128":
            raise TypeError(f"save: .safetensors has no such dtype; got {array.dtype} for `{name}`. Save as .npz.")
        arrays[name] = np.array(array, array.dtype.newbyteorder("<"), order="C")
    return arrays


def _manifest(data: bytes) -> dict[str, Any]:
    """Return our part of the metadata, if it is what its checksum says."""
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    if KEY not in metadata:
        raise ValueError(
            "no checksum of nn.save in its metadata; safetensors.numpy.load_file reads files of other programs"
        )
    checksum, _, text = metadata[KEY].partition(" ")
    if hashlib.sha256(text.encode()).hexdigest() != checksum:
        raise ValueError("a manifest that differs from its checksum")
    manifest = json.loads(text)
    check_version(manifest)
    return manifest


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()


def _package(function: str) -> Any:
    return ad.required("safetensors.numpy", "train", function, instead="save as .npz")
