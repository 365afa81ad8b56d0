"""Losses that are minus the logarithm of a likelihood: Bernoulli, Poisson, Gaussian; and the Kullback–Leibler one."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import positive
from nn.functional.activations import logsigmoid
from nn.functional.contents import weights, within
from nn.functional.elementwise import elementwise
from nn.functional.reduction import REDUCTIONS, check_reduction, floats, matched, reduce

LOG_FLOOR = -100.0


# --- two classes ---------------------------------------------------------------------------------


@ad.primitive
def _bernoulli(p: Any, t: Any) -> Any:
    """Return −t log p − (1 − t) log(1 − p), the logarithms not below −100."""
    _check_unit("binary_cross_entropy", "input", p, "Apply sigmoid, or use binary_cross_entropy_with_logits.")
    _check_unit("binary_cross_entropy", "target", t, "Code the classes as 0 and 1.")
    with np.errstate(divide="ignore"):
        return -(t * np.maximum(np.log(p), LOG_FLOOR) + (1.0 - t) * np.maximum(np.log1p(-p), LOG_FLOOR))


_bernoulli.defvjp(
    lambda ct, _y, p, t: ct * ((p - t) / np.maximum(p * (1.0 - p), 1e-12)),  # PyTorch's bound on the denominator
    lambda ct, _y, p, _t: ct * (_clamped_log(1.0 - p) - _clamped_log(p)),
)


def _clamped_log(p: Any) -> Any:
    return np.log(np.maximum(p, 3.720075976020836e-44))


def _check_unit(function: str, name: str, x: Any, advice: str) -> None:
    """Raise if a probability lies outside [0, 1]."""
    if np.any((x < 0) | (x > 1)):
        raise ValueError(
            f"{function}: {name} must lie between 0 and 1; got values from {np.min(x)} to {np.max(x)}. {advice}"
        )


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", *, sample_weight: Any = None
) -> Any:
    """Return −t log p − (1 − t) log(1 − p): the lectures' `CostLogReg`, averaged over all entries.

    The logarithms are not let below −100, as in PyTorch (the lectures add 1e-9 to p instead). On logits,
    `binary_cross_entropy_with_logits` is exact.

    Parameters
    ----------
    input : array_like
        p, probabilities of class 1.
    target : array_like
        t, in [0, 1], of the shape of the input.
    weight : array_like, optional
        Factor for each entry, of the shape of the input or one that broadcasts to it.
    reduction, sample_weight
        As in `mse_loss`.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for probabilities outside [0, 1].

    Examples
    --------
    >>> print(binary_cross_entropy([0.0, 0.0], [1.0, 0.0], reduction="none"))
    [100.   0.]
    """
    p, t = matched("binary_cross_entropy", input, target)
    losses = _times("binary_cross_entropy", _bernoulli(p, t), "weight", weight)
    return reduce("binary_cross_entropy", losses, reduction, sample_weight)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
    *,
    sample_weight: Any = None,
) -> Any:
    """Return −t log p − (1 − t) log(1 − p) for p = sigmoid(input), without computing p.

    Parameters
    ----------
    input : array_like
        Logits, any shape.
    target, weight, reduction, sample_weight
        As in `binary_cross_entropy`.
    pos_weight : array_like, optional
        Factor of the first term, a number or one for each output (> 1: class 1 counts more).

    Raises
    ------
    TypeError, ValueError
        As `binary_cross_entropy`.

    Examples
    --------
    >>> print(binary_cross_entropy_with_logits([1000.0], [0.0]))
    1000.0
    """
    function = "binary_cross_entropy_with_logits"
    x, t = matched(function, input, target)
    losses = _logistic_loss(x, _times(function, t, "pos_weight", pos_weight), t)
    return reduce(function, _times(function, losses, "weight", weight), reduction, sample_weight)


@ad.primitive
def _logistic_loss(x: Any, for_one: Any, t: Any) -> Any:
    """Return a log(1 + exp(−x)) + (1 − t) log(1 + exp(x)), a being the weighted t."""
    _check_unit("binary_cross_entropy_with_logits", "target", t, "Code the classes as 0 and 1.")
    tail = np.log1p(np.exp(-np.abs(x)))
    return for_one * (tail - np.minimum(x, 0.0)) + (1.0 - t) * (tail + np.maximum(x, 0.0))


_logistic_loss.defvjp(
    lambda ct, _y, x, a, t: ct * ((1.0 - t) * ad.logistic(x) - a * ad.logistic(-x)),
    lambda ct, _y, x, _a, _t: ct * -logsigmoid(x),
    lambda ct, _y, x, _a, _t: ct * logsigmoid(-x),
)


def _times(function: str, losses: Any, name: str, factor: Any) -> Any:
    """Return the losses times a constant factor that broadcasts to their shape."""
    if factor is None:
        return losses
    array = weights(function, name, factor)
    shape = losses.shape
    fits = array.ndim <= len(shape) and all(n in (1, m) for n, m in zip(array.shape[::-1], shape[::-1], strict=False))
    if not fits:
        raise ValueError(
            f"{function}: {name} must broadcast to the shape of the input, {shape}; got {array.shape}. Reshape it."
        )
    return losses * array.astype(losses.dtype)


# --- counts and measurements ---------------------------------------------------------------------


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
    *,
    sample_weight: Any = None,
) -> Any:
    """Return λ − k log λ for counts k = target: minus the logarithm of Poisson's probability, without log k!.

    Parameters
    ----------
    input : array_like
        log λ, or with `log_input=False` λ itself.
    target : array_like
        k ≥ 0, of the shape of the input.
    log_input : bool
        What the input is.
    full : bool
        Whether to add Stirling's approximation k log k − k + log(2πk)/2 of log k!, for k > 1.
    eps : float
        Added to λ before its logarithm is taken (`log_input=False` alone).
    reduction, sample_weight
        As in `mse_loss`.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for negative counts.

    Examples
    --------
    >>> print(poisson_nll_loss([0.0], [3.0]))
    1.0
    """
    positive("poisson_nll_loss", "eps", eps)
    x, k = matched("poisson_nll_loss", input, target)
    k = within(k, low=0, problem="poisson_nll_loss: target must hold counts", advice="Use mse_loss for such data.")
    losses = np.exp(x) - k * x if log_input else x - k * np.log(x + float(eps))
    if full:
        many = np.where(k > 1, k, 1.0)
        stirling = many * np.log(many) - many + 0.5 * np.log(6.283185307179586 * many)
        losses = losses + np.where(k > 1, stirling, 0.0)
    return reduce("poisson_nll_loss", losses, reduction, sample_weight)


@elementwise(lambda c, _y, _x, low: c)  # noqa: ARG005 - the engine passes parameters by name
def _floored(x: Any, low: float) -> Any:
    """Return max(x, low), with derivative 1 also below, so that a variance that is too small can grow again."""
    if np.any(np.less(x, 0)):
        raise ValueError(
            f"gaussian_nll_loss: a variance is not negative; got {np.min(x)}. Let the model give its logarithm, "
            "or apply softplus."
        )
    return np.maximum(x, low)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
    *,
    sample_weight: Any = None,
) -> Any:
    """Return (log σ² + (target − input)²/σ²) / 2: minus the logarithm of the normal density, without log(2π)/2.

    Parameters
    ----------
    input, target : array_like
        Predicted mean and truth, of one shape.
    var : array_like
        Predicted variance σ² ≥ 0: of the shape of the input, one for each sample (the last axis absent, or
        of length 1), or a number.
    full : bool
        Whether to add log(2π)/2.
    eps : float
        Smallest σ² (one that is smaller counts as `eps`; its derivative is as if it were `eps`).
    reduction, sample_weight
        As in `mse_loss`.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for negative variances.

    References
    ----------
    D. A. Nix, A. S. Weigend (1994), "Estimating the mean and variance of the target probability distribution", eq. (4).

    Examples
    --------
    >>> print(gaussian_nll_loss([0.0], [2.0], [1.0]))
    2.0
    """
    positive("gaussian_nll_loss", "eps", eps)
    mean, y = matched("gaussian_nll_loss", input, target)
    var = floats("gaussian_nll_loss", "var", var, mean)
    shape = mean.shape
    if var.shape == shape[:-1] and var.shape:
        var = var[..., None]
    if var.shape not in (shape, (*shape[:-1], 1), ()):
        raise ValueError(
            f"gaussian_nll_loss: var must have the shape {shape} of the input, or one entry for each sample, "
            f"{(*shape[:-1], 1)}; got {var.shape}. Reshape it."
        )
    if not var.shape:
        var = var.astype(mean.dtype)
    var = _floored(var, low=float(eps))
    losses = 0.5 * (np.log(var) + np.square(mean - y) / var)
    return reduce("gaussian_nll_loss", losses + 0.9189385332046727 if full else losses, reduction, sample_weight)


# --- distributions -------------------------------------------------------------------------------


@elementwise(lambda c, _y, t: c * (np.log(t) + 1.0))
def _t_log_t(t: Any) -> Any:
    return t * np.log(np.where(t == 0, 1.0, t))


def kl_div(
    input: Any, target: Any, reduction: str = "mean", log_target: bool = False, *, sample_weight: Any = None
) -> Any:
    """Return t (log t − input), t being a probability and input the logarithm of the predicted one.

    Parameters
    ----------
    input : array_like
        Logarithms of probabilities, shape (n_samples, …).
    target : array_like
        Probabilities (or with `log_target=True` their logarithms), of the shape of the input.
    reduction : {"mean", "batchmean", "sum", "none"}
        "batchmean" is the sum over the number of samples, the Kullback–Leibler divergence itself; "mean"
        divides by the number of entries, as in PyTorch.
    log_target : bool
        What the target is.
    sample_weight : array_like, optional
        Shape (n_samples,).

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for negative probabilities.

    Examples
    --------
    >>> print(f"{kl_div(np.log([[0.5, 0.5]]), [[1.0, 0.0]], 'batchmean'):.6f}")
    0.693147
    """
    check_reduction("kl_div", reduction, (*REDUCTIONS, "batchmean"))
    log_q, t = matched("kl_div", input, target)
    if log_target:
        losses = np.exp(t) * (t - log_q)
    else:
        problem = "kl_div: target must hold probabilities"
        t = within(t, low=0, problem=problem, advice="Set log_target=True for logarithms.")
        losses = _t_log_t(t) - t * np.where(t == 0, 0.0, log_q)
    if reduction == "batchmean":
        if losses.ndim == 0:
            raise ValueError('kl_div: "batchmean" needs an axis of samples; got shape (). Write reduction="sum".')
        rows = losses.reshape(losses.shape[0], -1).sum(axis=1)
        return reduce("kl_div", rows, "mean", sample_weight)
    return reduce("kl_div", losses, reduction, sample_weight)
