"""The `.npz` format: a zip of `.npy` files that `np.load` reads, and a manifest.

    <name>.npy …       one array each, in C order, named by its path in the state
    manifest.json      format, version, library, the tree, and per array: dtype, shape, sha256 of its file
    manifest.sha256    the checksum of manifest.json, as `sha256sum -c` reads it

Nothing is compressed (the digits of trained parameters do not shrink), and every date is
1980, the first a zip knows: the same state gives the same bytes, and a member is never
larger than the file it stands in. On reading, nothing is believed before its checksum is
checked, and no memory is taken that the size of the file does not justify.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

import autodiff as ad
from nn.saving.errors import CheckpointError
from nn.saving.state import flatten, read_dtype, unflatten

FORMAT = "autodiff-nn checkpoint"
VERSION = 1
MANIFEST, CHECKSUM = "manifest.json", "manifest.sha256"
CHUNK = 1 << 20  # bytes


def write_archive(file: BinaryIO, state: Any) -> None:
    """Write `state` to `file`; see `flatten` for what it raises, before anything is written."""
    tree, arrays = flatten(state)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        entries = {name: _write_array(archive, name, array) for name, array in arrays.items()}
        manifest = {"format": FORMAT, "version": VERSION, "library": ad.__version__, "arrays": entries, "tree": tree}
        text = json.dumps(manifest, indent=1, allow_nan=False).encode("ascii")
        _write_member(archive, MANIFEST, text)
        _write_member(archive, CHECKSUM, f"{_sha256(text)}  {MANIFEST}\n".encode("ascii"))


def read_archive(file: BinaryIO) -> Any:
    """Return the state that was written to `file`, or raise an exception of any kind."""
    with zipfile.ZipFile(file) as archive:
        members = _members(archive, size=file.seek(0, io.SEEK_END))
        manifest = _read_manifest(archive, members)
        entries = manifest["arrays"]
        expected = {MANIFEST, CHECKSUM, *[_member_name(name) for name in entries]}
        if members.keys() != expected:
            raise ValueError(f"members that are too many or missing: {sorted(members.keys() ^ expected)}")
        arrays = {name: _read_array(archive, members[_member_name(name)], entries[name]) for name in entries}
        return unflatten(manifest["tree"], arrays)


def _member_name(name: str) -> str:
    return f"{name}.npy"


def _sha256(data: Any) -> str:
    return hashlib.sha256(data).hexdigest()


# --- writing --------------------------------------------------------------------------------


def _member(name: str, size: int) -> zipfile.ZipInfo:
    """Return an entry that says nothing about the day and the machine."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3  # Unix, whose permissions follow
    info.external_attr = 0o644 << 16
    info.file_size = size  # so that zipfile knows whether 32 bits suffice
    return info


def _write_member(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    with archive.open(_member(name, len(data)), "w") as member:
        member.write(data)


def _write_array(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> dict[str, Any]:
    """Write a `.npy` file into the archive and return its entry in the manifest."""
    header = io.BytesIO()
    npy.write_array_header_1_0(header, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape})
    data = array.reshape(-1).view(np.uint8)
    digest = hashlib.sha256(header.getvalue())
    with archive.open(_member(_member_name(name), header.tell() + data.nbytes), "w") as member:
        member.write(header.getvalue())
        for start in range(0, data.nbytes, CHUNK):
            chunk = data[start : start + CHUNK].tobytes()  # hashed and written alike, whatever others do to the array
            digest.update(chunk)
            member.write(chunk)
    return {"dtype": array.dtype.str, "shape": list(array.shape), "sha256": digest.hexdigest()}


# --- reading --------------------------------------------------------------------------------


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name, if they are plain and fit into a file of `size` bytes."""
    infos = archive.infolist()
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
            raise ValueError(f"member {info.filename!r} is compressed or encrypted, and checkpoints are not")
    members = {info.filename: info for info in infos}
    if len(members) < len(infos):
        raise ValueError("a name twice")
    if sum([info.file_size for info in infos]) > size:
        raise ValueError("members larger than the file")
    return members


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """Return the bytes of a member; zipfile compares its CRC."""
    buffer = np.empty(info.file_size, np.uint8)
    with archive.open(info) as member:
        start = 0
        while chunk := member.read(CHUNK):
            buffer[start : start + len(chunk)] = np.frombuffer(chunk, np.uint8)
            start += len(chunk)
    if start != info.file_size:
        raise ValueError(f"member {info.filename!r} ends early")
    return buffer


def _read_manifest(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    if MANIFEST not in members or CHECKSUM not in members:
        raise ValueError(f"no {MANIFEST} with a {CHECKSUM}: np.load may read it, but nn.save did not write it")
    text = _read_member(archive, members[MANIFEST]).tobytes()
    if _read_member(archive, members[CHECKSUM]).tobytes() != f"{_sha256(text)}  {MANIFEST}\n".encode("ascii"):
        raise ValueError("a manifest that differs from its checksum")
    manifest = json.loads(text)
    check_version(manifest)
    return manifest


def check_version(manifest: Mapping[str, Any]) -> None:
    """Raise for a manifest that this version of the library does not understand."""
    version = manifest["version"]
    if manifest["format"] != FORMAT or type(version) is not int or version < 1:
        raise ValueError(f"format {manifest['format']!r}, version {version!r}")
    if version > VERSION:
        raise CheckpointError(
            f"load: the file is of a newer format than this library reads; got version {version} for {VERSION}, "
            f"written by autodiff-nn {manifest.get('library')}. Upgrade: pip install -U autodiff-nn."
        )


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, entry: Mapping[str, Any]) -> np.ndarray:
    """Return the array of a member whose checksum, dtype and shape are those in the manifest."""
    buffer = _read_member(archive, info)
    if _sha256(buffer) != entry["sha256"]:
        raise ValueError(f"{info.filename!r} differs from its checksum")
    dtype, shape = read_dtype(entry["dtype"]), tuple(entry["shape"])
    start = info.file_size - dtype.itemsize * math.prod(shape)
    header = io.BytesIO(buffer[: max(start, 0)].tobytes())
    if npy.read_magic(header) != (1, 0) or npy.read_array_header_1_0(header) != (shape, False, dtype):
        raise ValueError(f"{info.filename!r} has another dtype or shape than its manifest")
    if header.tell() != start:
        raise ValueError(f"{info.filename!r} has another size than its shape and dtype give")
    return np.frombuffer(buffer, dtype, offset=start).reshape(shape)
