"""Data for training: splits, mini-batches, one-hot rows, tables in files, scales."""

import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from nn.data import DataLoader, Standardize, TensorDataset, load_csv, one_hot, split, train_test_split


def arrays(n=10):
    return np.arange(2.0 * n).reshape(n, 2), np.arange(n)


def batches_of(loader):
    return [tuple(a.copy() for a in batch) for batch in loader]


def equal(first, second):
    return len(first) == len(second) and all(
        np.array_equal(a, b) for x, y in zip(first, second, strict=True) for a, b in zip(x, y, strict=True)
    )


# --- split -----------------------------------------------------------------------------------------


@given(st.integers(3, 60), st.integers(1, 4), st.integers(0, 2**40), st.booleans())
def test_a_split_loses_and_repeats_nothing_and_keeps_pairs_together(n, n_parts, seed, shuffle):
    rng = np.random.default_rng(seed)
    n_parts = min(n_parts, n)
    cuts = np.sort(rng.choice(np.arange(1, n), n_parts - 1, replace=False))
    counts = np.diff([0, *cuts, n]).tolist()
    X, y = arrays(n)
    parts = split(X, y, sizes=counts, shuffle=shuffle, rng=seed)
    assert [len(rows) for rows, _ in parts] == counts
    assert np.array_equal(np.sort(np.concatenate([labels for _, labels in parts])), y)
    assert all(np.array_equal(rows, X[labels]) for rows, labels in parts)


def test_fractions_are_rounded_to_parts_that_add_up():
    for n in (5, 7, 10, 101):
        sizes = [len(part[0]) for part in split(np.arange(n), sizes=[0.6, 0.2, 0.2], rng=0)]
        assert sum(sizes) == n
        assert all(abs(size - share * n) < 1 for size, share in zip(sizes, [0.6, 0.2, 0.2], strict=True))


def test_the_same_seed_gives_the_same_split_and_another_one_another():
    first, again, other = (split(np.arange(50), sizes=[0.5, 0.5], rng=seed)[0][0] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    generator = np.random.default_rng(3)
    assert not np.array_equal(*[split(np.arange(50), sizes=[25, 25], rng=generator)[0][0] for _ in range(2)])


@pytest.mark.parametrize("seed", range(20))
def test_a_stratified_split_shares_out_each_class(seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, 200, p=[0.7, 0.2, 0.1])
    two = split(np.arange(200), labels, sizes=[0.75, 0.25], stratify=labels, rng=seed)
    three = split(np.arange(200), labels, sizes=[0.6, 0.2, 0.2], stratify=labels, rng=seed)
    for parts, bound in ((two, 1.0), (three, 2.0)):
        assert np.array_equal(np.sort(np.concatenate([rows for rows, _ in parts])), np.arange(200))
        for rows, classes in parts:
            assert np.array_equal(labels[rows], classes)
            for k in range(3):
                assert abs(np.sum(classes == k) - len(rows) * np.mean(labels == k)) < bound


def test_train_test_split_has_the_order_and_sizes_of_scikit_learn():
    model_selection = pytest.importorskip("sklearn.model_selection")
    X, y = arrays(23)
    for size in (0.25, 0.1, 5):
        ours = train_test_split(X, y, test_size=size, rng=0)
        theirs = model_selection.train_test_split(X, y, test_size=size)
        assert [a.shape for a in ours] == [a.shape for a in theirs]
        assert np.array_equal(ours[0], X[ours[2]])


# --- mini-batches ----------------------------------------------------------------------------------


def test_every_sample_comes_once_in_an_epoch():
    X, y = arrays(10)
    for shuffle in (False, True):
        loader = DataLoader(TensorDataset(X, y), batch_size=3, shuffle=shuffle, rng=0)
        for _ in range(3):
            got = batches_of(loader)
            assert [len(labels) for _, labels in got] == [3, 3, 3, 1]
            assert sorted(np.concatenate([labels for _, labels in got])) == list(range(10))
            assert all(np.array_equal(rows, X[labels]) for rows, labels in got)
        assert len(loader) == 4
    full = DataLoader((X, y), batch_size=3, shuffle=True, drop_last=True, rng=0)
    assert [len(labels) for _, labels in full] == [3, 3, 3] and len(full) == 3
    assert [len(labels) for _, labels in DataLoader((X, y), None)] == [10]


def test_the_order_is_a_function_of_seed_and_epoch_alone():
    loader, late = (DataLoader(arrays(40), 7, True, rng=5) for _ in range(2))
    epochs = [batches_of(loader) for _ in range(3)]
    assert not equal(epochs[0], epochs[1])
    late.set_epoch(2)
    assert equal(batches_of(late), epochs[2])
    assert np.array_equal(np.concatenate([labels for _, labels in epochs[1]]), late.order(1))
    assert np.array_equal(late.order(7), DataLoader(arrays(40), 3, True, rng=5).order(7))
    assert not np.array_equal(late.order(7), DataLoader(arrays(40), 3, True, rng=6).order(7))


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("position", range(1, 5))
def test_the_state_resumes_in_the_middle_of_an_epoch(shuffle, position):
    whole = DataLoader(arrays(), 3, shuffle, rng=1)
    expected = [batches_of(whole) for _ in range(3)]
    broken = DataLoader(arrays(), 3, shuffle, rng=1)
    batches_of(broken)
    for k, _ in enumerate(broken):
        if k + 1 == position:
            state = json.loads(json.dumps(broken.state_dict()))
            break
    resumed = DataLoader(arrays(), 3, shuffle, rng=2)
    resumed.load_state_dict(state)
    assert equal(batches_of(resumed), expected[1][position:])
    assert equal(batches_of(resumed), expected[2])


def test_a_loop_left_early_is_followed_by_the_next_epoch():
    loader, whole = (DataLoader(arrays(), 3, True, rng=1) for _ in range(2))
    expected = [batches_of(whole) for _ in range(2)]
    next(iter(loader))
    assert equal(batches_of(loader), expected[1])


def test_pairs_are_stacked_as_pytorch_stacks_them():
    torch = pytest.importorskip("torch")
    pairs = [(np.array([i, i + 0.5]), i % 2) for i in range(5)]
    ours = list(DataLoader(pairs, batch_size=2))
    theirs = list(torch.utils.data.DataLoader(pairs, batch_size=2))
    for batch, expected in zip(ours, theirs, strict=True):
        for a, b in zip(batch, expected, strict=True):
            assert a.dtype == b.numpy().dtype and np.array_equal(a, b.numpy())


def test_batches_without_shuffle_are_views():
    X, y = arrays()
    for rows, labels in DataLoader((X, y), 4):
        assert np.shares_memory(rows, X) and np.shares_memory(labels, y)


def test_shuffled_batches_are_independent_of_each_other():
    first, second = list(DataLoader(arrays(), 5, True, rng=0))
    assert not np.shares_memory(first[0], second[0])


def resident(path):
    """Return how many bytes of the file at `path` this process has in memory."""
    with open("/proc/self/smaps") as file:
        lines = iter(file.read().splitlines())
    for line in lines:
        if line.endswith(str(path)):
            for entry in lines:
                if entry.startswith("Rss:"):
                    return int(entry.split()[1]) * 1024
    raise AssertionError("the file is not mapped")


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="reads Linux's list of mappings")
def test_a_memory_map_is_read_by_the_batch_only(tmp_path):
    path = tmp_path / "X.dat"
    np.memmap(path, np.float32, "w+", shape=(4096, 4096)).flush()  # 64 MiB of holes
    X = np.memmap(path, np.float32, "r", shape=(4096, 4096))
    before = resident(path)
    loader = DataLoader(TensorDataset(X, np.arange(4096)), batch_size=4, shuffle=True, rng=0)
    rows, labels = next(iter(loader))
    assert type(rows) is np.ndarray and rows.shape == (4, 4096) and len(labels) == 4
    assert resident(path) - before < 8 * 2**20  # 4 rows of 16 KiB, and what the system reads ahead


# --- one-hot ---------------------------------------------------------------------------------------


def test_one_hot():
    labels = np.array([[0, 2], [1, 1]])
    rows = one_hot(labels, 4, dtype=np.float32)
    assert rows.shape == (2, 2, 4) and rows.dtype == np.float32
    assert np.array_equal(rows.argmax(axis=-1), labels) and np.array_equal(rows.sum(axis=-1), np.ones((2, 2)))
    assert np.array_equal(one_hot([True, False]), [[0.0, 1.0], [1.0, 0.0]])
    assert np.array_equal(one_hot(np.array([1.0, 0.0])), [[0.0, 1.0], [1.0, 0.0]])


# --- tables ----------------------------------------------------------------------------------------


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_table_is_read_to_the_last_digit(tmp_path):
    values = np.random.default_rng(0).normal(size=(50, 3)) * 10.0 ** np.arange(-100, 200, 100)
    path = tmp_path / "table.csv"
    np.savetxt(path, values, delimiter=",", fmt="%.17g")
    assert np.array_equal(load_csv(path), values)
    np.savetxt(path, values, delimiter=";", fmt="%.17g", header="a;b;c", comments="")
    assert np.array_equal(load_csv(path, delimiter=";", columns=["c", 0]), values[:, [2, 0]])
    X, y = load_csv(str(path), delimiter=";", target="b")
    assert np.array_equal(X, values[:, [0, 2]]) and np.array_equal(y, values[:, 1])


def test_text_quotes_byte_order_marks_and_empty_lines(tmp_path):
    text = '\ufeff"a, b",kind\r\n1,"x"\r\n\r\n2, y \r\n'
    X, y = load_csv(table(tmp_path, text), target="kind", target_dtype=str)
    assert X.tolist() == [[1.0], [2.0]] and y.tolist() == ["x", "y"]
    assert load_csv(table(tmp_path, "å\n1\n", "latin-1"), encoding="latin-1", columns=["å"]).tolist() == [[1.0]]


def test_options_of_a_table(tmp_path):
    path = table(tmp_path, "made by hand\n1,,3\n4,5,6\n")
    X = load_csv(path, skip_rows=1, missing=np.nan, dtype=np.float32)
    assert X.dtype == np.float32 and np.array_equal(X, [[1, np.nan, 3], [4, 5, 6]], equal_nan=True)
    X, y = load_csv(path, skip_rows=1, target=-1, target_dtype=int, columns=[0])
    assert X.tolist() == [[1.0], [4.0]] and y.dtype == np.int64 and y.tolist() == [3, 6]
    assert load_csv(table(tmp_path, "1,2\n3,4\n"), header=True).tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b\n1,2\n3,x\n", {}, r"table\.csv, row 3, column 1 \(b\) must be a number; got 'x'"),
        ("1,2\n3,\n", {}, r"row 2, column 1 must be a number; got an empty cell. .*missing=np.nan"),
        ("1;2\n1,5;2\n", {"delimiter": ";"}, r"row 2, column 0 .* got '1,5'. Write decimal commas as points"),
        ("1;2\n3;4\n", {"header": False}, r"row 1, column 0 .* got '1;2'. Pass the delimiter"),
        ("a\n1\n2.5\n", {"dtype": int}, r"row 3, column 0 \(a\) must be an integer; got '2.5'"),
        ("a,b\n1,2\n3\n", {}, r"row 3 must have 2 cells, as the first row; got 1"),
        ("a,b\n1,2\n\n3,4,5\n", {}, r"row 4 must have 2 cells, as the first row; got 3"),
        ("", {}, r"table\.csv has no rows of data; got nothing in it"),
        ("a,b\n", {}, r"has no rows of data; got only the header a,b"),
        ("a\n1\n", {"target": "b"}, r"has no column of this name; got 'b', and its columns are a"),
        ("1\n", {"target": "b"}, r"got 'b', and it has no header"),
        ("a,a\n1,2\n", {"target": "a"}, r"several columns of one name; got 'a'"),
        ("1,2\n", {"target": 2}, r"has 2 columns; got number 2"),
        ("1\n", {"target": 0}, r"no column of .* is left for X"),
        ("1\n", {"header": "yes"}, r'header is one of "auto", True, False; got \'yes\''),
        ("1\n", {"delimiter": ",,"}, r"delimiter must be one character; got ',,'"),
        ('"1\n', {}, r"is no table of text; got"),
    ],
)
def test_a_bad_table_is_refused_by_file_row_and_column(tmp_path, text, options, message):
    with pytest.raises(ValueError, match=message):
        load_csv(table(tmp_path, text), **options)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no such file; got '.*none\.csv'"):
        load_csv(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r"is not utf-8-sig text; got byte 0xe5 .* Pass encoding='latin-1'"):
        load_csv(table(tmp_path, "å\n1\n", "latin-1"))
    with pytest.raises(TypeError, match=r"columns must be a list of names or numbers; got 'a'"):
        load_csv(table(tmp_path, "a\n1\n"), columns="a")
    with pytest.raises(TypeError, match=r"a column is a name or a number; got 1\.5"):
        load_csv(table(tmp_path, "a\n1\n"), target=1.5)


# --- scales ----------------------------------------------------------------------------------------


def test_standardised_features_have_mean_0_and_deviation_1():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = np.random.default_rng(0).normal(3.0, [1.0, 1e-8, 1e6], size=(200, 3))
    scale = Standardize(3).fit(X)
    z = scale(X)
    np.testing.assert_allclose(z, preprocessing.StandardScaler().fit_transform(X), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-13)
    np.testing.assert_allclose(scale.inverse()(z), X, rtol=1e-14)
    np.testing.assert_allclose(scale.inverse().inverse()(X), z, rtol=0)


def test_a_constant_feature_stays_finite_and_comes_back():
    X = np.column_stack([np.full(7, 0.1), np.arange(7.0), np.zeros(7)])
    scale = Standardize(3).fit(X)
    assert np.array_equal(scale(X)[:, [0, 2]], np.zeros((7, 2)))
    assert np.array_equal(scale.inverse()(scale(X))[:, [0, 2]], X[:, [0, 2]])


def test_the_scale_is_saved_with_the_model_and_is_not_learned():
    rng = np.random.default_rng(0)
    X, y = rng.normal(50.0, 20.0, size=(64, 2)), rng.normal(1e4, 3e3, size=(64, 1))
    inputs, targets = Standardize(2).fit(X), Standardize(1).fit(y)
    make = lambda a, b: nn.Sequential(a, nn.Linear(2, 1, rng=0), b)  # noqa: E731
    net = make(inputs, nn.Identity())
    assert len(list(net.parameters())) == 2
    nn.fit(net, X, targets(y), epochs=3, rng=0)
    model = nn.Sequential(net, targets.inverse())
    blank = nn.Sequential(make(Standardize(2), nn.Identity()), nn.Unstandardize(1))
    blank.load_state_dict(model.state_dict())
    assert np.array_equal(nn.predict(blank, X), nn.predict(model, X))
    assert np.array_equal(inputs.mean, X.mean(axis=0))
    assert abs(nn.predict(model, X).mean() - 1e4) < 3e3


def test_float32_stays_float32_and_images_have_a_scale_for_each_pixel():
    X = np.random.default_rng(0).normal(size=(9, 2, 3)).astype(np.float32)
    scale = Standardize((2, 3), dtype=np.float32).fit(X)
    assert scale(X).dtype == np.float32 and scale.mean.shape == (2, 3)


def test_the_scale_of_a_memory_map_comes_in_blocks(tmp_path):
    rng = np.random.default_rng(0)
    X = np.memmap(tmp_path / "X", np.float64, "w+", shape=(700, 3000))
    X[...] = rng.normal(size=X.shape)
    scale = Standardize(3000).fit(X)  # two blocks and a part
    np.testing.assert_allclose(scale.mean, np.mean(X, axis=0), rtol=0, atol=1e-15)
    np.testing.assert_allclose(scale.std, np.std(X, axis=0), rtol=1e-13)


# --- refusals --------------------------------------------------------------------------------------

X, Y = arrays(6)

REFUSALS = [
    (lambda: TensorDataset(), TypeError, r"TensorDataset: takes one array or more; got none"),
    (lambda: TensorDataset(X, Y[:3]), ValueError, r"one number of samples .*; got \[6, 3\]"),
    (lambda: TensorDataset(X[:0]), ValueError, r"there are no samples; got shape \(0, 2\)"),
    (lambda: TensorDataset(np.array([None])), TypeError, r"array 0 must hold numbers; got dtype object"),
    (lambda: TensorDataset([[1], [1, 2]]), ValueError, r"array 0 is ragged"),
    (lambda: TensorDataset(3.0), ValueError, r"must have an axis of samples; got a single number"),
    (lambda: DataLoader(3), TypeError, r"DataLoader: takes a TensorDataset, .*; got int"),
    (lambda: DataLoader([]), ValueError, r"there are no samples; got an empty list"),
    (
        lambda: DataLoader([(1, 2), (1,)]),
        ValueError,
        r"must be a tuple of one length; got lengths \[1, 2\]",
    ),
    (lambda: DataLoader([(X[0], 1), (X, 1)]), ValueError, r"part 0 must have one shape .*; got \(2,\) and \(6, 2\)"),
    (lambda: DataLoader((X, Y), 0), ValueError, r"batch_size must be at least 1; got 0"),
    (lambda: DataLoader((X, Y), True), TypeError, r"batch_size must be an integer; got bool True"),
    (lambda: DataLoader((X, Y), 2.0), TypeError, r"batch_size must be an integer; got float 2\.0"),
    (lambda: DataLoader((X, Y), 7, drop_last=True), ValueError, r"drop_last leaves no batch; got 6 samples"),
    (lambda: DataLoader((X, Y), shuffle="yes"), TypeError, r"shuffle must be True or False; got str 'yes'"),
    (lambda: DataLoader((X, Y), rng="0"), TypeError, r"rng must be a numpy.random.Generator or an integer seed"),
    (lambda: DataLoader((X, Y), rng=-1), ValueError, r"a seed must not be negative; got -1"),
    (
        lambda: DataLoader((X, Y), 2).load_state_dict(DataLoader((X, Y), 3, True).state_dict()),
        ValueError,
        r"of another loader; got `batch_size` is 3 for 2; `shuffle` is True for False",
    ),
    (lambda: DataLoader((X, Y)).load_state_dict({"x": 1}), ValueError, r"`seed` is missing; .*`x` is unknown"),
    (lambda: split(X, sizes=[4, 3]), ValueError, r"the counts must add up to the 6 samples.*; got 7"),
    (lambda: split(X, sizes=[0.5, 0.4]), ValueError, r"fractions must add up to 1.*; got \[0\.5, 0\.4\]"),
    (
        lambda: split(X, sizes=[0.99, 0.01]),
        ValueError,
        r"every part needs a sample; got 6 samples in .*\[6, 0\]",
    ),
    (lambda: split(X, sizes=[-1, 7]), ValueError, r"each size must be a fraction in \(0, 1\] .*; got -1"),
    (lambda: split(X, sizes=["a"]), TypeError, r"each size must be a fraction or a count; got 'a'"),
    (lambda: split(X, sizes=0.5), TypeError, r"sizes must be a sequence .*; got 0\.5"),
    (lambda: split(X, sizes=[3, 3], stratify=Y[:2]), ValueError, r"stratify must hold one class .*; got \(2,\)"),
    (lambda: split(X, sizes=[3, 3], stratify=Y), ValueError, r"a sample for each of the 2 parts; got 1 of class 0"),
    (lambda: split(X, sizes=[3, 3], stratify=Y, shuffle=False), ValueError, r"got shuffle=False"),
    (lambda: train_test_split(X, test_size=6), ValueError, r"both parts need samples; got test_size=6 of 6"),
    (lambda: train_test_split(X, test_size=0.0), ValueError, r"test_size must be a fraction .*; got 0\.0"),
    (lambda: one_hot([]), ValueError, r"one_hot: there are no labels; got shape \(0,\)"),
    (lambda: one_hot([0.5]), TypeError, r"labels must be integers; got dtype float64"),
    (lambda: one_hot(["a"]), TypeError, r"labels must be integers; got dtype <U1"),
    (lambda: one_hot([0, 3], 3), ValueError, r"labels must lie in 0 … 2; got 3"),
    (lambda: one_hot([-1, 1]), ValueError, r"labels must lie in 0 … 1; got -1"),
    (lambda: one_hot([0], 0), ValueError, r"n_classes must be at least 1; got 0"),
    (lambda: Standardize(2)(X), ValueError, r"Standardize: mean and std are not known yet; got a call before fit"),
    (lambda: Standardize(2).inverse(), ValueError, r"not known yet; got an inverse before fit"),
    (lambda: Standardize(3).fit(X), ValueError, r"X must have shape \(n_samples, 3\); got \(6, 2\)"),
    (lambda: Standardize(2).fit(X[:0]), ValueError, r"X must have shape \(n_samples, 2\); got \(0, 2\)"),
    (lambda: Standardize(2).fit(X.astype(str)), TypeError, r"X must hold real numbers; got dtype <U"),
    (lambda: Standardize(2).fit(np.where(X == 3, np.nan, X)), ValueError, r"X must be finite.* in column 1"),
    (lambda: Standardize(2).fit(X * 1e200), ValueError, r"an overflow in column 0"),
    (lambda: Standardize(0), ValueError, r"features must be at least 1; got 0"),
    (lambda: Standardize(2.5), TypeError, r"features must be an integer; got float 2\.5"),
    (lambda: Standardize(2, dtype=int), TypeError, r"dtype must be one of floats; got <class 'int'>"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSALS)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
