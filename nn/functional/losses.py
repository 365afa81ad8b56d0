"""Losses of regression, as functions of a prediction (`input`) and the truth (`target`) of one shape.

The residual is r = input − target. At a kink the derivative is the subgradient of least norm.
`reduction` and `sample_weight` mean the same in all of them: see `nn.functional.reduction.reduce`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import not_negative, positive
from nn.functional.elementwise import elementwise
from nn.functional.reduction import floats, matched, reduce


def mse_loss(input: Any, target: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Return the squared error (input − target)², averaged over all entries.

    The lectures' `CostOLS` divides by the number of samples alone: for d outputs it is d times this.

    Parameters
    ----------
    input, target : array_like
        Prediction and truth, of one shape (n_samples, …).
    reduction : {"mean", "sum", "none"}
        What to do with the squared errors.
    sample_weight : array_like, optional
        Shape (n_samples,): the mean is then Σ wᵢ ℓᵢ / Σ wᵢ.

    Raises
    ------
    TypeError
        For entries that are no real numbers.
    ValueError
        If the shapes differ (they would broadcast, and the loss be that of every pair), for an
        unknown reduction, and weights that are negative or of another shape.

    Examples
    --------
    >>> float(mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    input, target = matched("mse_loss", input, target)
    if reduction == "mean" and sample_weight is None:
        return mean_square(input, target)
    return reduce("mse_loss", np.square(input - target), reduction, sample_weight)


@ad.primitive
def mean_square(a: Any, b: Any) -> Any:
    """Return the mean of (a − b)²: one operation where the training of small models would feel three."""
    d = np.subtract(a, b)
    return np.add.reduce(d * d, axis=None) / max(d.size, 1)


def _mean_square_rule(sign: int) -> Any:
    return lambda ct, _y, a, b: ct * (sign * 2.0 / max(a.size, 1)) * (a - b)


mean_square.defvjp(_mean_square_rule(1), _mean_square_rule(-1))


def l1_loss(input: Any, target: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Return the absolute error |r|; its derivative at r = 0 is 0.

    Parameters and Raises: as `mse_loss`.

    Examples
    --------
    >>> print(l1_loss([1.0, 2.0], [1.0, 4.0]))
    1.0
    """
    input, target = matched("l1_loss", input, target)
    return reduce("l1_loss", np.abs(input - target), reduction, sample_weight)


@elementwise(lambda c, _y, r, delta: c * np.clip(r, -delta, delta))
def _huber(r: Any, delta: float) -> Any:
    size = np.abs(r)
    short = np.minimum(size, delta)
    return short * (size - 0.5 * short)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, *, sample_weight: Any = None
) -> Any:
    """Return r²/2 for |r| ≤ δ and δ (|r| − δ/2) beyond: outliers pull with a bounded force.

    Parameters
    ----------
    input, target, reduction, sample_weight
        As in `mse_loss`.
    delta : float
        δ > 0.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for another δ.

    References
    ----------
    P. J. Huber (1964), "Robust estimation of a location parameter", Ann. Math. Statist. 35, section 4.

    Examples
    --------
    >>> print(huber_loss([0.0], [1.0]), huber_loss([0.0], [10.0]))
    0.5 9.5
    """
    positive("huber_loss", "delta", delta)
    input, target = matched("huber_loss", input, target)
    return reduce("huber_loss", _huber(input - target, delta=float(delta)), reduction, sample_weight)


def smooth_l1_loss(
    input: Any, target: Any, reduction: str = "mean", beta: float = 1.0, *, sample_weight: Any = None
) -> Any:
    """Return r²/(2β) for |r| < β and |r| − β/2 beyond: the Huber loss over β.

    Parameters
    ----------
    input, target, reduction, sample_weight
        As in `mse_loss`.
    beta : float
        β ≥ 0; 0 gives the absolute error.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for another β.

    Examples
    --------
    >>> print(smooth_l1_loss([0.0], [1.0], beta=2.0))
    0.25
    """
    not_negative("smooth_l1_loss", "beta", beta)
    input, target = matched("smooth_l1_loss", input, target)
    r = input - target
    losses = np.abs(r) if beta == 0 else _huber(r, delta=float(beta)) / float(beta)
    return reduce("smooth_l1_loss", losses, reduction, sample_weight)


def _pinball_rule(c: Any, _y: Any, r: Any, quantile: Any) -> Any:
    return np.where(r > 0, (1.0 - quantile) * c, np.where(r < 0, -quantile * c, 0.0))


@elementwise(_pinball_rule)
def _pinball(r: Any, quantile: Any) -> Any:
    return np.where(r > 0, (1.0 - quantile) * r, -quantile * r)[()]


def quantile_loss(
    input: Any, target: Any, quantile: Any = 0.5, reduction: str = "mean", *, sample_weight: Any = None
) -> Any:
    """Return the pinball loss, max(q (target − input), (q − 1)(target − input)), which the q-quantile minimises.

    Parameters
    ----------
    input : array_like
        Prediction: of the shape of the target, or for K quantiles (n_samples, …, K), one column for each.
    target : array_like
        Truth, shape (n_samples, …); for several quantiles the last axis may also be there with length 1.
    quantile : float or sequence of float
        q, each between 0 and 1.
    reduction, sample_weight
        As in `mse_loss`.

    Raises
    ------
    TypeError, ValueError
        As `mse_loss`, and for quantiles outside (0, 1) or not as many as columns.

    References
    ----------
    R. Koenker, G. Bassett (1978), "Regression quantiles", Econometrica 46, eq. (2.2).

    Examples
    --------
    >>> print(quantile_loss([0.0], [1.0], 0.9), quantile_loss([[0.0, 0.0]], [1.0], [0.1, 0.9]))
    0.9 0.5
    """
    q = check_quantiles("quantile_loss", quantile)
    input = floats("quantile_loss", "input", input)
    target = floats("quantile_loss", "target", target, input)
    if q.ndim == 1:
        if input.shape[-1:] != q.shape:
            raise ValueError(
                f"quantile_loss: the last axis of input must hold one prediction for each of the {len(q)} quantiles; "
                f"got shape {input.shape}. Give the model {len(q)} outputs."
            )
        if target.shape == input.shape[:-1]:
            target = target[..., None]
        if target.shape == (*input.shape[:-1], 1):
            target = np.broadcast_to(target, input.shape)
    input, target = matched("quantile_loss", input, target)
    losses = _pinball(input - target, quantile=q.astype(input.dtype) if q.ndim else float(q))
    return reduce("quantile_loss", losses, reduction, sample_weight)


@elementwise(lambda c, _y, r: c * np.tanh(r))
def _log_cosh(r: Any) -> Any:
    """Return log cosh r: log1p(sinh² r) / 2 near 0, |r| + log1p(exp(−2|r|)) − log 2 beyond 1."""
    size = np.abs(r)
    near = 0.5 * np.log1p(np.square(np.sinh(np.minimum(size, 1.0))))
    return np.where(size < 1, near, size + (np.log1p(np.exp(-2.0 * size)) - 0.6931471805599453))[()]


def log_cosh_loss(input: Any, target: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Return log cosh r: like r²/2 near 0 and |r| far out, and smooth everywhere.

    Parameters and Raises: as `mse_loss`.

    Examples
    --------
    >>> print(f"{log_cosh_loss([1e-8], [0.0]):.3e}")
    5.000e-17
    """
    input, target = matched("log_cosh_loss", input, target)
    return reduce("log_cosh_loss", _log_cosh(input - target), reduction, sample_weight)


def check_quantiles(function: str, quantile: Any) -> np.ndarray:
    """Return one quantile, shape (), or several, shape (K,), checked."""
    q = np.asarray(quantile)
    if q.dtype.kind != "f" or q.ndim > 1 or q.size == 0 or not ((q > 0) & (q < 1)).all():
        raise ValueError(
            f"{function}: quantile must be a number between 0 and 1, or a list of them; got {quantile!r}. "
            "Write 0.5 for the median."
        )
    return q
