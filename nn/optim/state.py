"""What an optimiser remembers as nested dicts and lists of arrays and plain values, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.optim.options import BESIDES, CHECKS

if TYPE_CHECKING:
    from nn.optim.flat import FlatBuffer
    from nn.optim.optimizer import Optimizer


def collect(optimizer: Optimizer) -> dict[str, Any]:
    """Return the optimiser's name, the groups with their options, and what each parameter remembers."""
    groups, first = [], 0
    for group in optimizer.param_groups:
        options = {name: list(v) if isinstance(v, tuple) else v for name, v in group.items() if name != "params"}
        groups.append({**options, "params": list(range(first, first + len(group["params"])))})
        first += len(group["params"])
    states: list[dict[str, Any]] = []
    for group, buffer, k in optimizer.places():
        arrays = {name: np.array(buffer.view(array, k)) for name, array in buffer.state.items()}
        kept = {n: a for n, a in arrays.items() if _is_used(optimizer, n, group) or a.any()}
        states.append({**buffer.progress[k], **kept})
    return {"optimizer": type(optimizer).__name__, "param_groups": groups, "state": states}


def restore(optimizer: Optimizer, saved: Mapping[str, Any]) -> None:
    """Set options and memory of the optimiser to the saved ones, or raise naming every mismatch."""
    name = f"{type(optimizer).__name__}.load_state_dict"
    if not isinstance(saved, Mapping) or not {"optimizer", "param_groups", "state"} <= set(saved):
        raise TypeError(
            f"{name}: takes a mapping with optimizer, param_groups and state; got {_described(saved)}. "
            "Pass what state_dict() gives."
        )
    problems = list(_mismatches(optimizer, saved))
    if problems:
        raise ValueError(
            f"{name}: the state does not fit the optimiser; got these mismatches: {'; '.join(problems)}. "
            "Make the optimiser as it was made when the state was saved, for the same model."
        )
    for group, new in zip(optimizer.param_groups, saved["param_groups"], strict=True):
        group.update({option: value for option, value in new.items() if option != "params"})
    for (_, buffer, k), new in zip(optimizer.places(), saved["state"], strict=True):
        progress = {n: type(first)(new[n]) for n, first in optimizer.progress.items()}
        buffer.restore(k, progress, {n: array for n, array in new.items() if n not in progress})


def _is_used(optimizer: Optimizer, name: str, options: Mapping[str, Any]) -> bool:
    option = optimizer.states[name]
    return option is None or bool(options[option])


def _described(saved: Any) -> str:
    return f"the keys {', '.join(map(repr, saved))}" if isinstance(saved, Mapping) else type(saved).__name__


def _mismatches(optimizer: Optimizer, saved: Mapping[str, Any]) -> Iterator[str]:
    if saved["optimizer"] != type(optimizer).__name__:
        yield f"it is of {saved['optimizer']}"
        return
    groups, states = saved["param_groups"], saved["state"]
    if len(groups) != len(optimizer.param_groups):
        yield f"it has {len(groups)} parameter groups for {len(optimizer.param_groups)}"
        return
    for i, (group, new) in enumerate(zip(optimizer.param_groups, groups, strict=True)):
        if len(new["params"]) != len(group["params"]):
            yield f"group {i} has {len(new['params'])} parameters for {len(group['params'])}"
        yield from [f"group {i}: option {n!r} is missing" for n in optimizer.defaults if n not in new]
        for option, value in new.items():
            if option not in optimizer.defaults and option not in BESIDES:
                yield f"group {i}: option {option!r} is unknown"
            elif option in CHECKS:
                yield from _refusal(CHECKS[option], f"group {i}", option, value)
        yield from _refusal(optimizer.check, {**group, **new})
    if len(states) != len(optimizer.places()):
        yield f"it remembers {len(states)} parameters of {len(optimizer.places())}"
        return
    for i, ((_, buffer, k), new) in enumerate(zip(optimizer.places(), states, strict=True)):
        yield from _state_mismatches(f"parameter {i}", optimizer, buffer, k, new)


def _refusal(check: Callable, *args: Any) -> Sequence[str]:
    """Return what `check` says against its arguments, if anything."""
    try:
        check(*args)
    except (TypeError, ValueError) as refusal:
        return [str(refusal).removesuffix(".")]
    return []


def _state_mismatches(
    where: str, optimizer: Optimizer, buffer: FlatBuffer, k: int, new: Mapping[str, Any]
) -> Iterator[str]:
    needed = [*optimizer.progress, *(name for name, option in optimizer.states.items() if option is None)]
    yield from [f"{where}: `{name}` is missing" for name in needed if name not in new]
    for name, value in new.items():
        if name in optimizer.progress:
            if not isinstance(value, (int, float, np.number)) or not value >= 0:
                yield f"{where}: `{name}` is {value!r}"
        elif name not in buffer.state:
            yield f"{where}: `{name}` is unknown"
        else:
            own, array = buffer.view(buffer.state[name], k), np.asarray(value)
            if array.shape != own.shape:
                yield f"{where}: `{name}` has shape {array.shape} for {own.shape}"
            elif not np.can_cast(array.dtype, own.dtype, "same_kind"):
                yield f"{where}: `{name}` has dtype {array.dtype} for {own.dtype}"
