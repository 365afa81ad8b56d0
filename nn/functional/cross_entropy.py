"""Losses of classification into C classes, on logits and on logarithms of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import between
from nn.functional.contents import array, weights, within
from nn.functional.reduction import check_reduction, floats, reduce
from nn.functional.softmax import log_softmax, softmax

IGNORED = -100
UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = IGNORED,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    *,
    sample_weight: Any = None,
) -> Any:
    """Return −Σ_c t_c log p_c for the probabilities p = softmax(input): the loss of a classifier.

    It works on the logits (the lectures' z of the last layer), so that nothing overflows, and its
    derivative there is δ = p − t to the last digits. The lectures' `CostCrossEntropy` takes p itself, adds 1e-9
    before the logarithm, and averages over samples and classes: without that offset it is this over C.

    Parameters
    ----------
    input : array_like
        Logits, shape (n_samples, C), (n_samples, C, …) or (C,).
    target : array_like
        Either the number of the class, whole numbers of the shape of the input without the axis of
        classes; or t, probabilities (one-hot rows, say) of the shape of the input.
    weight : array_like, optional
        One for each class, shape (C,). The mean over class numbers is then Σ wᵢ ℓᵢ / Σ wᵢ.
    ignore_index : int
        Targets with this number do not count.
    reduction : {"mean", "sum", "none"}
        The mean is over all positions (samples), not over classes.
    label_smoothing : float
        ε in [0, 1]: the target is (1 − ε) t + ε / C.
    sample_weight : array_like, optional
        Shape (n_samples,).

    Raises
    ------
    TypeError
        For class numbers that are no whole numbers.
    ValueError
        For shapes that do not fit, class numbers outside 0 … C − 1, probabilities outside [0, 1], and options
        that are none.

    References
    ----------
    C. Szegedy et al. (2016), "Rethinking the inception architecture", section 7 (label smoothing).

    Examples
    --------
    >>> logits = np.array([[1e4, 0.0], [0.0, 0.0]])
    >>> cross_entropy(logits, np.array([1, 0]), reduction="none")
    array([1.00000000e+04, 6.93147181e-01])
    >>> ad.grad(cross_entropy)(logits, np.array([1, 0]))
    array([[ 0.5 , -0.5 ],
           [-0.25,  0.25]])
    """
    usual = weight is None and sample_weight is None and label_smoothing == 0 and reduction == "mean"
    is_array = isinstance(target, (np.ndarray, ad.Record))
    if usual and is_array and target.ndim == 1 and target.dtype.kind in "iu" and target.size:
        shape: tuple[int, ...] = getattr(input, "shape", ())
        fits = len(shape) == 2 and shape[0] == target.size and shape[1] and input.dtype.kind == "f"
        if fits and ignore_index < 0:
            return mean_cross_entropy(input, target, ignore_index)[0]
    input = floats("cross_entropy", "input", input)
    check_reduction("cross_entropy", reduction)
    between("cross_entropy", "label_smoothing", label_smoothing, 0.0, 1.0)
    input, target, is_class = _classes_last("cross_entropy", input, target)
    w = class_weights("cross_entropy", weight, input.shape[-1], input.dtype)
    log_p = log_softmax(input)
    if not is_class:
        t = target * (1.0 - label_smoothing) + label_smoothing / input.shape[-1] if label_smoothing else target
        return reduce("cross_entropy", -_expected(t if w is None else t * w, log_p), reduction, sample_weight)
    losses, counts = _picked("cross_entropy", log_p, target, w, ignore_index)
    if label_smoothing:
        even = np.full(log_p.shape[-1], label_smoothing / log_p.shape[-1], log_p.dtype)
        spread = -_expected(np.broadcast_to(even if w is None else even * w, log_p.shape), log_p)
        spread = spread if counts is None else np.where(target == ignore_index, 0.0, spread)
        losses = (1.0 - label_smoothing) * losses + spread
    return reduce("cross_entropy", losses, reduction, sample_weight, counts)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = IGNORED,
    reduction: str = "mean",
    *,
    sample_weight: Any = None,
) -> Any:
    """Return −log p of the true class, given the logarithms of the probabilities (see `log_softmax`).

    Parameters
    ----------
    input : array_like
        Logarithms of probabilities, shape (n_samples, C), (n_samples, C, …) or (C,).
    target, weight, ignore_index, reduction, sample_weight
        As in `cross_entropy`; class numbers alone.

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`.

    Examples
    --------
    >>> print(f"{nll_loss(np.log([[0.25, 0.75]]), [1]):.6f}")
    0.287682
    """
    check_reduction("nll_loss", reduction)
    input = floats("nll_loss", "input", input)
    log_p, target, is_class = _classes_last("nll_loss", input, target)
    if not is_class:
        raise TypeError(
            f"nll_loss: target must hold class numbers; got probabilities of shape {target.shape}. "
            "Write target.argmax(axis=1), or use cross_entropy on the logits."
        )
    w = class_weights("nll_loss", weight, log_p.shape[-1], log_p.dtype)
    losses, counts = _picked("nll_loss", log_p, target, w, ignore_index)
    return reduce("nll_loss", losses, reduction, sample_weight, counts)


# --- the fused operation of the usual case -------------------------------------------------------


@ad.primitive
def mean_cross_entropy(logits: Any, target: Any, ignore_index: int) -> Any:
    """Return the mean cross-entropy of class numbers, and its gradient (p − onehot) / n.

    The gradient costs little once the loss is there, and the backward pass then has only to scale
    it. Its entry at the true class is minus the sum of the others: p − 1 would lose the digits of a sure classifier.
    """
    n, n_classes = logits.shape
    if np.maximum.reduce(target.view(UNSIGNED[target.dtype.itemsize])) >= n_classes:  # a negative number is large, too
        return _mean_over_counted(logits, target, ignore_index)
    rows = np.arange(0, n * n_classes, n_classes)
    top = logits.argmax(axis=1)
    top += rows
    rows += target
    e = logits - logits.take(top)[:, None]
    picked = np.add.reduce(e.take(rows))
    np.exp(e, out=e)
    ones = np.ones(n_classes, e.dtype)
    e.put(top, 0.0)
    others = e.dot(ones)
    loss = (np.add.reduce(np.log1p(others)) - picked) / n
    e.put(top, 1.0)
    others += 1.0
    others *= n
    e /= others[:, None]
    e.put(rows, 0.0)
    e.put(rows, -e.dot(ones))
    e.setflags(write=False)
    return loss, e


def _mean_over_counted(logits: Any, target: Any, ignore_index: int) -> Any:
    """Return the same where some samples are ignored; they have no loss and no gradient."""
    counted = np.flatnonzero(target != ignore_index)
    check_classes("cross_entropy", target[counted], logits.shape[1])
    gradient = np.zeros_like(logits)
    if not counted.size:
        return logits.dtype.type(0.0), gradient
    loss, gradient[counted] = mean_cross_entropy(logits[counted], target[counted], ignore_index)
    gradient.setflags(write=False)
    return loss, gradient


def _mean_cross_entropy_vjp(ct: Any, y: Any, logits: Any, target: Any, ignore_index: int) -> Any:
    slope = 0.0 if ct[0] is None else ct[0] * y[1]
    return slope if ct[1] is None else slope + _times_hessian(ct[1], logits, target, ignore_index)


def _mean_cross_entropy_jvp(tangent: Any, y: Any, logits: Any, target: Any, ignore_index: int) -> tuple:
    return np.sum(tangent * y[1]), _times_hessian(tangent, logits, target, ignore_index)


def _times_hessian(c: Any, logits: Any, target: Any, ignore_index: int) -> Any:
    """Return H c, H being the derivative of (p − onehot) / n: the symmetric Jacobian of the softmax over n."""
    p = softmax(logits)
    counts = (target != ignore_index).astype(p.dtype)
    c = c - np.take_along_axis(c, np.argmax(p, -1, keepdims=True), -1)
    scale = counts / np.maximum(np.sum(counts), 1)
    return p * (c - np.sum(c * p, axis=-1, keepdims=True)) * scale[:, None]


mean_cross_entropy.defvjp(_mean_cross_entropy_vjp, None, None).defjvp(_mean_cross_entropy_jvp, None, None)
mean_cross_entropy.defflop(lambda _y, logits, *_: 6 * logits.size)  # a softmax, and the sum of its other entries


# --- the general case ----------------------------------------------------------------------------


def _expected(t: Any, log_p: Any) -> Any:
    """Return Σ_c t_c log p_c, with 0 · log 0 = 0."""
    return np.sum(t * np.where(t == 0, 0.0, log_p), axis=-1)


def _picked(function: str, log_p: Any, target: Any, weight: Any, ignore_index: int) -> tuple[Any, Any]:
    """Return −w log p of the classes in `target`, and how much each counts (None: all alike)."""
    ignored = target == ignore_index
    some = isinstance(target, ad.Record) or bool(ignored.any())  # a record may hold any numbers
    classes = np.where(ignored, 0, target) if some else target
    classes = checked_classes(classes, function=function, n_classes=log_p.shape[-1])
    losses = -np.take_along_axis(log_p, classes[..., None], axis=-1)[..., 0]
    if weight is None and not some:
        return losses, None
    counts = np.ones(target.shape, losses.dtype) if weight is None else weight[classes]
    counts = np.where(ignored, 0.0, counts).astype(losses.dtype)
    return np.where(ignored, 0.0, losses) * counts, counts


def _classes_last(function: str, input: Any, target: Any) -> tuple[Any, Any, bool]:
    """Return the logits with the axis of classes last, the target likewise, and whether it holds class numbers."""
    if not hasattr(target, "dtype"):
        target = np.asarray(target)
    shape = input.shape
    if not shape or not input.size:
        raise ValueError(
            f"{function}: input must hold scores of C classes, shape (C,), (n_samples, C) or (n_samples, C, …); "
            f"got shape {shape}. Reshape it."
        )
    axis = 0 if len(shape) == 1 else 1
    without = shape[:axis] + shape[axis + 1 :]
    if target.shape == shape:
        problem = f"{function}: a target of the shape of the input, {shape}, holds probabilities between 0 and 1"
        advice = f"Pass class numbers with shape {without}, or one-hot rows."
        target = within(floats(function, "target", target, input), low=0, high=1, problem=problem, advice=advice)
        return _move(input, axis), _move(target, axis), False
    if target.shape != without:
        raise ValueError(
            f"{function}: target must hold class numbers, shape {without}, or probabilities, shape {shape}, for input "
            f"of shape {shape}; got shape {target.shape}. {_reshape(target.shape, without)}"
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: class numbers are whole numbers; got dtype {target.dtype}. Write target.astype(int)."
        )
    return _move(input, axis), array(target), True


@ad.primitive
def checked_classes(target: Any, *, function: str, n_classes: int) -> Any:
    """Return `target`, once all class numbers have been found to be there."""
    check_classes(function, target, n_classes)
    return target


checked_classes.defvjp(None).defflop(lambda _y, *_, **__: 0)


def _move(x: Any, axis: int) -> Any:
    return x if axis == len(x.shape) - 1 else np.moveaxis(x, axis, -1)


def _reshape(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if np.prod(shape) == np.prod(wanted):
        return f"Write target.reshape({wanted}) if the entries are in the same order."
    return "They have different numbers of entries: check the number of samples."


def check_classes(function: str, target: np.ndarray, n_classes: int) -> None:
    """Raise unless all class numbers are there."""
    if target.size and (np.minimum.reduce(target, axis=None) < 0 or np.maximum.reduce(target, axis=None) >= n_classes):
        raise ValueError(
            f"{function}: class numbers go from 0 to {n_classes - 1}, since the input has {n_classes} classes; "
            f"got {target.min()} to {target.max()}. Number the classes from 0, or give the model more outputs."
        )


def class_weights(
    function: str, weight: Any, n_classes: int | None = None, dtype: Any = np.float64
) -> np.ndarray | None:
    """Return the weights of the classes, shape (C,), checked; None without any."""
    if weight is None:
        return None
    w = weights(function, "weight", weight)
    if w.ndim != 1 or (n_classes is not None and len(w) != n_classes):
        count = "C" if n_classes is None else n_classes
        raise ValueError(
            f"{function}: weight must have one entry for each class, shape ({count},); got {w.shape}. Give all of them."
        )
    return w.astype(dtype)
