"""The Dirichlet distribution."""

from typing import Any

import numpy as np
from scipy import special, stats

from autodiff.dispatch import RULES, Operation
from autodiff.operands import as_operand, shape_of
from autodiff.primitives import Rewrite
from autodiff.rules.general import general
from autodiff.rules.scipy_special.elementary import over
from autodiff.scipy.functions import Function, defined
from autodiff.scipy.stats.scipys_own import methods_of

__getattr__ = methods_of(stats.dirichlet, "dirichlet")


def _whole(x: Any, alpha: Any) -> Any:
    """Return x with its last component, which may have been left out; the components lie along the first axis."""
    if shape_of(x)[0] + 1 == shape_of(alpha)[0]:
        return np.concatenate([x, np.reshape(1 - np.sum(x, axis=0), (1, *shape_of(x)[1:]))])
    return x


def _by_x(ct: Any, _y: Any, x: Any, alpha: Any) -> Any:
    """(αᵢ - 1) / xᵢ, less that of the last component if it was left out."""
    columns = np.reshape(alpha, (-1,) + (1,) * (len(shape_of(x)) - 1))
    slopes = ct * over(columns - 1, _whole(x, alpha))
    return slopes if shape_of(slopes) == shape_of(x) else slopes[:-1] - slopes[-1]


def _by_alpha(ct: Any, _y: Any, x: Any, alpha: Any) -> Any:
    """log xᵢ - ψ(αᵢ) + ψ(Σ α)."""
    logs = np.log(_whole(x, alpha))
    logs = ct * logs if len(shape_of(x)) == 1 else np.sum(ct * logs, axis=tuple(range(1, len(shape_of(x)))))
    return logs - np.sum(ct) * (special.psi(alpha) - special.psi(np.sum(alpha)))


@Operation
def log_density(x: Any, alpha: Any) -> Any:
    """Return Σ (αᵢ - 1) log xᵢ - log B(α)."""
    return stats.dirichlet.logpdf(x, alpha)


general(log_density, _by_x, _by_alpha)


def _log_beta(alpha: Any) -> Any:
    return np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))


def _entropy(alpha: Any) -> Any:
    alpha = as_operand(alpha)
    total = np.sum(alpha)
    excess = (total - shape_of(alpha)[0]) * special.psi(total)
    return _log_beta(alpha) + excess - np.sum((alpha - 1) * special.psi(alpha))


logpdf = Function(stats.dirichlet.logpdf, "scipy.stats.dirichlet.logpdf")
pdf = Function(stats.dirichlet.pdf, "scipy.stats.dirichlet.pdf")
RULES[logpdf] = Rewrite(logpdf, lambda x, alpha: log_density(as_operand(x), as_operand(alpha)))
RULES[pdf] = Rewrite(pdf, lambda x, alpha: np.exp(log_density(as_operand(x), as_operand(alpha))))
entropy = defined("scipy.stats.dirichlet.entropy", stats.dirichlet.entropy, _entropy)
mean = defined("scipy.stats.dirichlet.mean", stats.dirichlet.mean, lambda alpha: alpha / np.sum(alpha))
