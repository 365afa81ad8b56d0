"""`nn.save` and `nn.load`: the same data or an error, whatever happens to the file."""

import hashlib
import json
import math
import os
import stat
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autodiff as ad
import nn
from nn.saving.atomic import remove_unfinished

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


OPTIMISERS = [name for name in nn.optim.__all__ if name not in ("Optimizer", "lr_scheduler") and name[0].isupper()]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimiser_goes_on_from_its_file(tmp_path, name):
    def steps(model, optimizer, count):
        for _ in range(count):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(np.ones((2, 3))), np.zeros((2, 1))).backward()
            optimizer.step()

    model, twin = network(0), network(1)
    optimizer, other = (getattr(nn.optim, name)(m.parameters(), lr=0.1) for m in (model, twin))
    steps(model, optimizer, 3)
    nn.save(tmp_path / "model.npz", model)
    nn.save(tmp_path / "optimizer.npz", optimizer)
    assert same(nn.load(tmp_path / "optimizer.npz"), optimizer.state_dict())
    nn.load(tmp_path / "model.npz", into=twin)
    nn.load(tmp_path / "optimizer.npz", into=other)
    steps(model, optimizer, 3)
    steps(twin, other, 3)
    assert same(twin.state_dict(), model.state_dict())
    with pytest.raises(nn.CheckpointError, match="does not fit a Sequential"):
        nn.load(tmp_path / "optimizer.npz", into=model)


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


def test_several_threads_may_write_and_read_one_path(tmp_path):
    path = tmp_path / "m.npz"
    nn.save(path, np.zeros(3000))
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(nn.save, path, np.full(3000, i)) for i in range(60)]
        for _ in range(60):
            assert len(set(nn.load(path).tolist())) == 1
        for written in writing:
            assert written.result() is None
    assert os.listdir(tmp_path) == ["m.npz"]


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


KILLS = 200
SAVE_AND_KILL = """
import os, signal, sys, time
import numpy as np
import nn

path, kills = sys.argv[1], int(sys.argv[2])

def save(i):
    nn.save(path, {"step": np.array(i), "a": np.full(20_000, i), "b": np.full(3, i, np.float32)})

start = time.perf_counter()
for _ in range(5):
    save(0)
duration = (time.perf_counter() - start) / 5
step = 0
for moment in np.random.default_rng(0).uniform(0.0, 4 * duration, kills):
    pid = os.fork()  # to start Python anew 200 times would take a minute
    if pid == 0:
        while True:
            step += 1
            save(step)
    time.sleep(moment)
    os.kill(pid, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    state = nn.load(path)
    assert list(state) == ["step", "a", "b"] and state["a"].shape == (20_000,) and state["b"].shape == (3,)
    assert (state["a"] == state["step"]).all() and (state["b"] == state["step"]).all()
    assert state["step"] >= step
    step = int(state["step"])
print(step)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork and kill −9")
@pytest.mark.parametrize(("suffix", "kills"), [(".npz", KILLS), (".safetensors", KILLS // 4)])
def test_no_kill_damages_a_file(tmp_path, suffix, kills):
    path = tmp_path / f"m{suffix}"
    command = [sys.executable, "-W", "ignore", "-c", SAVE_AND_KILL, path, str(kills)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    unfinished = len(os.listdir(tmp_path)) - 1
    assert unfinished > 3  # kills hit while a file was being written,
    assert int(result.stdout) > 3  # and others after some were complete
    remove_unfinished(path)
    assert os.listdir(tmp_path) == [path.name]


def test_the_new_file_has_another_name_until_it_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "m.npz"
    nn.save(path, [1])
    seen = []

    def fail(_descriptor):
        seen.extend(os.listdir(tmp_path))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(nn.CheckpointError, match="No space left on device"):
        nn.save(path, [2])
    assert len(seen) == 2
    assert os.listdir(tmp_path) == ["m.npz"] and nn.load(path) == [1]


# --- damaged files ----------------------------------------------------------------------------


def damage(data, rng):
    """Return `data` cut, with bits flipped, bytes overwritten, a piece moved, repeated or left out."""
    kind = rng.integers(7)
    size = len(data)
    a, b = sorted(rng.integers(0, size + 1, 2))
    changed = bytearray(data)
    if kind == 0:
        return bytes(changed[:a])
    if kind == 1:
        for place in rng.integers(0, size, rng.integers(1, 4)):
            changed[place] ^= 1 << rng.integers(8)
    elif kind == 2:
        stop = min(size, a + rng.integers(1, 64))
        changed[a:stop] = rng.bytes(stop - a)
    elif kind == 3:
        changed[a:b] = bytes(b - a)
    elif kind == 4:
        changed = changed[a:b] + changed[:a] + changed[b:]
    elif kind == 5:
        changed = changed[:b] + changed[a:]
    else:
        changed = changed[:a] + changed[b:]
    return bytes(changed)


@pytest.mark.parametrize(("suffix", "state", "count"), [(".npz", STATE, 3000), (".safetensors", FLAT, 1000)])
def test_a_damaged_file_gives_an_error_or_exactly_the_same_data(tmp_path, suffix, state, count):
    path = tmp_path / f"m{suffix}"
    nn.save(path, state)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(count):
        path.write_bytes(damage(data, rng))
        try:
            assert same(nn.load(path), state)
        except nn.CheckpointError:
            refused += 1
    assert refused > 0.9 * count


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_cut_of_a_file_is_noticed(tmp_path, suffix):
    path = tmp_path / f"m{suffix}"
    nn.save(path, {"a": np.arange(3.0)})
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(nn.CheckpointError):
            nn.load(path)


# --- forged files -----------------------------------------------------------------------------


def forge(path, change=lambda _manifest: None, extra=(), arrays=None, **options):
    """Write an archive as somebody would who can compute checksums, after `change` to its manifest."""
    members = {}
    for name, array in (arrays or {"a": np.arange(3.0)}).items():
        if isinstance(array, bytes):
            members[name] = array
        else:
            np.save(path.with_suffix(".npy"), array)
            members[name] = path.with_suffix(".npy").read_bytes()
    entries = {
        name: {"dtype": "<f8", "shape": [3], "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
    }
    manifest = {"format": "autodiff-nn checkpoint", "version": 1, "library": "9.9", "arrays": entries}
    manifest["tree"] = {"dict": {name: {"array": name} for name in members}}
    change(manifest)
    text = json.dumps(manifest)
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
        archive.writestr("manifest.json", text)
        archive.writestr("manifest.sha256", f"{hashlib.sha256(text.encode()).hexdigest()}  manifest.json\n")
        for name, data in extra:
            archive.writestr(name, data)


def test_a_forgery_without_a_fault_is_a_checkpoint(tmp_path):
    forge(tmp_path / "m.npz")
    assert same(nn.load(tmp_path / "m.npz"), {"a": np.arange(3.0)})


def set_entry(**values):
    return lambda manifest: manifest["arrays"]["a"].update(values)


def deep(manifest):
    for _ in range(900):
        manifest["tree"] = [manifest["tree"]]


NPY = b"\x93NUMPY\x01\x00v\x00"
HUGE = NPY + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }".ljust(117) + b"\n"
FORTRAN = np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])
FORGERIES = {
    "a newer version": ({"change": lambda m: m.update(version=2)}, r"newer format.*version 2 for 1.*9\.9\. Upgrade"),
    "version 0": ({"change": lambda m: m.update(version=0)}, "version 0"),
    "version true": ({"change": lambda m: m.update(version=True)}, "version True"),
    "another format": ({"change": lambda m: m.update(format="zoo")}, "format 'zoo'"),
    "no tree": ({"change": lambda m: m.pop("tree")}, "'tree'"),
    "a nested tree": ({"change": deep}, "damaged or no checkpoint"),
    "an unknown tag": ({"change": lambda m: m.update(tree={"pickle": "a"})}, "unknown tag 'pickle'"),
    "an array twice": ({"change": lambda m: m.update(tree=[{"array": "a"}, {"array": "a"}])}, "'a'"),
    "an array nowhere": ({"change": lambda m: m.update(tree=[])}, "arrays without a place: a"),
    "an array that is missing": ({"change": lambda m: m["arrays"].update(b={})}, r"missing: \['b\.npy'\]"),
    "objects": ({"change": set_entry(dtype="|O")}, r"dtype '\|O'"),
    "another dtype": ({"change": set_entry(dtype="<i8")}, "another dtype or shape than its manifest"),
    "another shape": ({"change": set_entry(shape=[3, 1])}, "another dtype or shape than its manifest"),
    "a huge shape": ({"change": set_entry(shape=[10**15])}, "damaged"),
    "a negative shape": ({"change": set_entry(shape=[-3])}, "damaged"),
    "a huge shape on both sides": ({"change": set_entry(shape=[10**15]), "arrays": {"a": HUGE}}, "damaged"),
    "a header that lies": ({"change": set_entry(shape=[0]), "arrays": {"a": HUGE}}, "another dtype or shape"),
    "no array": ({"arrays": {"a": b"gibberish"}}, "damaged"),
    "Fortran order": ({"change": set_entry(shape=[2, 2]), "arrays": {"a": FORTRAN}}, "another dtype or shape"),
    "another checksum": ({"change": set_entry(sha256="0" * 64)}, "differs from its checksum"),
    "an extra member": ({"extra": [("b.npy", b"")]}, r"too many or missing: \['b\.npy'\]"),
    "a path outside": ({"extra": [("../../b.npy", b"")]}, "too many or missing"),
    "a compressed bomb": ({"extra": [("b.npy", bytes(10**7))], "compression": zipfile.ZIP_DEFLATED}, "is compressed"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused(tmp_path, name):
    options, message = FORGERIES[name]
    forge(tmp_path / "m.npz", **options)
    with pytest.raises(nn.CheckpointError, match=message):
        nn.load(tmp_path / "m.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path):
    forge(tmp_path / "m.npz", extra=[("a.npy", b"")])
    with pytest.raises(nn.CheckpointError, match="a name twice"):
        nn.load(tmp_path / "m.npz")


def test_a_safetensors_file_of_a_newer_version_or_a_forged_one_is_refused(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "m.safetensors"
    checksum = hashlib.sha256(np.ones(2).tobytes()).hexdigest()
    for change, message in [
        ({"version": 3}, "newer format.*version 3 for 1"),
        ({"arrays": [["a", "float64", [2], checksum], ["b", "float64", [2], checksum]]}, r"missing: \['b'\]"),
        ({"arrays": [["a", "float64", [2], "0" * 64]]}, "'a' differs from its checksum"),
        ({"arrays": [["a", "float32", [2], checksum]]}, "'a' differs from its checksum"),
    ]:
        manifest = {"format": "autodiff-nn checkpoint", "version": 1, "library": "9.9", "arrays": [], **change}
        text = json.dumps(manifest)
        save_file({"a": np.ones(2)}, path, {"autodiff-nn": f"{hashlib.sha256(text.encode()).hexdigest()} {text}"})
        with pytest.raises(nn.CheckpointError, match=message):
            nn.load(path)


# --- refusals ---------------------------------------------------------------------------------


def circle():
    state = []
    state.append(state)
    return state


SAVES = [
    ("m.npz", {"a": [np.array([None])]}, TypeError, "`a/0` holds values that no checkpoint can hold; got dtype object"),
    ("m.npz", {"a": np.zeros(2, "f4,i4")}, TypeError, "`a` holds values .*got dtype .*'<f4'"),
    ("m.npz", np.array(["2020-01-01"], "M8[D]"), TypeError, r"the state holds values .*got dtype datetime64\[D\]"),
    ("m.npz", [np.datetime64("2020")], TypeError, "`0` holds values .*got dtype datetime64"),
    ("m.npz", {"a": np.array([b"x"])}, TypeError, "got dtype |S1"),
    ("m.npz", {"a": np.ma.masked_array([1.0], [True])}, TypeError, "`a` must be a plain array; got MaskedArray"),
    ("m.npz", {"a": {"b": print}}, TypeError, "`a/b` is neither an array nor .*got builtin_function_or_method"),
    ("m.npz", {"a": 1j}, TypeError, "`a` is neither an array nor .*got complex"),
    ("m.npz", {"a": b"x"}, TypeError, "`a` is neither .*got bytes"),
    ("m.npz", {"a": {1, 2}}, TypeError, "`a` is neither .*got set"),
    ("m.npz", {"a": np.random.default_rng(0)}, TypeError, "`a` is neither .*got Generator"),
    ("m.npz", {1.5: 0}, TypeError, r"the keys of the state must be str or int; got 1\.5 of type float"),
    ("m.npz", {"a": {True: 0}}, TypeError, "the keys of `a` must be str or int; got True of type bool"),
    ("m.npz", {1: 0, "1": 0}, ValueError, r"an int and a str key of the state share one name; got \[1, '1'\]"),
    ("m.npz", circle(), ValueError, "nests deeper than 64 levels; got list at `0/0/0/0`"),
    ("m.pt", {}, ValueError, r"save: the path must end in one of \.npz, \.safetensors; got '.*m\.pt'. Add the suffix"),
    ("m", {}, ValueError, "must end in one of"),
    ("no/m.npz", {}, nn.CheckpointError, "save: .*m.npz cannot be written; got No such file or directory"),
    ("file/m.npz", {}, nn.CheckpointError, "cannot be written; got Not a directory"),
    ("dir.npz", {}, nn.CheckpointError, "cannot be written; got it is there and no regular file"),
    ("m.safetensors", [1], TypeError, r"\.safetensors holds a dict from names to arrays; got list. Save as \.npz"),
    ("m.safetensors", {"a": 1}, TypeError, "holds arrays under names of type str; got int under 'a'"),
    ("m.safetensors", {1: np.ones(2)}, TypeError, "holds arrays under names of type str; got ndarray under 1"),
    ("m.safetensors", {"a": {"b": np.ones(2)}}, TypeError, "got dict under 'a'"),
    ("m.safetensors", {"a": np.array(["x"])}, TypeError, "no such dtype; got <U1 for `a`"),
    ("m.safetensors", {"a": np.ones(2, complex)}, TypeError, "no such dtype; got complex128 for `a`"),
    ("m.safetensors", {"a": np.array([None])}, TypeError, "`a` holds values that no checkpoint can hold"),
]


@pytest.mark.parametrize(("name", "state", "error", "message"), SAVES, ids=range(len(SAVES)))
def test_what_cannot_be_saved_is_refused(tmp_path, name, state, error, message):
    (tmp_path / "file").touch()
    (tmp_path / "dir.npz").mkdir()
    with pytest.raises(error, match=message):
        nn.save(tmp_path / name, state)
    assert sorted(os.listdir(tmp_path)) == ["dir.npz", "file"]


@pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="longdouble is float64")
def test_longdouble_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"got dtype .*float(96|128)"):
        nn.save(tmp_path / "m.npz", [np.longdouble([1])])


LOADS = [
    ("m.pt", None, ValueError, "load: the path must end in one of"),
    ("none.npz", None, nn.CheckpointError, "none.npz cannot be read; got No such file or directory"),
    ("dir.npz", None, nn.CheckpointError, "dir.npz cannot be read; got Is a directory"),
    ("empty.npz", None, nn.CheckpointError, "empty.npz is damaged or no checkpoint; got File is not a zip file"),
    ("numpy.npz", None, nn.CheckpointError, "got no manifest.json with a manifest.sha256: np.load may read it"),
    ("theirs.safetensors", None, nn.CheckpointError, "no checksum of nn.save.*safetensors.numpy.load_file reads"),
    ("empty.safetensors", None, nn.CheckpointError, "damaged or no checkpoint"),
    ("list.npz", 5, TypeError, "load: into must have load_state_dict; got int. Pass a module or an optimiser"),
    ("list.npz", network(), nn.CheckpointError, "does not fit a Sequential, .*takes a mapping .*got list"),
]


@pytest.mark.parametrize(("name", "into", "error", "message"), LOADS, ids=range(len(LOADS)))
def test_what_cannot_be_loaded_is_refused(tmp_path, name, into, error, message):
    from safetensors.numpy import save_file

    (tmp_path / "dir.npz").mkdir()
    (tmp_path / "empty.npz").touch()
    (tmp_path / "empty.safetensors").touch()
    np.savez(tmp_path / "numpy.npz", a=np.ones(2))
    save_file({"a": np.ones(2)}, tmp_path / "theirs.safetensors")
    nn.save(tmp_path / "list.npz", [1])
    with pytest.raises(error, match=message):
        nn.load(tmp_path / name, into)


@pytest.mark.parametrize("function", [nn.load, lambda path: nn.save(path, {})])
def test_a_path_is_text(function):
    with pytest.raises(
        TypeError, match=r"path must be a str or a path; got int\. Write 'model\.npz', before what is saved\."
    ):
        function(5)
    with pytest.raises(TypeError, match="path must be a str or a path; got dict"):
        function({"a": 1})


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    nn.save(tmp_path / "m.safetensors", FLAT)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (lambda path: nn.save(path, FLAT), nn.load):
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'autodiff-nn\[train\]', or save as \.npz"):
            call(tmp_path / "m.safetensors")
