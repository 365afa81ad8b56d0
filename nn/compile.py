"""`nn.compile`: the training step, or the prediction, of a model as straight-line NumPy source."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

import autodiff as ad
from nn.arguments import check_loss
from nn.clipping import clip_norm_of, clip_values_of
from nn.module import Module
from nn.optim.optimizer import Optimizer
from nn.optim.writing_out import WrittenUpdate
from nn.settings import Same, same_objects, setting, settings_of

log = logging.getLogger("autodiff.compile")
LIMIT = 64  # programs that are kept; the one that was not used for longest goes first


class CompileError(TypeError):
    """A model, or its loss, does something that cannot be compiled; the cause says what."""


class CompiledModel:
    """What `compile` returns without an optimiser: the prediction of a model, as an array.

    Attributes
    ----------
    source : str
        The program that ran last.
    """

    def __init__(self, model: Module) -> None:
        self.model = model
        self._programs: OrderedDict[Any, Any] = OrderedDict()
        self._last: Any = None
        self._latest_for: tuple = ()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __setstate__(self, arguments: dict[str, Any]) -> None:
        self.__init__(**arguments)  # type: ignore[misc] # a copy compiles for itself: its model has other arrays

    def __call__(self, *inputs: Any) -> Any:
        """Return model(*inputs) as an array that is nobody else's."""
        return self._run(inputs)

    def _run(self, args: Sequence) -> Any:
        arrays = [arg if arg.__class__ is np.ndarray else np.asarray(arg) for arg in args]
        if self._last is None or not self._fits(arrays):
            self._select(arrays)
        return self._last.run(arrays)[0]

    def _fits(self, arrays: Sequence[np.ndarray]) -> bool:
        """Tell whether the latest program is the one for these arrays, and all is as it was."""
        signature, changes, data = self._latest_for
        if len(arrays) != len(signature) or Module.changes != changes:
            return False
        for array, (shape, dtype, strides) in zip(arrays, signature, strict=True):
            if array.shape != shape or array.dtype is not dtype or array.strides != strides:
                return False
        return all([t.data is array and t.node is node for t, array, node in data])  # noqa: C419 - sooner so

    def _select(self, arrays: Sequence[np.ndarray]) -> None:
        """Make the program for these arrays the latest one; it is compiled if there is none yet."""
        tensors = list(self._tensors().values())
        signature = [(array.shape, array.dtype, array.strides) for array in arrays]
        inputs = [(Same(tensor), Same(tensor.data), tensor.requires_grad) for tensor in tensors]
        key = (*signature, *map(settings_of, self._modules()), *inputs, *self._further_settings())
        if key not in self._programs:
            self._programs[key] = self._compiled(arrays)
            log.info("compiled %s for %s", type(self.model).__name__, [(a.shape, str(a.dtype)) for a in arrays])
            if len(self._programs) > LIMIT:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        self._last = self._programs[key]
        self._latest_for = signature, Module.changes, [(tensor, tensor.data, tensor.node) for tensor in tensors]

    def _modules(self) -> list[Module]:
        return list(self.model.modules())

    def _further_settings(self) -> tuple:
        """Return what else a program depends on."""
        return ()

    def _compiled(self, arrays: Sequence[np.ndarray]) -> Any:
        try:
            return self._compile(arrays)
        except Exception as error:
            raise CompileError(f"{type(error).__name__}: {error}") from error

    def _tensors(self) -> dict[str, Any]:
        return {_name(name): parameter for name, parameter in self.model.named_parameters()}

    def _state(self) -> list[tuple[Module, str]]:
        """Return what of the modules is read anew at each call: random generators, and arrays that can be written."""
        return [
            (module, name)
            for module in self._modules()
            for name, value in vars(module).items()
            if isinstance(value, np.random.Generator) or (isinstance(value, np.ndarray) and value.flags.writeable)
        ]

    def _compile(self, arrays: Sequence[np.ndarray]) -> Any:
        return ad.compile_stateful(self.model, arrays, self._tensors(), self._state(), name="predict")

    @property
    def source(self) -> str:
        """The source of the program that ran last."""
        return self._latest().source

    @property
    def graph(self) -> ad.Graph:
        """The recorded graph of the program that ran last."""
        return self._latest().graph

    def _latest(self) -> Any:
        if self._last is None:
            raise ValueError("nn.compile: nothing has been compiled yet; got no call. Call it once.")
        return self._last


class CompiledStep(CompiledModel):
    """What `compile` returns with a loss and an optimiser: one update of the parameters.

    Parameters
    ----------
    model, loss, optimizer, clip_norm, clip_value, scheduler
        As in `compile`.
    updates : bool
        Whether the program ends with the update; without, it is `backward` alone.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable,
        optimizer: Optimizer,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        scheduler: Any = None,
        *,
        updates: bool = True,
    ) -> None:
        super().__init__(model)
        self.loss = loss
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.scheduler = scheduler
        self.updates = updates
        self._weighted = False
        self.optimizer = optimizer
        self._gradients: list[tuple[Any, np.ndarray | None]] = []
        self._written = WrittenUpdate(optimizer)
        self._segments: WeakKeyDictionary[Any, list] = WeakKeyDictionary()  # what each program updates
        self._update: Any = None  # the program of the update alone

    def __call__(self, *batch: Any) -> float:
        """Return the loss of a batch (inputs, then the target) before the update."""
        return float(self.backward(batch[:-1], batch[-1]))

    def backward(self, inputs: Sequence, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of a batch; the gradients are in the parameters' `.grad`."""
        self._weighted = sample_weight is not None
        loss = self._run([*inputs, target, sample_weight] if self._weighted else [*inputs, target])
        for parameter, gradient in self._gradients:
            if parameter.grad is not gradient:
                parameter.grad = gradient
        return loss

    def update(self) -> None:
        """Do what `optimizer.step()` does after `backward`, for a step that is compiled without it."""
        if self._update is None or not self._written.holds():
            self._written.note_options()
            parts = self._written.parts()
            self._update = ad.compile_stateful(lambda: None, (), {}, name="update", after=lambda _: parts)
            self._segments[self._update] = self._written.segments()
        self._update.run(())

    def _after(self, written: set[int]) -> list:
        """Return what follows the backward pass: clipping, the update, the schedule."""
        self._adopt_gradients(written)
        title = f"update: {type(self.optimizer).__name__}"
        gradients = self.optimizer.gradients()
        parts: list[Any] = []
        for clip, bound in ((clip_norm_of, self.clip_norm), (clip_values_of, self.clip_value)):
            if bound is not None:
                names = {clip.__name__: clip, "gradients": gradients}
                parts.append(ad.Call(f"{{{clip.__name__}}}({{gradients}}, {bound!r})", names, title))
        parts += self._written.parts()
        if self.scheduler is not None:
            parts.append(ad.Call("{scheduler}.step()", {"scheduler": self.scheduler}))
        return parts

    def _adopt_gradients(self, written: set[int]) -> None:
        """Let the parameters have the gradients that the program writes.

        What the loss does not depend on has no gradient, as after an eager backward pass: it is left alone.
        """
        learned = [(p, p.grad_buffer) for p in self.optimizer.parameters() if p.grad_buffer is not None]
        self._gradients = [(p, buffer if id(buffer) in written else None) for p, buffer in learned]
        for parameter, gradient in self._gradients:
            parameter.grad = gradient

    def _fits(self, arrays: Sequence[np.ndarray]) -> bool:
        return super()._fits(arrays) and (not self.updates or self._written.holds())

    def _select(self, arrays: Sequence[np.ndarray]) -> None:
        self.optimizer.gather()
        if self.updates:
            self._written.note_options()
        super()._select(arrays)
        self._adopt_gradients({id(array) for _, array, _ in self._last.program.stores})
        segments = self._written.segments()
        if self.updates and not same_objects(segments, self._segments[self._last]):
            self._programs.popitem()  # other stretches are updated together than those that are written out
            super()._select(arrays)
        elif self._update is not None and not same_objects(segments, self._segments[self._update]):
            self._update = None

    def _tensors(self) -> dict[str, Any]:
        tensors = super()._tensors()
        known = {id(tensor) for tensor in tensors.values()}
        others = [p for p in self.optimizer.parameters() if id(p) not in known]  # which the loss may use, not the model
        return {**tensors, **{f"parameter_{k}": p for k, p in enumerate(others)}}

    def _compile(self, arrays: Sequence[np.ndarray]) -> Any:
        tensors = self._tensors()
        learned = {id(p) for p in self.optimizer.parameters() if p.grad_buffer is not None}
        gradients = {name: p.grad_buffer for name, p in tensors.items() if id(p) in learned}
        loss_of = self._weighted_loss if self._weighted else self._loss_of
        after = self._after if self.updates else None
        program = ad.compile_stateful(loss_of, arrays, tensors, self._state(), gradients, name="step", after=after)
        self._segments[program] = self._written.segments()
        return program

    def _further_settings(self) -> tuple:
        return (setting(self._written.options),)

    def _modules(self) -> list[Module]:
        return [*self.model.modules(), *(self.loss.modules() if isinstance(self.loss, Module) else [])]

    def _loss_of(self, *batch: Any) -> Any:
        return self.loss(self.model(*batch[:-1]), batch[-1])

    def _weighted_loss(self, *batch: Any) -> Any:
        return self.loss(self.model(*batch[:-2]), batch[-2], sample_weight=batch[-1])


def _name(path: str) -> str:
    """Return `0.weight` as weight_0: a name for the source."""
    *modules, name = path.split(".")
    return "_".join([name, *modules])


def compile(
    model: Module,
    loss: Callable | None = None,
    optimizer: Optimizer | None = None,
    *,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    scheduler: Any = None,
) -> Any:
    """Return a compiled training step `step(X, y) -> loss`, or with the model alone its prediction.

    Parameters
    ----------
    model : Module
    loss : callable, optional
        Of (prediction, target): one number.
    optimizer : Optimizer, optional
        Of the model's parameters.
    clip_norm, clip_value : float, optional
        Bound on the norm of the whole gradient, or on each of its entries.
    scheduler : scheduler, optional
        Of the optimiser's learning rate; it steps after every update.

    Returns
    -------
    CompiledStep or CompiledModel
        Written anew for each shape and dtype of the arguments, and each mode (`train`, `eval`).

    Raises
    ------
    TypeError
        For what is no model, loss or optimiser; at the call, if what the model does depends on the numbers.

    Examples
    --------
    >>> import nn
    >>> model = nn.Sequential(nn.Linear(1, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1))
    >>> step = compile(model, nn.MSELoss(), nn.optim.Adam(model.parameters(), lr=0.1))
    >>> X = np.linspace(-1, 1, 20)[:, None]
    >>> losses = [step(X, X**2) for _ in range(100)]
    >>> losses[-1] < 0.01 < losses[0]
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"nn.compile: model must be a module; got a {type(model).__name__}. Pass an nn.Module.")
    if (loss is None) != (optimizer is None):
        raise ValueError(
            "nn.compile: a training step needs a loss and an optimiser; got one of them. "
            "Write nn.compile(model, loss, optimizer), or nn.compile(model) for the prediction."
        )
    if loss is None or optimizer is None:
        return CompiledModel(model)
    check_loss("nn.compile", loss)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"nn.compile: optimizer must be one of nn.optim; got {type(optimizer).__name__}. "
            "Pass nn.optim.Adam(model.parameters(), lr=1e-3)."
        )
    return CompiledStep(model, loss, optimizer, clip_norm, clip_value, scheduler)
