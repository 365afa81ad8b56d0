"""Activations a = σ(z) as modules; the formulas are in `nn.functional`."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.arguments import number, positive
from nn.module import Module


class Identity(Module):
    """σ(z) = z.

    Examples
    --------
    >>> Identity()(3.0)
    3.0
    """

    def forward(self, x: Any) -> Any:
        """Return x."""
        return x


class Tanh(Module):
    """σ(z) = tanh(z); see `nn.functional.tanh`.

    Examples
    --------
    >>> print(f"{Tanh()(1.0):.6f}")
    0.761594
    """

    def forward(self, x: Any) -> Any:
        """Return tanh(x)."""
        return functional.tanh(x)


class Sigmoid(Module):
    """σ(z) = 1 / (1 + exp(−z)); see `nn.functional.sigmoid`.

    Examples
    --------
    >>> print(Sigmoid()(0.0))
    0.5
    """

    def forward(self, x: Any) -> Any:
        """Return 1 / (1 + exp(−x))."""
        return functional.sigmoid(x)


class LogSigmoid(Module):
    """σ(z) = log(1 / (1 + exp(−z))); see `nn.functional.logsigmoid`.

    Examples
    --------
    >>> print(LogSigmoid()(-1000.0))
    -1000.0
    """

    def forward(self, x: Any) -> Any:
        """Return −log(1 + exp(−x))."""
        return functional.logsigmoid(x)


class Hardsigmoid(Module):
    """σ(z) = z/6 + 1/2, cut off at 0 and 1; see `nn.functional.hardsigmoid`.

    Examples
    --------
    >>> print(Hardsigmoid()(1.5))
    0.75
    """

    def forward(self, x: Any) -> Any:
        """Return min(max(x/6 + 1/2, 0), 1)."""
        return functional.hardsigmoid(x)


class Hardtanh(Module):
    """σ(z) = z, cut off at two bounds; see `nn.functional.hardtanh`.

    Parameters
    ----------
    min_val, max_val : float
        The bounds, the first below the second.

    Raises
    ------
    ValueError
        For other bounds.

    Examples
    --------
    >>> print(Hardtanh()(2.0))
    1.0
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        self.min_val = number("Hardtanh", "min_val", min_val)
        self.max_val = number("Hardtanh", "max_val", max_val)
        if not min_val < max_val:
            raise ValueError(
                f"Hardtanh: min_val must be less than max_val; got {min_val} and {max_val}. Exchange or part them."
            )

    def forward(self, x: Any) -> Any:
        """Return min(max(x, min_val), max_val)."""
        return functional.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Softsign(Module):
    """σ(z) = z / (1 + |z|); see `nn.functional.softsign`.

    Examples
    --------
    >>> print(Softsign()(1.0))
    0.5
    """

    def forward(self, x: Any) -> Any:
        """Return x / (1 + |x|)."""
        return functional.softsign(x)


class ReLU(Module):
    """σ(z) = max(z, 0); see `nn.functional.relu`.

    Examples
    --------
    >>> print(ReLU()(-2.0))
    0.0
    """

    def forward(self, x: Any) -> Any:
        """Return max(x, 0)."""
        return functional.relu(x)


class ReLU6(Module):
    """σ(z) = min(max(z, 0), 6); see `nn.functional.relu6`.

    Examples
    --------
    >>> print(ReLU6()(7.0))
    6.0
    """

    def forward(self, x: Any) -> Any:
        """Return min(max(x, 0), 6)."""
        return functional.relu6(x)


class LeakyReLU(Module):
    """σ(z) = z for z > 0, else a small multiple of z; see `nn.functional.leaky_relu`.

    Parameters
    ----------
    negative_slope : float
        The multiple.

    Raises
    ------
    TypeError, ValueError
        If it is no finite number.

    Examples
    --------
    >>> LeakyReLU(0.2)(-1.0)
    np.float64(-0.2)
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)

    def forward(self, x: Any) -> Any:
        """Return x where it is positive, else negative_slope · x."""
        return functional.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """σ(z) = z for z > 0, else α (exp(z) − 1); see `nn.functional.elu`.

    Parameters
    ----------
    alpha : float
        α.

    Raises
    ------
    TypeError, ValueError
        If it is no finite number.

    Examples
    --------
    >>> print(f"{ELU()(-1.0):.6f}")
    -0.632121
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("ELU", "alpha", alpha)

    def forward(self, x: Any) -> Any:
        """Return x where it is positive, else α (exp(x) − 1)."""
        return functional.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class SELU(Module):
    """The self-normalising ELU; see `nn.functional.selu`.

    Examples
    --------
    >>> print(f"{SELU()(1.0):.6f}")
    1.050701
    """

    def forward(self, x: Any) -> Any:
        """Return λ · elu(x, α)."""
        return functional.selu(x)


class Softplus(Module):
    """σ(z) = log(1 + exp(β z)) / β; see `nn.functional.softplus`.

    Parameters
    ----------
    beta : float
        β > 0.
    threshold : float, optional
        Beyond which β z counts as large; not needed (PyTorch's is 20).

    Raises
    ------
    TypeError, ValueError
        For another β, and a threshold that is no number.

    Examples
    --------
    >>> print(f"{Softplus()(0.0):.6f}")
    0.693147
    """

    def __init__(self, beta: float = 1.0, threshold: float | None = None) -> None:
        self.beta = positive("Softplus", "beta", beta)
        self.threshold = None if threshold is None else number("Softplus", "threshold", threshold)

    def forward(self, x: Any) -> Any:
        """Return log(1 + exp(β x)) / β."""
        return functional.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}" + ("" if self.threshold is None else f", threshold={self.threshold}")
