"""The options of the optimisers: what each may be, and the groups of parameters that carry them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from nn.arguments import between, flag, not_negative, number

BESIDES = ("params", "initial_lr", "name")
"""What a group may hold besides the optimiser's options; schedules keep the first learning rate in it."""


def fraction(where: str, name: str, value: Any) -> float:
    """Return a number in [0, 1]."""
    return between(where, name, value, 0.0, 1.0)


def two_betas(where: str, name: str, value: Any) -> tuple[float, float]:
    """Return two decay rates in [0, 1)."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(f"{where}: {name} must be a pair of numbers; got {value!r}. The usual ones are (0.9, 0.999).")
    beta1, beta2 = (number(where, name, beta) for beta in value)
    if not (0.0 <= beta1 < 1.0 and 0.0 <= beta2 < 1.0):
        raise ValueError(f"{where}: both betas must lie in [0, 1); got {value}. The usual ones are (0.9, 0.999).")
    return beta1, beta2


CHECKS: Mapping[str, Callable[[str, str, Any], Any]] = {
    **dict.fromkeys(["lr", "initial_lr", "lr_decay", "weight_decay", "eps", "momentum"], not_negative),
    **dict.fromkeys(["momentum_decay", "initial_accumulator_value"], not_negative),
    **dict.fromkeys(["alpha", "rho"], fraction),
    **dict.fromkeys(["nesterov", "maximize", "amsgrad", "centered", "decoupled_weight_decay"], flag),
    "dampening": number,
    "betas": two_betas,
}
"""What an option of this name may be, in every optimiser that has it."""


class ParameterGroup(dict):
    """Parameters with the options they are updated with; an assignment is checked at once.

    Parameters
    ----------
    where : str
        The optimiser's name, for messages.
    check : callable
        Raises for options that do not go together.
    parameters : iterable of Parameter
        What is updated.
    defaults, options : mapping
        The value of every option, and those that the group sets otherwise.

    Attributes
    ----------
    changes : int
        How often anything but the learning rate was set.
    """

    def __init__(
        self,
        where: str,
        check: Callable[[Mapping[str, Any]], None],
        parameters: Iterable[Any],
        defaults: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        self._where, self._check, self._names = where, check, tuple(defaults)
        self.changes = 0
        super().__init__(params=tuple(parameters))
        self.update({**defaults, **options})

    def update(self, *others: Any, **more: Any) -> None:
        """Set options, all of them or (on an error) none."""
        new = dict(*others, **more)
        for name, value in new.items():
            if name not in self._names and name not in BESIDES:
                raise ValueError(
                    f"{self._where}: unknown option; got {name!r} in a parameter group. Use: {', '.join(self._names)}."
                )
            if name == "params":
                raise ValueError(
                    f"{self._where}: the parameters of a group stay; got an assignment to 'params'. "
                    "Add others with optimizer.add_param_group, or make a new optimiser."
                )
            if name in CHECKS:
                new[name] = CHECKS[name](self._where, name, value)
        self._check({**self, **new})
        self.changes += new.keys() != {"lr"}
        super().update(new)

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the option, set first if it was not there."""
        if name not in self:
            self[name] = default
        return self[name]

    def __ior__(self, other: Mapping | Iterable) -> Self:  # type: ignore[override,misc]
        self.update(other)
        return self

    def __reduce__(self) -> tuple:
        return dict, (dict(self),)  # a copy is a plain dict; the optimiser makes its own groups anew
