"""One update of the parameters: the part of the training that a compiled function may replace."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np

import autodiff as ad
from nn.clipping import clip_grad_norm_, clip_grad_value_
from nn.compile import CompiledStep, CompileError
from nn.module import Module
from nn.optim.optimizer import Optimizer
from nn.settings import foreign_parts

log = logging.getLogger("nn")
LARGE = 1 << 18  # parameters from which on the update is sooner when it is compiled: it runs in pieces and threads


class EagerStep:
    """Forward, backward, clipping, update.

    What replaces it must keep its contract: called with the inputs, targets and weights of a
    batch, it returns the loss and the norm of the gradient (before clipping) as floats, and has
    updated the parameters if, and only if, both are finite.
    """

    def __init__(
        self, model: Module, loss: Any, optimizer: Any, clip_norm: float | None = None, clip_value: float | None = None
    ) -> None:
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.clip_norm = math.inf if clip_norm is None else clip_norm
        self.clip_value = clip_value

    def __call__(self, inputs: tuple, target: Any, sample_weight: Any = None) -> tuple[float, float]:
        """Return the loss of a batch and the norm of its gradient; the parameters are updated."""
        loss = self.backward(inputs, target, sample_weight)
        norm = gradient_norm(self.optimizer)
        if math.isfinite(loss) and math.isfinite(norm):
            if norm > self.clip_norm:
                clip_grad_norm_(self.optimizer, self.clip_norm)
            if self.clip_value is not None:
                clip_grad_value_(self.optimizer, self.clip_value)
            self.update()
        return loss, norm

    def update(self) -> None:
        """Update the parameters by their gradients."""
        self.optimizer.step()

    def backward(self, inputs: tuple, target: Any, sample_weight: Any = None) -> float:
        """Return the loss of a batch; the gradients are in the parameters' `.grad`."""
        self.optimizer.zero_grad()
        value = batch_loss(self.loss, self.model(*inputs), target, sample_weight)
        if value.__class__ is not ad.Tensor:
            raise TypeError(
                f"fit: the loss must depend on the parameters; got a {type(value).__name__}. "
                "Write model and loss in NumPy functions of tensors, without no_grad() and .numpy()."
            )
        value.backward()
        return value.item()


class FastStep(EagerStep):
    """The same, compiled; eager if that cannot be done.

    Parameters
    ----------
    model, loss, optimizer, clip_norm, clip_value
        As in `EagerStep`.
    """

    def __init__(
        self, model: Module, loss: Any, optimizer: Any, clip_norm: float | None = None, clip_value: float | None = None
    ) -> None:
        super().__init__(model, loss, optimizer, clip_norm, clip_value)
        self.compiled: CompiledStep | None = CompiledStep(model, loss, optimizer, updates=False)
        self.is_large = sum([p.size for p in optimizer.parameters()]) >= LARGE

    def backward(self, inputs: tuple, target: Any, sample_weight: Any = None) -> float:
        """Return the loss of a batch; the gradients are in the parameters' `.grad`."""
        if self.compiled is not None:
            try:
                return float(self.compiled.backward(inputs, target, sample_weight))
            except CompileError as reason:
                log.info("fit: the step runs uncompiled: %s", reason)
                self.compiled = None
        return super().backward(inputs, target, sample_weight)

    def update(self) -> None:
        """Update the parameters by their gradients."""
        if self.compiled is not None and self.is_large:
            self.compiled.update()
        else:
            super().update()


def make_step(
    model: Module,
    loss: Any,
    optimizer: Any,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    compile: bool | str = "auto",
) -> EagerStep:
    """Return the update that `fit` repeats.

    With "auto" it is compiled if model and loss are made of this library's parts alone: of functions of
    a user's own nobody knows whether they always do the same.
    """
    if not isinstance(compile, bool) and compile != "auto":
        raise ValueError(f"fit: compile is True, False or 'auto'; got {compile!r}. Choose one of them.")
    if compile == "auto":
        foreign = foreign_parts(model, loss)
        if foreign:
            log.info("fit: the step runs uncompiled: %s; compile=True compiles it if it can", foreign)
        compile = not foreign
    return (FastStep if compile else EagerStep)(model, loss, optimizer, clip_norm, clip_value)


def gradient_norm(optimizer: Optimizer) -> float:
    """Return the Euclidean norm of all gradients as one vector."""
    squares = sum([float(np.vdot(grad, grad)) for grad in optimizer.gradients()])
    # Where squares overflow or vanish, the slower norm that scales first; an infinite bound clips nothing.
    return math.sqrt(squares) if 1e-30 < squares < 1e30 else clip_grad_norm_(optimizer, math.inf)


def batch_loss(loss: Any, prediction: Any, target: Any, sample_weight: Any) -> Any:
    """Return the loss of a batch, one number."""
    value = loss(prediction, target) if sample_weight is None else loss(prediction, target, sample_weight=sample_weight)
    if getattr(value, "shape", ()) != ():
        raise ValueError(
            f"fit: the loss must be one number; got shape {value.shape}. Use reduction='mean', or write .mean()."
        )
    return value
