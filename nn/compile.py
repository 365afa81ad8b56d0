"""`nn.compile`: the training step, or the prediction, of a model as straight-line NumPy source."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

import autodiff as ad
from nn.arguments import check_loss, positive
from nn.clipping import clip_norm_of, clip_values_of
from nn.module import Module
from nn.optim.flat import FlatBuffer
from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nn.optim.optimizer import Optimizer
from nn.optim.writing_out import WrittenUpdate
from nn.settings import Same, Unfollowed, setting, settings_of

log = logging.getLogger("autodiff.compile")
LIMIT = 64  # programs that are kept; the one that was not used for longest goes first
RECORDING = RLock()  # while a model is recorded, records stand in for its parameters
DIFFERENTIATED = (ad.Dual, ad.Record)


class CompileError(TypeError):
    """A model, or its loss, does something that cannot be compiled; the cause says what."""


class Entry(NamedTuple):
    """A program, and what must be as it was when the program was written."""

    program: Any
    signature: list[tuple]  # shape, dtype and strides of each array
    changes: int  # of attributes, of all modules
    data: list[tuple[Any, np.ndarray, Any]]  # tensors, their arrays, their nodes
    gradients: list[tuple[Any, np.ndarray | None]]  # parameters, and where their gradients are written
    options: list | None  # of the optimiser, as they are written out
    divisions: list[tuple[FlatBuffer, list]]  # which parameters are updated together


class CompiledModel:
    """What `compile` returns without an optimiser: the prediction of a model, in arrays.

    Attributes
    ----------
    source : str
        The program that ran last.
    """

    def __init__(self, model: Module) -> None:
        self.model = model
        self._programs: OrderedDict[Any, Any] = OrderedDict()
        self._entries: dict[tuple, Entry] = {}  # by signature, those that ran last
        self._last: Entry | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __setstate__(self, arguments: dict[str, Any]) -> None:
        self.__init__(**arguments)  # type: ignore[misc] # a copy compiles for itself: its model has other arrays

    def __call__(self, *inputs: Any) -> Any:
        """Return model(*inputs) in arrays that are nobody else's."""
        if any(isinstance(x, DIFFERENTIATED) or (isinstance(x, ad.Tensor) and x.node is not None) for x in inputs):
            return self.model(*inputs)  # a derivative is asked for
        program, results = self._public(inputs)
        return results[0] if program.is_single else program.structure.unflatten(results)

    def _public(self, args: Sequence) -> tuple[Any, tuple]:
        """Return the program and its results, and raise what a user is to see."""
        arrays = [arg if arg.__class__ is np.ndarray else _array(arg) for arg in args]
        try:
            entry = self._entry_for(arrays)
        except CompileError as error:
            if isinstance(error.__cause__, TypeError):
                raise
            raise error.__cause__ or error from None  # as it would be raised without compiling
        return entry.program, entry.program.run(arrays)

    def _entry_for(self, arrays: Sequence[np.ndarray]) -> Entry:
        """Return the program for these arrays; it is compiled if there is none yet."""
        entry = self._last
        if entry is None or not _alike(arrays, entry.signature):
            entry = self._entries.get(tuple([(array.shape, array.dtype, array.strides) for array in arrays]))
        if entry is None or not self._holds(entry):
            with RECORDING:
                entry = self._select(arrays)
                if len(self._entries) >= LIMIT:
                    self._entries.clear()
                self._entries[tuple(entry.signature)] = entry
        self._last = entry
        return entry

    def _holds(self, entry: Entry) -> bool:
        """Tell whether all that the program depends on is as it was."""
        same = Module.changes == entry.changes
        return same and all([t.data is array and t.node is node for t, array, node in entry.data])  # noqa: C419

    def _select(self, arrays: Sequence[np.ndarray]) -> Entry:
        tensors = list(self._tensors().values())
        signature = [(array.shape, array.dtype, array.strides) for array in arrays]
        inputs = [(Same(tensor), Same(tensor.data), tensor.requires_grad) for tensor in tensors]
        key = (*signature, *map(settings_of, self._modules()), *inputs, *self._further_settings())
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = self._compiled(arrays)
            log.info("compiled %s for %s", type(self.model).__name__, [(a.shape, str(a.dtype)) for a in arrays])
            if len(self._programs) > LIMIT:
                self._programs.popitem(last=False)
        self._programs.move_to_end(key)
        data = [(tensor, tensor.data, tensor.node) for tensor in tensors]
        return Entry(program, signature, Module.changes, data, [], None, [])

    def _modules(self) -> list[Module]:
        return list(self.model.modules())

    def _further_settings(self) -> tuple:
        """Return what else a program depends on."""
        return ()

    def _compiled(self, arrays: Sequence[np.ndarray]) -> Any:
        """Return a new program; raise unless recording the model left it as it was."""
        hooked = next((module for module in self._modules() if module._forward_hooks), None)
        if hooked is not None:
            raise CompileError(
                f"nn.compile: a program does not call forward hooks; got one on {type(hooked).__name__}. "
                "Remove it, or train without compiling."
            )
        unfollowed = Unfollowed(self._modules(), self._state())
        try:
            program = self._compile(arrays)
        except TypeError as error:
            raise CompileError(f"nn.compile: {error}") from error
        except Exception as error:
            raise CompileError(f"{type(error).__name__}: {error}") from error
        finally:
            changed = unfollowed.restored()
        if changed:
            raise CompileError(
                f"nn.compile: running the model must change nothing that a program does not follow; got a change of "
                f"{changed}. Keep it in an array (self.register_buffer), draw from an rng of the module, or train "
                "without compiling."
            )
        return program

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

    def cost(self) -> Any:
        """Return steps, operations and memory of the program that ran last."""
        return self._latest().cost()

    def _latest(self) -> Any:
        if self._last is None:
            raise ValueError("nn.compile: nothing has been compiled yet; got no call. Call it once.")
        return self._last.program

    def __repr__(self) -> str:
        return f"<compiled {type(self.model).__name__}: {len(self._programs)} programs>"


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
        self.optimizer = optimizer
        self._weighted = False
        self._written = WrittenUpdate(optimizer)
        self._written_divisions: WeakKeyDictionary[Any, list] = WeakKeyDictionary()  # by program
        self._update: tuple = (None, None, [])  # the program of the update alone, its options and divisions

    def __call__(self, *batch: Any) -> float:
        """Return the loss of a batch (inputs, then the target) before the update."""
        if len(batch) < 2:
            raise TypeError(
                f"nn.compile: a step takes the inputs and the target; got {len(batch)} arguments. Write step(X, y)."
            )
        self._weighted = False
        _, results = self._public(batch)
        self._show_gradients()
        return float(results[0])

    def backward(self, inputs: Sequence, target: Any, sample_weight: Any = None) -> Any:
        """Return the loss of a batch; the gradients are in the parameters' `.grad`."""
        self._weighted = sample_weight is not None
        args = [*inputs, target, sample_weight] if self._weighted else [*inputs, target]
        arrays = [arg if arg.__class__ is np.ndarray else _array(arg) for arg in args]
        loss = self._entry_for(arrays).program.run(arrays)[0]
        self._show_gradients()
        return loss

    def _show_gradients(self) -> None:
        """Let the parameters have the gradients that the program wrote.

        What the loss does not depend on has no gradient, as after an eager backward pass: it is left alone.
        """
        for parameter, gradient in self._last.gradients if self._last is not None else ():
            if parameter.grad is not gradient:
                parameter.grad = gradient

    def update(self) -> None:
        """Do what `optimizer.step()` does after `backward`, for a step that is compiled without it."""
        program, options, divisions = self._update
        if program is None or not self._written.holds() or options is not self._written.options or _moved(divisions):
            self._written.note_options()
            divisions, parts = self._written.divisions(), self._written.parts()
            program = ad.compile_stateful(lambda: None, (), {}, name="update", after=lambda _: parts)
            self._update = program, self._written.options, divisions
        program.run(())

    def _after(self, written: set[int]) -> list:
        """Return what follows the backward pass: clipping, the update, the schedule."""
        for parameter, gradient in self._gradients(written):
            parameter.grad = gradient
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

    def _gradients_of(self, program: Any) -> list[tuple[Any, np.ndarray | None]]:
        return self._gradients({id(array) for _, array, _ in program.program.stores})

    def _gradients(self, written: set[int]) -> list[tuple[Any, np.ndarray | None]]:
        """Return the parameters that are learned, each with the array for its gradient if the program writes it."""
        learned = [(p, p.grad_buffer) for p in self.optimizer.parameters() if p.grad_buffer is not None]
        return [(p, buffer if id(buffer) in written else None) for p, buffer in learned]

    def _holds(self, entry: Entry) -> bool:
        if self.updates and not (self._written.holds() and entry.options is self._written.options):
            return False
        return super()._holds(entry) and not _moved(entry.divisions)

    def _select(self, arrays: Sequence[np.ndarray]) -> Entry:
        self.optimizer.gather()
        self._written.note_options()
        entry = super()._select(arrays)
        gradients = self._gradients_of(entry.program)
        for parameter, gradient in gradients:
            parameter.grad = gradient
        divisions = self._written.divisions()
        if self.updates and [id(d) for _, d in divisions] != [id(d) for _, d in self._written_divisions[entry.program]]:
            self._programs.popitem()  # others are updated together than those that are written out
            entry = super()._select(arrays)
        return entry._replace(gradients=gradients, options=self._written.options, divisions=divisions)

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
        if not any(gradient is not None for _, gradient in self._gradients_of(program)):
            raise ValueError(
                "nn.compile: the loss must depend on parameters that the optimiser learns; got one that depends on "
                "none of them. Make the optimiser for model.parameters() of this model."
            )
        self._written_divisions[program] = self._written.divisions()
        return program

    def _further_settings(self) -> tuple:
        return (setting(self._written.options),) if self.updates else ()

    def _modules(self) -> list[Module]:
        return [*self.model.modules(), *(self.loss.modules() if isinstance(self.loss, Module) else [])]

    def _loss_of(self, *batch: Any) -> Any:
        return self.loss(self.model(*batch[:-1]), batch[-1])

    def _weighted_loss(self, *batch: Any) -> Any:
        return self.loss(self.model(*batch[:-2]), batch[-2], sample_weight=batch[-1])


def _array(x: Any) -> np.ndarray:
    """Return an argument as an array; of a tensor its numbers."""
    return x.data if isinstance(x, ad.Tensor) and isinstance(x.data, np.ndarray) else np.asarray(x)


def _alike(arrays: Sequence[np.ndarray], signature: Sequence[tuple]) -> bool:
    """Tell whether arrays have the shapes, dtypes and strides of a signature."""
    if len(arrays) != len(signature):
        return False
    for array, (shape, dtype, strides) in zip(arrays, signature, strict=True):
        if array.shape != shape or array.dtype is not dtype or array.strides != strides:
            return False
    return True


def _moved(divisions: Sequence[tuple[FlatBuffer, list]]) -> bool:
    """Tell whether others are updated together by now."""
    return any([buffer.divided is not divided for buffer, divided in divisions])  # noqa: C419 - sooner so


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
        Written anew for each shape and dtype of the arguments, and each mode (`train`, `eval`). A step returns the
        loss before the update; a prediction what the model returns, in arrays.

    Raises
    ------
    TypeError
        For what is no model, loss, optimiser or schedule; at the call, if what the model does depends on the
        numbers, or if it changes something that a program does not follow (a counter, a list, `np.random`).
    ValueError
        For bounds that are not positive; at the call, if the loss depends on nothing that is learned.

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
        given = {"clip_norm": clip_norm, "clip_value": clip_value, "scheduler": scheduler}
        for name in [name for name, value in given.items() if value is not None]:
            raise ValueError(
                f"nn.compile: {name} belongs to a training step; got it without loss and optimizer. "
                "Write nn.compile(model, loss, optimizer, …), or leave it out."
            )
        return CompiledModel(model)
    check_loss("nn.compile", loss)
    clip_norm = None if clip_norm is None else positive("nn.compile", "clip_norm", clip_norm)
    clip_value = None if clip_value is None else positive("nn.compile", "clip_value", clip_value)
    if isinstance(scheduler, ReduceLROnPlateau) or not (
        scheduler is None or callable(getattr(scheduler, "step", None))
    ):
        raise TypeError(
            "nn.compile: scheduler must be one that steps after every update without being told a metric; "
            f"got a {type(scheduler).__name__}. Call its step yourself, after the epoch."
        )
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"nn.compile: optimizer must be one of nn.optim; got {type(optimizer).__name__}. "
            "Pass nn.optim.Adam(model.parameters(), lr=1e-3)."
        )
    return CompiledStep(model, loss, optimizer, clip_norm, clip_value, scheduler)
