"""`nn.save` and `nn.load`: the same data or an error, whatever happens to the file."""

import hashlib
import io
import json
import math
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autodiff as ad
import nn

SUFFIXES = [".npz", ".safetensors"]
FLAT = {
    "0.weight": np.random.default_rng(0).normal(size=(5, 4)),
    "0.bias": np.random.default_rng(1).normal(size=4).astype(np.float32),
    "count": np.array(7),
    "mask": np.array([True, False]),
    "empty": np.zeros((0, 3)),
}
STATE = {
    **FLAT,
    "nested": {"": np.float32(0.1), "a/b": [np.array(1 + 2j), (1, None, True)], "..": np.array(["x", "ü"])},
    "numbers": [-0.0, math.inf, -math.inf, math.nan, 5e-324, 0.1, 2**128 - 1, -(2**53) - 1, 3],
    5: {"text": "η \ud800 \x00", "nothing": {}, "scalar": np.str_("a"), "flag": np.bool_(True)},
}


def network(rng=0, hidden=5):
    return nn.Sequential(nn.Linear(3, hidden, rng=rng), nn.Tanh(), nn.Linear(hidden, 1, rng=rng))


def same(a, b):
    """Whether two states are the same to the last bit, types and dtypes included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (np.ndarray, np.generic)):
        return (a.dtype.str, a.shape, a.tobytes()) == (b.dtype.str, b.shape, b.tobytes())
    if isinstance(a, float):
        return np.float64(a).tobytes() == np.float64(b).tobytes()
    return a == b


def test_same_tells_apart():
    different = [
        0.0,
        -0.0,
        0,
        False,
        np.float64(0),
        np.array(0.0),
        np.array(0.0, ">f8"),
        [0.0],
        (0.0,),
        {"a": 0.0},
        None,
    ]
    assert [[same(a, b) for b in different] for a in different] == np.eye(len(different), dtype=bool).tolist()
    assert same(math.nan, math.nan) and not same(math.nan, -math.nan)


# --- what goes in comes out -------------------------------------------------------------------


def test_a_nested_state_comes_back_to_the_last_bit(tmp_path):
    nn.save(tmp_path / "state.npz", STATE)
    assert same(nn.load(tmp_path / "state.npz"), STATE)


def test_flat_arrays_come_back_from_safetensors(tmp_path):
    nn.save(tmp_path / "state.safetensors", FLAT)
    assert same(nn.load(tmp_path / "state.safetensors"), FLAT)
    from safetensors.numpy import load_file

    assert {name: a.tolist() for name, a in load_file(tmp_path / "state.safetensors").items()} == {
        name: a.tolist() for name, a in FLAT.items()
    }


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.just(math.nan),
    st.text(st.characters(codec=None)),
    arrays.arrays(
        arrays.scalar_dtypes().filter(lambda d: d.kind in "biufc" and d.str[1:] not in ("f16", "c32")),
        arrays.array_shapes(min_dims=0, min_side=0, max_side=3),
    ),
)
KEYS = st.text(st.characters(codec=None), max_size=4)


@settings(max_examples=100, deadline=None)
@given(st.recursive(LEAVES, lambda s: st.lists(s) | st.dictionaries(KEYS, s) | st.tuples(s, s), max_leaves=8))
def test_any_state_comes_back(tmp_path_factory, state):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    nn.save(path, state)
    assert same(nn.load(path), state)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_memory_order_becomes_c_and_arrays_are_ones_own(tmp_path, suffix):
    base = np.arange(24.0).reshape(2, 3, 4)
    state = {"fortran": np.asfortranarray(base), "strided": base[:, ::-2, 1:], "turned": base.T, "one": base[1, 1, 1:2]}
    nn.save(tmp_path / f"m{suffix}", state)
    loaded = nn.load(tmp_path / f"m{suffix}")
    assert {k: v.tolist() for k, v in loaded.items()} == {k: v.tolist() for k, v in state.items()}
    for array in loaded.values():
        assert array.flags.c_contiguous and array.flags.writeable and array.flags.aligned
        array += 1
    assert base.max() == 23.0


def test_byte_order_is_kept_in_npz_and_little_in_safetensors(tmp_path):
    state = {"big": np.arange(3, dtype=">f8"), "little": np.arange(3, dtype="<i2")}
    nn.save(tmp_path / "m.npz", state)
    assert same(nn.load(tmp_path / "m.npz"), state)
    nn.save(tmp_path / "m.safetensors", state)
    assert same(nn.load(tmp_path / "m.safetensors"), {**state, "big": state["big"].astype("<f8")})


def test_tensors_memmaps_and_the_bare_array(tmp_path):
    memmap = np.memmap(tmp_path / "raw", np.float32, "w+", shape=(3,))
    memmap[:] = [1, 2, 3]
    nn.save(tmp_path / "m.npz", [ad.tensor([1.0]), nn.Parameter([2.0]), memmap])
    assert same(nn.load(tmp_path / "m.npz"), [np.array([1.0]), np.array([2.0]), np.float32([1, 2, 3])])
    nn.save(tmp_path / "bare.npz", np.arange(3))
    assert same(nn.load(tmp_path / "bare.npz"), np.arange(3))
    assert np.load(tmp_path / "bare.npz")["array"].tolist() == [0, 1, 2]


def test_plain_numpy_reads_the_arrays_by_name(tmp_path):
    model = network()
    nn.save(tmp_path / "m.npz", model)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        assert [name for name in file.files if "manifest" not in name] == list(model.state_dict())
        for name, array in model.state_dict().items():
            assert same(file[name], array)
        manifest = json.loads(file["manifest.json"])
    assert manifest["format"] == "autodiff-nn checkpoint"
    assert manifest["version"] == 1 and manifest["library"] == ad.__version__
    entry = manifest["arrays"]["0.weight"]
    assert (entry["dtype"], entry["shape"]) == ("<f8", [3, 5])
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        assert entry["sha256"] == hashlib.sha256(archive.read("0.weight.npy")).hexdigest()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_state_gives_the_same_bytes(tmp_path, suffix):
    contents = set()
    for i in range(5):
        nn.save(tmp_path / f"{i}{suffix}", FLAT)
        contents.add((tmp_path / f"{i}{suffix}").read_bytes())
    assert len(contents) == 1
    nn.save(tmp_path / f"again{suffix}", nn.load(tmp_path / f"0{suffix}"))
    assert (tmp_path / f"again{suffix}").read_bytes() in contents


# --- into a model -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_model_is_saved_and_loaded_into_another(tmp_path, suffix):
    model, other = network(0), network(1)
    nn.save(tmp_path / f"m{suffix}", model)
    assert nn.load(tmp_path / f"m{suffix}", into=other) is other
    assert same(other.state_dict(), model.state_dict())
    third = network(2)
    third.load_state_dict(nn.load(tmp_path / f"m{suffix}"))
    assert same(third.state_dict(), model.state_dict())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_loading_into_another_model_names_every_mismatch_and_changes_nothing(tmp_path, suffix):
    state = network().state_dict()
    state["3.weight"] = state.pop("2.weight")
    state["0.bias"] = state["0.bias"][:-1]
    state["0.weight"] = state["0.weight"] + 1j * np.float32(1)
    if suffix == ".safetensors":
        state["0.weight"] = state["0.weight"].astype(np.complex64)
    nn.save(tmp_path / f"m{suffix}", state)
    model = network(1)
    before = model.state_dict()
    message = (
        r"does not fit a Sequential, which is unchanged.*`2\.weight` is missing; `3\.weight` is unknown; "
        r"`0\.bias` has shape \(4,\) for \(5,\); `0\.weight` has dtype complex\d+ for float64"
    )
    with pytest.raises(nn.CheckpointError, match=message):
        nn.load(tmp_path / f"m{suffix}", into=model)
    assert same(model.state_dict(), before)


# --- writing ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_are_the_umasks_at_first_and_then_kept(tmp_path):
    path = tmp_path / "m.npz"
    old = os.umask(0o027)
    try:
        nn.save(path, FLAT)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    nn.save(path, FLAT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights elsewhere")
def test_a_symbolic_link_is_followed_and_stays(tmp_path):
    (tmp_path / "runs").mkdir()
    link, target = tmp_path / "latest.npz", tmp_path / "runs" / "first.npz"
    link.symlink_to(target)
    nn.save(link, [1])
    nn.save(link, [2])
    assert link.is_symlink() and not target.is_symlink()
    assert nn.load(target) == nn.load(link) == [2]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["first.npz", "latest.npz", "runs"]


def test_a_name_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("ü" * 125 + ".npz")
    nn.save(path, [1])
    assert nn.load(path) == [1]


class Interrupted(dict):
    """A state during whose writing the user presses Ctrl-C."""

    def items(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("state", "error"),
    [({"a": np.ones(3), "b": object()}, TypeError), (Interrupted(a=1), KeyboardInterrupt)],
)
def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, state, error):
    path = tmp_path / "m.npz"
    nn.save(path, FLAT)
    before = path.read_bytes()
    with pytest.raises(error):
        nn.save(path, state)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.npz"]


FULL_DISK = """
import resource, sys
import numpy as np
import nn
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    nn.save(sys.argv[1], {"a": np.ones(50_000)})
except nn.CheckpointError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    nn.save(path, FLAT)
    result = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, check=True)
    assert f"save: {path} cannot be written; got File too large. What was there before is intact" in result.stdout
    assert same(nn.load(path), FLAT)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("which", ["directory", "file"])
def test_what_is_read_only_stays_as_it_is(tmp_path, which):
    directory = tmp_path / "kept"
    directory.mkdir()
    path = directory / "m.npz"
    nn.save(path, [1])
    protected, mode = (directory, 0o555) if which == "directory" else (path, 0o444)
    protected.chmod(mode)
    program = (
        "import os, sys, nn\n"
        "os.chdir(sys.argv[1])\n"  # the superuser may write everywhere, and others may not enter here
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try: nn.save('m.npz', [2])\n"
        "except nn.CheckpointError as error: print(error)\n"
    )
    try:
        result = subprocess.run([sys.executable, "-c", program, directory], capture_output=True, text=True, check=True)
        assert "save: m.npz cannot be written; got " in result.stdout
        assert nn.load(path) == [1]
    finally:
        protected.chmod(0o755)


SAVER = """
import sys
import numpy as np
import nn
print("ready", flush=True)
i = 0
while True:
    nn.save(sys.argv[1], {"step": i, "a": np.full(20_000, i), "b": np.full(3, i, np.float32)})
    i += 1
"""
KILLS = 200


@pytest.mark.skipif(os.name != "posix", reason="kill −9")
def test_no_kill_damages_a_file(tmp_path):
    """One saving process per file is too slow to start 200 times: each is a fork, killed at a moment of its own."""
    path = tmp_path / "m.npz"
    moments = np.random.default_rng(0).uniform(0.0, 0.03, KILLS)
    steps = []
    for moment in moments:
        pid = os.fork()
        if pid == 0:
            try:
                _save_for_ever(path)
            finally:
                os._exit(1)
        time.sleep(moment)
        os.kill(pid, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
        if path.exists():
            state = nn.load(path)
            assert set(state["a"].tolist()) == {state["step"]} and (state["b"] == state["step"]).all()
            steps.append(state["step"])
    assert len(steps) > KILLS // 2 and len(set(steps)) > 3


def _save_for_ever(path):
    for i in range(10**9):
        nn.save(path, {"step": i, "a": np.full(20_000, i), "b": np.full(3, i, np.float32)})
