"""One forward and backward pass, observed at the output of every layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autodiff as ad
from nn.layers.activations import ReLU, ReLU6, Sigmoid, Softsign, Tanh
from nn.layers.embedding import Embedding
from nn.module import Module
from nn.parameter import Parameter

# The derivative of an activation as a part of its largest value, from a = σ(z).
RELATIVE_SLOPE: dict[type, Callable[[np.ndarray], np.ndarray]] = {
    Sigmoid: lambda a: 4.0 * a * (1.0 - a),
    Tanh: lambda a: 1.0 - a * a,
    Softsign: lambda a: (1.0 - np.abs(a)) ** 2,
}
SMALL_SLOPE = 0.1  # below it a unit counts as saturated: |z| > 3.6 for the sigmoid, |z| > 1.8 for tanh


@dataclass
class Layer:
    """The figures of one layer, over all samples and all its calls.

    Attributes
    ----------
    name, kind : str
        Its dotted name in the model, and its type.
    mean, std : float
        Of its output a.
    delta : float
        The norm of δ = ∂C/∂(output), over samples and units.
    gradient : float or None
        The norm of the gradient of its own parameters.
    weight : float or None
        The root mean square of its weights.
    update : float or None
        |Δw| / |w| of the next step.
    dead : float or None
        The share of the units of a ReLU that no sample makes positive.
    saturated : float or None
        The share of the entries of a sigmoid, tanh or softsign where its derivative is small.
    """

    name: str
    kind: str
    mean: float
    std: float
    delta: float
    gradient: float | None = None
    weight: float | None = None
    update: float | None = None
    dead: float | None = None
    saturated: float | None = None
    is_weighted: bool = False  # it has weights of two axes or more: a map between units
    feature_scale: np.ndarray | None = None  # root mean square of each input feature, of the first such layer
    finite: bool = True


@dataclass
class Pass:
    """What one pass gave."""

    loss: float
    output: np.ndarray
    layers: list[Layer]
    gain: float  # by which part of itself the loss falls in the next step, to first order
    unused: list[str] = field(default_factory=list)  # parameters that the loss does not depend on
    not_finite: list[str] = field(default_factory=list)  # parameters
    not_optimized: list[str] = field(default_factory=list)  # parameters in no group of the optimiser


@dataclass
class _Calls:
    """What a hook saw of one module."""

    name: str
    inputs: list[Any] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)
    probes: list[ad.Tensor] = field(default_factory=list)
    first: int = 0  # its first call was this one of all calls


def observe(
    model: Module, inputs: Sequence[np.ndarray], targets: np.ndarray, loss: Any, optimizer: Any, lr: float
) -> Pass:
    """Return the figures of a training step; the caller puts everything back.

    The gradient is that of all inputs in one batch, in training mode.
    """
    calls = _watch(model)
    model.train()
    for parameter in model.parameters():
        if parameter.leaf is not None:
            parameter.leaf.grad = parameter.leaf.buffer = None
    output = model(*inputs)
    value = loss(output, targets)
    if not isinstance(value, ad.Tensor) or value.shape != ():
        raise ValueError(
            f"diagnose: the loss must be one number that depends on the parameters; got {_described(value)}. "
            "Pass a loss with reduction='mean', such as nn.MSELoss()."
        )
    value.backward()
    named = list(model.named_parameters())
    before = {id(p): p.numpy() for _, p in named}
    grads = {id(p): p.grad.copy() for _, p in named if p.grad is not None}
    updates = _updates(named, grads, before, optimizer, lr)
    falls = sum([float(np.vdot(grads[key], -update)) for key, update in updates.items() if key in grads])
    observed = sorted([(module, seen) for module, seen in calls if seen.outputs], key=lambda pair: pair[1].first)
    return Pass(
        loss=value.item(),
        output=_array(output),
        layers=[_figures(module, seen, before, grads, updates) for module, seen in observed],
        gain=falls / abs(value.item()) if value.item() else np.inf,
        unused=[name for name, p in named if p.requires_grad and id(p) not in grads],
        not_finite=[name for name, p in named if not np.isfinite(before[id(p)]).all()],
        not_optimized=[name for name, p in named if p.requires_grad and id(p) not in updates],
    )


def _described(value: Any) -> str:
    return f"shape {value.shape}" if isinstance(value, ad.Tensor) else f"a {type(value).__name__}"


def _array(value: Any) -> np.ndarray:
    return value.numpy() if isinstance(value, ad.Tensor) else np.asarray(value)


def _watch(model: Module) -> list[tuple[Module, _Calls]]:
    """Hook every module that computes by itself; each output gets a zero added whose gradient is δ."""
    watched = []
    count = 0
    for name, module in model.named_modules():
        if list(module.children()) and not _own_parameters(module):
            continue
        seen = _Calls(name or type(module).__name__)

        def hook(_module: Module, args: tuple, output: Any, seen: _Calls = seen) -> Any:
            nonlocal count
            if getattr(output, "dtype", np.dtype(object)).kind != "f":
                return None
            if not seen.outputs:
                seen.first = count
            count += 1
            probe = ad.tensor(np.zeros(output.shape, output.dtype), requires_grad=True)
            seen.inputs.append(args[0] if args else None)
            seen.outputs.append(_array(output))
            seen.probes.append(probe)
            return output + probe

        module.register_forward_hook(hook)
        watched.append((module, seen))
    return watched


def _own_parameters(module: Module) -> list[Parameter]:
    return [member for _, member in module.named_members() if isinstance(member, Parameter)]


def _updates(named: list, grads: dict, before: dict, optimizer: Any, lr: float) -> dict[int, np.ndarray]:
    """Return the change of each parameter: of the optimiser's next step, or of plain gradient descent."""
    if optimizer is None:
        return {id(p): -lr * grads[id(p)] if id(p) in grads else np.zeros(p.shape) for _, p in named}
    learned = {id(p) for group in optimizer.param_groups for p in group["params"]}
    optimizer.step()
    return {id(p): p.data - before[id(p)] for _, p in named if id(p) in learned}


def _figures(module: Module, seen: _Calls, before: dict, grads: dict, updates: dict) -> Layer:
    """Return what was seen of one layer as figures."""
    own = _own_parameters(module)
    entries = np.concatenate([a.reshape(-1) for a in seen.outputs])
    layer = Layer(
        name=seen.name,
        kind=type(module).__name__,
        mean=float(entries.mean()) if entries.size else 0.0,
        std=float(entries.std()) if entries.size else 0.0,
        delta=norm([probe.grad for probe in seen.probes]),
        finite=bool(np.isfinite(entries).all()),
    )
    maps = [p for p in own if p.ndim > 1]
    layer.is_weighted = bool(maps)
    weights = maps or own
    if weights:
        values = [before[id(p)] for p in weights]
        layer.gradient = norm([grads.get(id(p)) for p in own])
        layer.weight = norm(values) / max(1, sum([v.size for v in values])) ** 0.5
        if norm(values) > 0 and all(id(p) in updates for p in weights):
            layer.update = norm([updates[id(p)] for p in weights]) / norm(values)
    if layer.is_weighted and not isinstance(module, Embedding):
        layer.feature_scale = _feature_scale(seen.inputs[0], axis=_unit_axis(seen.inputs[0]))
    if isinstance(module, (ReLU, ReLU6)):
        layer.dead = _dead_share(seen.outputs)
    if type(module) in RELATIVE_SLOPE:
        layer.saturated = float(np.mean(RELATIVE_SLOPE[type(module)](entries) < SMALL_SLOPE))
    return layer


def norm(arrays: Sequence[np.ndarray | None]) -> float:
    """Return the Euclidean norm of all arrays together, without overflow."""
    parts = [np.abs(np.asarray(a, np.float64)).reshape(-1) for a in arrays if a is not None]
    largest = max([float(part.max(initial=0.0)) for part in parts], default=0.0)
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum([np.sum((part / largest) ** 2) for part in parts])))


def _unit_axis(a: Any) -> int:
    """Return the axis of the units: the channels of (N, C, H, W), else the last one."""
    return 1 if np.ndim(a) == 4 else -1


def _feature_scale(x: Any, axis: int) -> np.ndarray | None:
    """Return the root mean square of each feature."""
    x = _array(x)
    if x.ndim < 2 or x.dtype.kind not in "fiub" or not x.size:
        return None
    others = tuple([i for i in range(x.ndim) if i != axis % x.ndim])
    return np.sqrt(np.mean(np.square(x, dtype=np.float64), axis=others))


def _dead_share(outputs: Sequence[np.ndarray]) -> float | None:
    """Return the share of the units that are never positive."""
    if any(a.ndim < 2 or not a.size for a in outputs):
        return None
    axis = _unit_axis(outputs[0])
    others = [tuple([i for i in range(a.ndim) if i != axis % a.ndim]) for a in outputs]
    alive = [np.any(a > 0, axis=rest) for a, rest in zip(outputs, others, strict=True)]
    if len({a.shape for a in alive}) > 1:
        return None
    return float(np.mean(~np.any(alive, axis=0)))
