"""Quasi-Newton and second-order methods: SciPy's, with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import autodiff as ad
from nn.arguments import integer, positive
from nn.module import Module
from nn.optim.objective import Objective

METHODS = {name.lower(): name for name in ("BFGS", "L-BFGS-B", "CG", "Newton-CG", "trust-ncg", "lm")}
WITH_HESSIAN = ("Newton-CG", "trust-ncg")


def minimize(
    model: Module,
    loss: Callable,
    X: Any,  # noqa: N803 - the data matrix of the lectures
    y: Any,
    method: str = "BFGS",
    *,
    maxiter: int | None = None,
    tol: float | None = None,
    sample_weight: Any = None,
    callback: Callable[[Any], Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Fit the model's parameters by one of SciPy's methods, on all samples at once.

    Gradients, Hessian-vector products and Jacobians are the engine's, to rounding. For small
    models and smooth losses this reaches minima that steps of a fixed rate do not.

    Parameters
    ----------
    model : Module
        Its parameters that require a gradient are fitted; the others stay as they are.
    loss : callable
        Of prediction and target: `nn.MSELoss()`, `nn.functional.cross_entropy`, … A penalty may
        be added in it that reads `model.parameters()`.
    X, y : array_like
        Inputs and targets.
    method : {"BFGS", "L-BFGS-B", "CG", "Newton-CG", "trust-ncg", "lm"}
        "Newton-CG" and "trust-ncg" use Hessian-vector products; "lm", Levenberg–Marquardt, the
        Jacobian of the residuals, for the mean squared error alone.
    maxiter : int, optional
        The largest number of iterations (for "lm": of evaluations).
    tol : float, optional
        The tolerance of the method: for the gradient of "BFGS", "CG" and "trust-ncg"; for the
        loss and the gradient of "L-BFGS-B"; for the step of "Newton-CG"; for all three of "lm".
    sample_weight : array_like, optional
        Weights, handed to the loss.
    callback : callable, optional
        Called after each iteration with an object that has `x` (the parameters as one vector)
        and `fun` (the loss, for "lm" the residuals), while the model holds these parameters;
        `StopIteration` ends the fit.
    options : mapping, optional
        Further options of SciPy's method, such as {"maxcor": 20}.

    Returns
    -------
    scipy.optimize.OptimizeResult
        What SciPy returned (`success`, `message`, `x`, `fun`, `nfev`, …), and `loss`, the loss at
        `x`. The model holds `x`. If the fit ended early (`maxiter`, Ctrl-C, a line search that
        failed), that is the best point seen.

    Raises
    ------
    ImportError
        Without SciPy.
    TypeError, ValueError
        For what is no model, loss or method; for a loss that is not finite, or that differs from
        one evaluation to the next (a dropout layer that is training). The model is then as it was.

    Notes
    -----
    SciPy computes in float64. The values of a float32 model have about 7 digits, and methods that
    search along lines may end with "precision loss" near the minimum. The model is used in the mode
    it is in: in training mode the running statistics of batch normalisation follow the evaluations.

    References
    ----------
    Nocedal & Wright (2006), "Numerical optimization": Algorithms 6.1 (BFGS), 7.5 (L-BFGS), 5.4
    (CG), 7.1 (Newton-CG), 7.2 (trust-ncg); section 10.3 (Levenberg–Marquardt).

    Examples
    --------
    >>> import nn
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> model = nn.Linear(1, 1, rng=0)
    >>> result = minimize(model, nn.MSELoss(), X, 2 * X + 1)
    >>> result.success, round(model.weight.item(), 4), round(model.bias.item(), 4)
    (True, 2.0, 1.0)
    """
    optimize = ad.required("scipy.optimize", "scipy", "minimize", instead="train with nn.fit")
    if not isinstance(method, str) or method.lower() not in METHODS:
        listed = ", ".join(f'"{name}"' for name in METHODS.values())
        raise ValueError(f"minimize: method is one of {listed}; got {method!r}. Choose one of them.")
    maxiter = None if maxiter is None else integer("minimize", "maxiter", maxiter, 1)
    tol = None if tol is None else positive("minimize", "tol", tol)
    if callback is not None and not callable(callback):
        raise TypeError(f"minimize: callback must be a function; got {type(callback).__name__}. Pass one, or None.")
    method = METHODS[method.lower()]
    objective = Objective(model, loss, X, y, sample_weight)
    _check_repeatable(objective)
    run = _least_squares if method == "lm" else _minimize
    try:
        result = run(optimize, objective, method, maxiter, tol, callback, dict(options or {}))
    except (KeyboardInterrupt, StopIteration) as stop:
        reason = "interrupted" if isinstance(stop, KeyboardInterrupt) else "stopped by the callback"
        result = optimize.OptimizeResult(
            x=objective.best[1], success=False, status=99, message=f"{reason}; x is the best point found"
        )
    except BaseException:
        objective.put(objective.start)
        raise
    return _settled(objective, result)


def _minimize(
    optimize: Any, objective: Objective, method: str, maxiter: Any, tol: Any, callback: Any, options: dict
) -> Any:
    def report(intermediate_result: Any) -> None:  # (SciPy knows the form of the call by this name)
        objective.put(intermediate_result.x)
        callback(intermediate_result)

    if maxiter is not None:
        options["maxiter"] = maxiter
    return optimize.minimize(
        objective.value_and_grad,
        objective.start,
        jac=True,
        hessp=objective.hessian_product if method in WITH_HESSIAN else None,
        method=method,
        tol=tol,
        callback=report if callback is not None else None,
        options=options,
    )


def _least_squares(
    optimize: Any, objective: Objective, method: str, maxiter: Any, tol: Any, callback: Any, options: dict
) -> Any:
    residuals = objective.residuals(objective.start)
    if residuals.size < objective.start.size:
        raise ValueError(
            f'minimize: method "lm" needs at least as many residuals as parameters; got {residuals.size} for '
            f'{objective.start.size}. Pass more samples, or another method, such as "BFGS".'
        )

    def jacobian(x: np.ndarray) -> np.ndarray:  # MINPACK asks for it once in each iteration
        if callback is not None:
            objective.put(x)
            callback(optimize.OptimizeResult(x=np.array(x), fun=objective.residuals(x)))
        return objective.residual_jacobian(x)

    tolerances = {} if tol is None else {"xtol": tol, "ftol": tol, "gtol": tol}
    return optimize.least_squares(
        objective.residuals,
        objective.start,
        jac=jacobian,
        method=method,
        **{**tolerances, "max_nfev": maxiter, **options},
    )


def _settled(objective: Objective, result: Any) -> Any:
    """Return the result with its loss, at the best point seen if that is clearly better; set the model."""
    result.loss = objective.value(result.x)
    best, x = objective.best
    if not result.loss <= best + 1e-12 * abs(best):
        # (Otherwise SciPy's own point is kept: of points that rounding cannot tell apart, it has the smaller gradient.)
        result.x, result.loss = x, best
        if "fun" in result and np.ndim(result.fun) == 0:
            result.fun, result.jac = objective.value_and_grad(x)
    objective.put(result.x)
    return result


def _check_repeatable(objective: Objective) -> None:
    """Raise unless the loss at the start is finite, and the same when computed again."""
    first, second = objective.value(objective.start), objective.value(objective.start)
    if not np.isfinite(first):
        raise ValueError(
            f"minimize: the loss at the start must be finite; got {first}. "
            "Look for NaN in the data, or scale inputs and targets."
        )
    if first != second:
        raise ValueError(
            f"minimize: the loss must be a function of the parameters alone; got {first} and then {second} for the "
            "same ones. Switch random layers off with model.eval()."
        )
