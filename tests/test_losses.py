"""Losses: formulas, PyTorch (values, gradients, second derivatives), digits, boundaries, weights, refusals."""

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import autodiff as ad
import nn
import nn.functional as F

inf, nan = np.inf, np.nan
rng = np.random.default_rng(0)
N, C = 6, 4
A = rng.normal(0, 2, (N, C))
B = rng.normal(0, 2, (N, C))
P = rng.uniform(0.05, 0.95, (N, C))
Q = rng.dirichlet(np.ones(C), N)
COUNTS = rng.poisson(3.0, (N, C)).astype(float)
CLASSES = np.array([0, 3, 1, 1, 2, 3])
SOME = np.array([0, 3, -100, 1, -100, 3])
W = np.array([0.5, 1.0, 2.0, 3.0])
IMAGES = rng.normal(size=(2, C, 3, 2))
IMAGE_CLASSES = rng.integers(0, C, (2, 3, 2))
LOG_P = np.log(Q)


def pair(name, **options):
    return (
        lambda *args, **more: getattr(F, name)(*args, **options, **more),
        lambda torch, *args, **more: getattr(torch.nn.functional, name)(
            *args, **{k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}, **more
        ),
    )


# name: (ours and PyTorch's, input, further arguments)
PEERS = {
    "mse": (pair("mse_loss"), A, [B]),
    "l1": (pair("l1_loss"), A, [B]),
    "huber": (pair("huber_loss"), A, [B]),
    "huber 0.3": (pair("huber_loss", delta=0.3), A, [B]),
    "smooth l1": (pair("smooth_l1_loss"), A, [B]),
    "smooth l1 2.5": (pair("smooth_l1_loss", beta=2.5), A, [B]),
    "smooth l1 0": (pair("smooth_l1_loss", beta=0.0), A, [B]),
    "poisson": (pair("poisson_nll_loss"), A, [COUNTS]),
    "poisson full": (pair("poisson_nll_loss", full=True), A, [COUNTS]),
    "poisson rate": (pair("poisson_nll_loss", log_input=False, eps=1e-3), P, [COUNTS]),
    "gaussian": (pair("gaussian_nll_loss"), A, [B, P]),
    "gaussian column": (pair("gaussian_nll_loss", full=True), A, [B, P[:, :1].copy()]),
    "gaussian row": (pair("gaussian_nll_loss"), A, [B, P[:, 0].copy()]),
    "gaussian floor": (pair("gaussian_nll_loss", eps=0.5), A, [B, P]),
    "bce": (pair("binary_cross_entropy"), P, [Q]),
    "bce weight": (pair("binary_cross_entropy", weight=W), P, [Q]),
    "logits": (pair("binary_cross_entropy_with_logits"), A, [Q]),
    "logits weight": (pair("binary_cross_entropy_with_logits", weight=W, pos_weight=W[::-1].copy()), A, [Q]),
    "ce": (pair("cross_entropy"), A, [CLASSES]),
    "ce weight": (pair("cross_entropy", weight=W), A, [CLASSES]),
    "ce smoothing": (pair("cross_entropy", label_smoothing=0.2), A, [CLASSES]),
    "ce all": (pair("cross_entropy", weight=W, label_smoothing=0.2), A, [SOME]),
    "ce ignore": (pair("cross_entropy"), A, [SOME]),
    "ce ignore 3": (pair("cross_entropy", ignore_index=3, weight=W), A, [CLASSES]),
    "ce probabilities": (pair("cross_entropy"), A, [Q]),
    "ce probabilities all": (pair("cross_entropy", weight=W, label_smoothing=0.3), A, [Q]),
    "ce images": (pair("cross_entropy"), IMAGES, [IMAGE_CLASSES]),
    "ce images all": (pair("cross_entropy", weight=W, label_smoothing=0.1, ignore_index=2), IMAGES, [IMAGE_CLASSES]),
    "ce image probabilities": (pair("cross_entropy"), IMAGES, [np.abs(np.sin(IMAGES))]),
    "ce one": (pair("cross_entropy"), A[0], [np.array(2)]),
    "nll": (pair("nll_loss"), LOG_P, [CLASSES]),
    "nll weight": (pair("nll_loss", weight=W), LOG_P, [SOME]),
    "nll images": (pair("nll_loss"), IMAGES, [IMAGE_CLASSES]),
    "kl": (pair("kl_div"), LOG_P, [P]),
    "kl log": (pair("kl_div", log_target=True), LOG_P, [np.log(P)]),
}
LINEAR = {
    "l1",
    "smooth l1 0",
    "nll",
    "nll weight",
    "nll images",
    "kl",
    "kl log",
}  # PyTorch refuses to differentiate a constant gradient


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", PEERS)
def test_values_gradients_and_second_derivatives_are_pytorchs(name, reduction):
    torch = pytest.importorskip("torch")
    (ours, theirs), x, rest = PEERS[name]
    t = torch.tensor(x, requires_grad=True)
    floats = [torch.tensor(r) for r in rest]
    peer = theirs(torch, t, *floats, reduction=reduction)
    y, pullback = ad.vjp(lambda x: ours(x, *rest, reduction=reduction), x)
    np.testing.assert_allclose(y, peer.detach().numpy(), rtol=1e-12, atol=1e-14)
    v, ct = np.cos(np.arange(x.size)).reshape(x.shape), np.sin(1 + np.arange(np.size(y))).reshape(np.shape(y))
    gradient = torch.autograd.grad(peer, t, torch.tensor(ct), create_graph=True)[0]
    np.testing.assert_allclose(pullback(ct)[0], gradient.detach().numpy(), rtol=1e-11, atol=1e-14)
    y_dot = ad.jvp(lambda x: ours(x, *rest, reduction=reduction), (x,), (v,))[1]
    np.testing.assert_allclose(np.sum(ct * y_dot), np.sum(v * pullback(ct)[0]), rtol=1e-11, atol=1e-13)
    if name in LINEAR:
        assert not ad.hvp(lambda x: np.sum(ct * ours(x, *rest, reduction=reduction)))(x, v).any()
        return
    second = torch.autograd.grad(gradient, t, torch.tensor(v))[0].numpy()
    hvp = ad.hvp(lambda x: np.sum(ct * ours(x, *rest, reduction=reduction)))(x, v)
    np.testing.assert_allclose(hvp, second, rtol=1e-10, atol=1e-13)


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
@pytest.mark.parametrize("name", ["mse", "huber", "poisson", "gaussian", "bce", "logits", "ce probabilities", "kl"])
def test_derivatives_by_the_target_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    (ours, theirs), x, rest = PEERS[name]
    floats = [torch.tensor(r, requires_grad=True) for r in rest]
    theirs(torch, torch.tensor(x), *floats).backward()
    gradients = ad.grad(lambda rest: ours(x, *rest))(list(rest))
    for gradient, peer in zip(gradients, floats, strict=True):
        np.testing.assert_allclose(gradient, peer.grad.numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", PEERS)
def test_derivatives_of_both_orders_agree_with_differences(name):
    (ours, _), x, rest = PEERS[name]
    ad.check_grads(lambda x: ours(x, *rest), x)
    ad.check_grads(lambda x: ours(x, *rest, reduction="none"), x)
    H = ad.hessian(lambda x: ours(x, *rest))(x).reshape(x.size, x.size)
    v = np.cos(np.arange(x.size))
    np.testing.assert_allclose(H @ v, ad.hvp(lambda x: ours(x, *rest))(x, v.reshape(x.shape)).ravel(), atol=1e-13)


OURS = {
    "quantile": lambda x, **more: F.quantile_loss(x, B, 0.2, **more),
    "quantiles": lambda x, **more: F.quantile_loss(x, B[:, 0], [0.1, 0.3, 0.5, 0.9], **more),
    "log cosh": lambda x, **more: F.log_cosh_loss(x, B, **more),
}


@pytest.mark.parametrize("name", OURS)
def test_losses_without_a_peer(name):
    ad.check_grads(OURS[name], A)
    q = {"quantile": 0.2, "quantiles": np.array([0.1, 0.3, 0.5, 0.9])}.get(name)
    r = (B[:, :1] if name == "quantiles" else B) - A
    expected = np.log(np.cosh(r)) if q is None else np.maximum(q * r, (q - 1) * r)
    np.testing.assert_allclose(OURS[name](A, reduction="none"), expected, rtol=1e-12)
    np.testing.assert_allclose(OURS[name](A), expected.mean(), rtol=1e-12)


@pytest.mark.parametrize("name", [*PEERS, *OURS])
def test_float32_stays_float32(name):
    if name in OURS:
        f, x = OURS[name], A
        y, pullback = ad.vjp(f, x.astype(np.float32))
        assert pullback(np.ones_like(y))[0].dtype == np.float32  # the targets are float64: the loss is, too
        return
    (ours, _), x, rest = PEERS[name]
    rest = [r.astype(np.float32) if r.dtype.kind == "f" else r for r in rest]
    y, pullback = ad.vjp(lambda x: ours(x, *rest), x.astype(np.float32))
    assert y.dtype == np.float32
    assert pullback(y)[0].dtype == np.float32
    if x.ndim > 1:
        assert ours(x.astype(np.float32), *rest, sample_weight=np.ones(len(x))).dtype == np.float32
    np.testing.assert_allclose(y, ours(x, *PEERS[name][2]), rtol=1e-5)


def test_whole_numbers_as_targets_keep_float32():
    x = A.astype(np.float32)
    assert F.mse_loss(x, COUNTS.astype(int)).dtype == np.float32
    assert F.binary_cross_entropy_with_logits(x, Q > 0.3).dtype == np.float32


# --- digits and boundaries -----------------------------------------------------------------------


@pytest.mark.parametrize("logits", [[40.0, 0.0, -3.0], [0.2, 0.1, 0.0], [800.0, 0.0, 799.0], [0.0, 35.0, 1.0]])
@pytest.mark.parametrize("options", [{}, {"weight": [1.0, 1.0, 1.0]}])
@pytest.mark.parametrize("label", [0, 1, 2])
def test_cross_entropy_keeps_the_digits_of_a_sure_classifier(logits, options, label):
    with mp.workdps(800):
        e = [mpmath.exp(mpf(v)) for v in logits]
        others = sum(e[:label] + e[label + 1 :]) / sum(e)
        value = -mpmath.log(e[label] / sum(e))
        slope = [-others if i == label else e[i] / sum(e) for i in range(3)]
        x, t = np.array([logits]), np.array([label])
        found, gradient = ad.value_and_grad(F.cross_entropy)(x, t, **options)
        forward = [ad.jvp(lambda x: F.cross_entropy(x, t, **options), (x,), (v[None],))[1] for v in np.eye(3)]
        for a, b in [(found, value), *zip(gradient[0], slope, strict=True), *zip(forward, slope, strict=True)]:
            if b > 1e-300 or b < -1e-300:
                assert abs(mpf(float(a)) - b) <= 1e-12 * abs(b)
            else:
                assert abs(a) <= 1e-300


@pytest.mark.parametrize("t", [0.0, 1.0])
@pytest.mark.parametrize("x", [-700.0, -50.0, -1.0, 0.3, 40.0, 700.0])
def test_bce_with_logits_keeps_its_digits(x, t):
    with mp.workdps(800):
        z = mpf(x) if t == 0 else -mpf(x)
        value, slope = mpmath.log1p(mpmath.exp(z)), (1 - 2 * t) / (1 + mpmath.exp(-z))
        found, gradient = ad.value_and_grad(F.binary_cross_entropy_with_logits)(np.array([x]), np.array([t]))
        assert abs(mpf(float(found)) - value) <= 1e-12 * value
        assert abs(mpf(float(gradient[0])) - slope) <= 1e-12 * abs(slope)


@pytest.mark.parametrize("r", [1e-9, 1e-3, 0.5, 1.0, 1.5, 30.0, 800.0])
def test_log_cosh_keeps_its_digits(r):
    with mp.workdps(800):
        expected = mpmath.log(mpmath.cosh(mpf(r)))
        assert abs(mpf(float(F.log_cosh_loss([-r], [0.0]))) - expected) <= 1e-14 * expected


BOUNDARIES = [
    (lambda x: F.cross_entropy(x, np.array([1])), [[1e4, 0.0]], 1e4, [[1, -1]]),
    (lambda x: F.cross_entropy(x, np.array([[0.0, 1.0]])), [[1e4, 0.0]], 1e4, [[1, -1]]),
    (lambda x: F.cross_entropy(x, np.array([1])), [[-inf, 0.0]], 0, [[0, 0]]),
    (lambda x: F.cross_entropy(x, np.array([1]), reduction="sum"), [[-inf, 0.0]], 0, [[0, 0]]),
    (lambda x: F.binary_cross_entropy(x, np.array([1.0])), [0.0], 100, [-1e12]),
    (lambda x: F.binary_cross_entropy(x, np.array([0.0])), [0.0], 0, [0]),
    (lambda x: F.binary_cross_entropy(x, np.array([0.0])), [1.0], 100, [1e12]),
    (lambda x: F.binary_cross_entropy_with_logits(x, np.array([0.0])), [1000.0], 1000, [1]),
    (lambda x: F.l1_loss(x, np.array([2.0])), [2.0], 0, [0]),
    (lambda x: F.huber_loss(x, np.array([0.0])), [1.0], 0.5, [1]),
    (lambda x: F.huber_loss(x, np.array([0.0])), [1e300], 1e300, [1]),
    (lambda x: F.quantile_loss(x, np.array([0.0]), 0.9), [0.0], 0, [0]),
    (lambda x: F.log_cosh_loss(x, np.array([0.0])), [1e300], 1e300, [1]),
    (lambda x: F.kl_div(x, np.array([0.0])), [-inf], 0, [0]),
]


@pytest.mark.parametrize("row", BOUNDARIES)
def test_boundaries(row):
    f, x, value, slope = row
    found, gradient = ad.value_and_grad(f)(np.array(x))
    assert found == value
    assert np.array_equal(gradient, np.array(slope, float))


# --- weights, penalties, the lectures ------------------------------------------------------------

WEIGHTED = ["mse", "l1", "huber", "poisson", "gaussian", "bce", "logits", "ce", "ce all", "ce probabilities", "kl"]


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_whole_weight_is_a_repeated_sample_and_weight_zero_an_absent_one(name):
    (ours, _), x, rest = PEERS[name]
    weight = np.array([2, 0, 1, 3, 0, 1])
    again = np.repeat(np.arange(N), weight)
    for reduction in ("mean", "sum"):
        expected = ours(x[again], *[r[again] for r in rest], reduction=reduction)
        np.testing.assert_allclose(ours(x, *rest, reduction=reduction, sample_weight=weight), expected, rtol=1e-13)
    each = ours(x, *rest, reduction="none", sample_weight=weight)
    np.testing.assert_allclose(each.sum(), ours(x, *rest, reduction="sum", sample_weight=weight), rtol=1e-13)
    assert ours(x, *rest, sample_weight=np.zeros(N)) == 0
    ad.check_grads(lambda x: ours(x, *rest, sample_weight=weight), x)


def test_the_weighted_mean_is_over_samples_and_weights_of_entries_are_possible():
    w = np.array([1.0, 2.0, 0.0, 1.0, 5.0, 1.0])
    expected = np.sum(w * np.mean((A - B) ** 2, axis=1)) / w.sum()
    np.testing.assert_allclose(F.mse_loss(A, B, sample_weight=w), expected, rtol=1e-14)
    np.testing.assert_allclose(F.mse_loss(A, B, sample_weight=P), np.sum(P * (A - B) ** 2) / P.sum(), rtol=1e-14)


def test_batchmean_is_the_divergence():
    torch = pytest.importorskip("torch")
    peer = torch.nn.functional.kl_div(torch.tensor(LOG_P), torch.tensor(P), reduction="batchmean")
    np.testing.assert_allclose(F.kl_div(LOG_P, P, "batchmean"), peer.numpy(), rtol=1e-13)
    weight = np.arange(N)
    again = np.repeat(np.arange(N), weight)
    weighted = nn.KLDivLoss("batchmean")(LOG_P, P, weight)
    np.testing.assert_allclose(weighted, F.kl_div(LOG_P[again], P[again], "batchmean"), rtol=1e-13)


def test_nothing_but_ignored_targets_is_no_loss():
    assert F.cross_entropy(A, np.full(N, -100)) == 0
    assert not ad.grad(F.cross_entropy)(A, np.full(N, -100)).any()


def test_the_costs_of_the_lectures():
    p, t = F.softmax(A), np.eye(C)[CLASSES]
    np.testing.assert_allclose(F.mse_loss(A, B) * C, np.sum((B - A) ** 2) / N)
    np.testing.assert_allclose(F.binary_cross_entropy(P, t), -np.mean(t * np.log(P) + (1 - t) * np.log(1 - P)))
    np.testing.assert_allclose(F.cross_entropy(A, t) / C, -np.sum(t * np.log(p)) / t.size)
    np.testing.assert_allclose(F.cross_entropy(A, t), F.cross_entropy(A, CLASSES))
    np.testing.assert_allclose(ad.grad(F.cross_entropy)(A, CLASSES), (p - t) / N, atol=1e-16)


def test_cross_entropy_takes_every_kind_of_array_and_integer():
    expected = F.cross_entropy(A, CLASSES)
    for target in (CLASSES.tolist(), CLASSES.astype(np.uint8), CLASSES.astype(np.int8), ad.tensor(CLASSES)):
        np.testing.assert_allclose(F.cross_entropy(A, target), expected, rtol=1e-14)
    for logits in (A.tolist(), np.asfortranarray(A), np.repeat(A, 2, axis=0)[::2]):
        np.testing.assert_allclose(F.cross_entropy(logits, CLASSES), expected, rtol=1e-14)
    np.testing.assert_allclose(
        ad.grad(F.cross_entropy)(np.asfortranarray(A), CLASSES), ad.grad(F.cross_entropy)(A, CLASSES)
    )


def test_a_target_changed_after_the_forward_pass_changes_no_gradient():
    x, target, y = ad.tensor(A, requires_grad=True), B.copy(), CLASSES.copy()
    loss = F.mse_loss(x, target) + F.cross_entropy(x, y)
    target[...], y[...] = 0, 0
    loss.backward()
    expected = ad.grad(lambda x: F.mse_loss(x, B) + F.cross_entropy(x, CLASSES))(A)
    np.testing.assert_allclose(x.grad, expected, rtol=1e-14)


def test_penalties():
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))
    flat = np.concatenate([p.data.ravel() for p in model.parameters()])
    penalty = nn.l1_penalty(model.parameters()) + 0.5 * nn.l2_penalty(model.parameters())
    np.testing.assert_allclose(penalty.data, np.abs(flat).sum() + 0.5 * (flat**2).sum(), rtol=1e-14)
    penalty.backward()
    found = np.concatenate([p.grad.ravel() for p in model.parameters()])
    np.testing.assert_allclose(found, np.sign(flat) + flat, rtol=1e-14)
    assert nn.l1_penalty([]) == 0
    assert ad.grad(lambda w: nn.l1_penalty([w]))(np.zeros(3)).tolist() == [0, 0, 0]


# --- modules -------------------------------------------------------------------------------------

MODULES = [
    (nn.MSELoss(), F.mse_loss, A, [B]),
    (nn.L1Loss("sum"), lambda *a, **k: F.l1_loss(*a, reduction="sum", **k), A, [B]),
    (nn.HuberLoss(delta=2.0), lambda *a, **k: F.huber_loss(*a, delta=2.0, **k), A, [B]),
    (nn.SmoothL1Loss(beta=2.0), lambda *a, **k: F.smooth_l1_loss(*a, beta=2.0, **k), A, [B]),
    (nn.QuantileLoss(0.3), lambda *a, **k: F.quantile_loss(*a, 0.3, **k), A, [B]),
    (
        nn.QuantileLoss([0.1, 0.2, 0.5, 0.6]),
        lambda *a, **k: F.quantile_loss(*a, [0.1, 0.2, 0.5, 0.6], **k),
        A,
        [B[:, 0]],
    ),
    (nn.LogCoshLoss(), F.log_cosh_loss, A, [B]),
    (nn.PoissonNLLLoss(full=True), lambda *a, **k: F.poisson_nll_loss(*a, full=True, **k), A, [COUNTS]),
    (nn.GaussianNLLLoss(full=True), lambda *a, **k: F.gaussian_nll_loss(*a, full=True, **k), A, [B, P]),
    (nn.BCELoss(W), lambda *a, **k: F.binary_cross_entropy(*a, weight=W, **k), P, [Q]),
    (
        nn.BCEWithLogitsLoss(pos_weight=W),
        lambda *a, **k: F.binary_cross_entropy_with_logits(*a, pos_weight=W, **k),
        A,
        [Q],
    ),
    (
        nn.CrossEntropyLoss(W, label_smoothing=0.1),
        lambda *a, **k: F.cross_entropy(*a, W, label_smoothing=0.1, **k),
        A,
        [CLASSES],
    ),
    (nn.NLLLoss(W), lambda *a, **k: F.nll_loss(*a, W, **k), A, [CLASSES]),
    (nn.KLDivLoss(log_target=True), lambda *a, **k: F.kl_div(*a, log_target=True, **k), LOG_P, [LOG_P + 0.1]),
]


@pytest.mark.parametrize("row", MODULES, ids=lambda row: repr(row[0]))
def test_a_module_is_its_function(row):
    loss, function, x, rest = row
    assert loss(x, *rest) == function(x, *rest)
    weight = np.arange(1.0, N + 1)
    assert loss(x, *rest, weight) == function(x, *rest, sample_weight=weight)
    assert loss(x, *rest) != loss(x, *rest, weight)


def test_repr_shows_the_options():
    assert repr(nn.HuberLoss()) == "HuberLoss(reduction='mean', delta=1.0)"
    assert repr(nn.QuantileLoss([0.1, 0.9])) == "QuantileLoss(quantile=[0.1, 0.9], reduction='mean')"
    assert repr(nn.CrossEntropyLoss(label_smoothing=0.1)) == "CrossEntropyLoss(reduction='mean', label_smoothing=0.1)"
    assert repr(nn.KLDivLoss("batchmean")) == "KLDivLoss(reduction='batchmean', log_target=False)"


# --- refusals ------------------------------------------------------------------------------------

V = np.ones(5)
PAIRWISE = [
    F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.quantile_loss, F.log_cosh_loss, F.poisson_nll_loss,
    F.binary_cross_entropy, F.binary_cross_entropy_with_logits, F.kl_div,
]  # fmt: skip


@pytest.mark.parametrize("f", PAIRWISE)
def test_shapes_that_would_broadcast_are_refused(f):
    with pytest.raises(
        ValueError, match=rf"{f.__name__}: .* got \(5, 1\) and \(5,\). Write target.reshape\(\(5, 1\)\)"
    ):
        f(np.ones((5, 1)), V)
    with pytest.raises(ValueError, match=r"got \(5,\) and \(4,\). They have different numbers of entries"):
        f(V, np.ones(4))
    with pytest.raises(TypeError, match=rf"{f.__name__}: target must hold real numbers; got dtype <U1"):
        f(V, np.array(list("abcde")))
    with pytest.raises(TypeError, match=rf"{f.__name__}: input must hold real numbers; got dtype complex128"):
        f(V * 1j, V)
    with pytest.raises(ValueError, match=rf'{f.__name__}: reduction is one of "mean", "sum", "none".*; got \'avg\''):
        f(V, V, reduction="avg")


I5 = np.arange(5)
S53 = np.zeros((5, 3))
REFUSALS = [
    (lambda: F.cross_entropy(S53, I5), ValueError, "class numbers go from 0 to 2, .* got 0 to 4. Number the classes"),
    (lambda: F.cross_entropy(S53, -I5), ValueError, "got -4 to 0"),
    (lambda: F.cross_entropy(S53, I5, reduction="sum"), ValueError, "got 0 to 4"),
    (lambda: F.cross_entropy(S53, I5.astype(np.uint8)), ValueError, "got 0 to 4"),
    (
        lambda: F.cross_entropy(S53, V),
        TypeError,
        r"class numbers are whole numbers; got dtype float64. Write target.astype",
    ),
    (lambda: F.cross_entropy(S53, V > 0), TypeError, "got dtype bool"),
    (
        lambda: F.cross_entropy(S53, I5[:, None]),
        ValueError,
        r"shape \(5,\), or .* got shape \(5, 1\). Write target.reshape\(\(5,\)\)",
    ),
    (lambda: F.cross_entropy(S53, I5[:4]), ValueError, r"got shape \(4,\). They have different numbers"),
    (lambda: F.cross_entropy(S53, S53 - 1), ValueError, "holds probabilities between 0 and 1; got values"),
    (lambda: F.cross_entropy(S53, S53 * nan), ValueError, "holds probabilities between 0 and 1; got values"),
    (lambda: F.cross_entropy(np.zeros((0, 3)), I5[:0]), ValueError, r"input must hold scores .* got shape \(0, 3\)"),
    (lambda: F.cross_entropy(1.0, 0), ValueError, r"input must hold scores .* got shape \(\)"),
    (
        lambda: F.cross_entropy(S53 * 1j, I5),
        TypeError,
        "cross_entropy: input must hold real numbers; got dtype complex128",
    ),
    (lambda: F.cross_entropy(S53, I5 % 3, weight=[1.0, 2.0]), ValueError, r"shape \(3,\); got \(2,\)"),
    (lambda: F.cross_entropy(S53, I5 % 3, weight=[1.0, -2.0, 1.0]), ValueError, "must be finite and not negative"),
    (lambda: F.cross_entropy(S53, I5 % 3, reduction="max"), ValueError, "got 'max'"),
    (
        lambda: F.cross_entropy(S53, I5 % 3, label_smoothing=1.5),
        ValueError,
        r"label_smoothing must lie in \[0, 1\]; got 1.5",
    ),
    (lambda: F.nll_loss(S53, S53), TypeError, "nll_loss: target must hold class numbers; got probabilities"),
    (lambda: F.nll_loss(S53, I5), ValueError, "nll_loss: class numbers go from 0 to 2"),
    (
        lambda: F.binary_cross_entropy(V * 2, V),
        ValueError,
        "input must lie between 0 and 1; got values from 2.0 to 2.0. Apply sigmoid",
    ),
    (
        lambda: F.binary_cross_entropy(V, -V),
        ValueError,
        "target must lie between 0 and 1; .* Code the classes as 0 and 1",
    ),
    (lambda: F.binary_cross_entropy_with_logits(V, -V), ValueError, "target must lie between 0 and 1"),
    (
        lambda: F.binary_cross_entropy(V, V, weight=[1.0, 2.0]),
        ValueError,
        r"weight must broadcast to .* \(5,\); got \(2,\)",
    ),
    (
        lambda: F.binary_cross_entropy_with_logits(V, V, pos_weight=-1.0),
        ValueError,
        "pos_weight must be finite and not negative",
    ),
    (lambda: F.poisson_nll_loss(V, -V), ValueError, "poisson_nll_loss: target must hold counts; got values"),
    (lambda: F.gaussian_nll_loss(V, V, -V), ValueError, "a variance is not negative; got -1.0"),
    (lambda: F.gaussian_nll_loss(S53, S53, V[:3]), ValueError, r"var must have the shape \(5, 3\) .* got \(3,\)"),
    (lambda: F.kl_div(V, -V), ValueError, "kl_div: target must hold probabilities; got values"),
    (lambda: F.kl_div(1.0, 1.0, "batchmean"), ValueError, '"batchmean" needs an axis of samples'),
    (lambda: F.quantile_loss(V, V, 1.0), ValueError, "quantile must be a number between 0 and 1, .* got 1.0"),
    (lambda: F.quantile_loss(V, V, []), ValueError, r"got \[\]"),
    (lambda: F.quantile_loss(S53, V, [0.1, 0.9]), ValueError, r"each of the 2 quantiles; got shape \(5, 3\)"),
    (lambda: F.huber_loss(V, V, delta=0.0), ValueError, "huber_loss: delta must be positive; got 0.0"),
    (
        lambda: F.mse_loss(V, V, sample_weight=V[:, None]),
        ValueError,
        r"one weight for each sample, shape \(5,\), .* got \(5, 1\)",
    ),
    (
        lambda: F.mse_loss(V, V, sample_weight=-V),
        ValueError,
        "sample_weight must be finite and not negative; got values from -1.0 to -1.0",
    ),
    (lambda: F.mse_loss(V, V, sample_weight=V * nan), ValueError, "sample_weight must be finite"),
    (lambda: F.mse_loss(V, V, sample_weight=["a"] * 5), TypeError, "sample_weight must hold real numbers"),
    (lambda: nn.l1_penalty(np.ones(3)), TypeError, "l1_penalty: takes a list of parameters; got ndarray"),
    (lambda: nn.l2_penalty(nn.Parameter([1.0])), TypeError, "l2_penalty: takes a list of parameters; got Parameter"),
    (lambda: nn.MSELoss("batchmean"), ValueError, "MSELoss: reduction is one of"),
    (lambda: nn.KLDivLoss("max"), ValueError, 'KLDivLoss: reduction is one of "mean", "sum", "none", "batchmean"; got'),
    (lambda: nn.KLDivLoss(log_target=1), TypeError, "KLDivLoss: log_target must be True or False; got int 1"),
    (lambda: nn.HuberLoss(delta=-1.0), ValueError, "HuberLoss: delta must be positive; got -1.0"),
    (lambda: nn.HuberLoss(delta=True), TypeError, "HuberLoss: delta must be a number; got bool True"),
    (lambda: nn.SmoothL1Loss(beta=nan), ValueError, "SmoothL1Loss: beta must be finite; got nan"),
    (lambda: nn.QuantileLoss([0.5, 2.0]), ValueError, "QuantileLoss: quantile must be"),
    (lambda: nn.PoissonNLLLoss(eps=0.0), ValueError, "PoissonNLLLoss: eps must be positive"),
    (lambda: nn.GaussianNLLLoss(full="yes"), TypeError, "GaussianNLLLoss: full must be True or False; got str 'yes'"),
    (lambda: nn.BCELoss(weight=-1.0), ValueError, "BCELoss: weight must be finite and not negative"),
    (lambda: nn.BCEWithLogitsLoss(pos_weight="2"), TypeError, "BCEWithLogitsLoss: pos_weight must hold real numbers"),
    (
        lambda: nn.CrossEntropyLoss(weight=[[1.0]]),
        ValueError,
        r"CrossEntropyLoss: weight must have .* \(C,\); got \(1, 1\)",
    ),
    (lambda: nn.CrossEntropyLoss(weight=["a"]), TypeError, "CrossEntropyLoss: weight must hold real numbers"),
    (
        lambda: nn.CrossEntropyLoss(ignore_index=0.5),
        TypeError,
        "CrossEntropyLoss: ignore_index must be an integer; got float 0.5",
    ),
    (
        lambda: nn.CrossEntropyLoss(label_smoothing=-0.1),
        ValueError,
        "CrossEntropyLoss: label_smoothing must lie in",
    ),
    (lambda: nn.CrossEntropyLoss(label_smoothing="a"), TypeError, "CrossEntropyLoss: label_smoothing must be a number"),
    (lambda: nn.NLLLoss(reduction=None), ValueError, "NLLLoss: reduction is one of .* got None"),
]


@pytest.mark.parametrize("row", REFUSALS)
def test_refusals(row):
    call, kind, message = row
    with pytest.raises(kind, match=message):
        call()
