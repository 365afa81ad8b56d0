"""Modules made of modules."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self, overload

from nn.arguments import integer
from nn.module import Module
from nn.parameter import Parameter


class ModuleDict(Module):
    """Modules under names of one's choice; the module that holds it says what is done with them.

    Parameters
    ----------
    modules : mapping, or iterable of (str, Module), optional
        What it holds at first.

    Raises
    ------
    TypeError, ValueError
        For what is no module; for names that are no strings, are empty, have a dot, or
        belong to a method.

    Examples
    --------
    >>> from nn import Linear
    >>> heads = ModuleDict({"mean": Linear(3, 1), "width": Linear(3, 1)})
    >>> [name for name, _ in heads.named_parameters()]
    ['mean.weight', 'mean.bias', 'width.weight', 'width.bias']
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        self._modules: dict[str, Module] = {}
        if modules is not None:
            self.update(modules)

    def named_members(self) -> Iterator[tuple[str, Parameter | Module]]:
        """Yield the modules under their names, and what else the module holds."""
        return _without_prefix(super().named_members())

    def __getattr__(self, name: str) -> Any:
        return _by_name(self, name)

    def __getitem__(self, name: str) -> Module:
        if name not in self._modules:
            known = ", ".join(map(repr, self._modules)) or "none yet"
            raise KeyError(f"ModuleDict: holds no module of this name; got {name!r}. It has: {known}.")
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        module = _checked(self, f"`{name}`", module)
        self._modules = {**self._modules, _checked_name(self, name): module}

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        """Return the modules."""
        return self._modules.values()

    def items(self) -> ItemsView[str, Module]:
        """Return the names and modules."""
        return self._modules.items()

    def pop(self, name: str) -> Module:
        """Take out the module of this name and return it."""
        module = self[name]
        self._modules = {key: value for key, value in self._modules.items() if key != name}
        return module

    def clear(self) -> None:
        """Take out every module."""
        self._modules = {}

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Put in modules, each under its name."""
        for name, module in _pairs(self, modules):
            self[name] = module


class _Line(Module):
    """What `ModuleList` and `Sequential` share: modules in an order.

    A module without a name of its own is called by its position, also when positions change.
    """

    def __init__(self) -> None:
        self._modules: dict[str, Module] = {}

    def _hold(self, pairs: Iterable[tuple[str | None, Any]]) -> None:
        """Hold these modules, under the names given or (None, or a number) the position."""
        pairs = list(pairs)
        names = [str(i) if name is None or name.isdecimal() else name for i, (name, _) in enumerate(pairs)]
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twice is not None:
            raise ValueError(f"{type(self).__name__}: two modules have one name; got {twice!r} twice. Rename one.")
        modules = [_checked(self, f"layer {i}", module) for i, (_, module) in enumerate(pairs)]
        self._modules = dict(zip(names, modules, strict=True))

    def named_members(self) -> Iterator[tuple[str, Parameter | Module]]:
        """Yield the modules under their names, and what else the module holds."""
        return _without_prefix(super().named_members())

    def append(self, module: Module) -> Self:
        """Put a module at the end."""
        self._hold([*self._modules.items(), (None, module)])
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Put modules at the end."""
        self._hold([*self._modules.items(), *[(None, module) for module in modules]])
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before position `index`, as `list.insert` does."""
        pairs: list[tuple[str | None, Module]] = list(self._modules.items())
        pairs.insert(integer(type(self).__name__, "index", index), (None, module))
        self._hold(pairs)
        return self

    def pop(self, index: int = -1) -> Module:
        """Take out the module at `index` and return it."""
        module = list(self._modules.values())[self._position(index)]
        del self[index]
        return module

    def _position(self, index: Any) -> int:
        """Return an index, which may be negative, as a position."""
        kind = type(self).__name__
        i = integer(kind, "index", index)
        if not -len(self) <= i < len(self):
            raise IndexError(f"{kind}: has {len(self)} layers; got index {i}. Use an index from {-len(self)}.")
        return i % len(self)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __contains__(self, module: object) -> bool:
        return any(each is module for each in self)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module:
        if not isinstance(index, slice):
            return list(self._modules.values())[self._position(index)]
        part = type(self).__new__(type(self))
        _Line.__init__(part)
        part._hold(list(self._modules.items())[index])
        part.training = self.training
        return part

    def __setitem__(self, index: int, module: Module) -> None:
        i = self._position(index)
        module = _checked(self, f"layer {i}", module)
        self._modules = {**self._modules, list(self._modules)[i]: module}

    def __delitem__(self, index: int | slice) -> None:
        pairs: list[tuple[str | None, Module]] = list(self._modules.items())
        del pairs[index if isinstance(index, slice) else self._position(index)]
        self._hold(pairs)


class ModuleList(_Line):
    """A list of modules; the module that holds it says what is done with them.

    Parameters
    ----------
    modules : iterable of Module, optional
        What it holds at first.

    Raises
    ------
    TypeError
        For what is no module.

    Examples
    --------
    >>> from nn import Linear
    >>> layers = ModuleList([Linear(2, 4), Linear(4, 4)])
    >>> [name for name, _ in layers.append(Linear(4, 1)).named_parameters()][-2:]
    ['2.weight', '2.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList: takes a list of modules; got one {type(modules).__name__}. Write [module].")
        self.extend(modules)

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)


class Sequential(_Line):
    """Modules applied one after the other.

    Parameters
    ----------
    *layers : Module
        In the order in which they are applied; or one dict from names to layers.

    Raises
    ------
    TypeError
        For a layer that is no module.
    ValueError
        For names that have a dot, or belong to a method.

    Notes
    -----
    A layer without a name of its own is called by its position. In a slice the positions
    count from 0 again (PyTorch keeps the old numbers there, and a layer that is appended
    later may then take the place of another one).

    Examples
    --------
    >>> from nn import Linear, Tanh
    >>> Sequential(Linear(2, 16), Tanh(), Linear(16, 1))
    Sequential(
      (0): Linear(2, 16)  # 48 parameters
      (1): Tanh()
      (2): Linear(16, 1)  # 17 parameters
    )  # 65 parameters
    >>> Sequential({"hidden": Linear(2, 16), "out": Linear(16, 1)}).hidden
    Linear(2, 16)  # 48 parameters
    """

    def __init__(self, *layers: Module | Mapping[str, Module]) -> None:
        super().__init__()
        named = layers[0] if len(layers) == 1 else None
        if isinstance(named, Mapping):
            self._hold([(_checked_name(self, name), layer) for name, layer in named.items()])
        else:
            self._hold([(None, layer) for layer in layers])

    def __getattr__(self, name: str) -> Any:
        return _by_name(self, name)

    def forward(self, x: Any) -> Any:
        """Return the output of the last layer."""
        for layer in self._modules.values():
            x = layer(x)
        return x


def _without_prefix(members: Iterator[tuple[str, Parameter | Module]]) -> Iterator[tuple[str, Parameter | Module]]:
    return ((name.removeprefix("_modules."), member) for name, member in members)


def _by_name(holder: Module, name: str) -> Module:
    """Return the module of this name, as the attribute that is not there otherwise."""
    module = vars(holder).get("_modules", {}).get(name)
    if module is None:
        raise AttributeError(f"{type(holder).__name__!r} object has no attribute {name!r}", name=name, obj=holder)
    return module


def _pairs(holder: Module, modules: Any) -> Iterable[tuple[str, Module]]:
    if isinstance(modules, (Mapping, ModuleDict)):
        return modules.items()
    pairs: list = list(modules) if isinstance(modules, Iterable) else [None]
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):
        raise TypeError(
            f"{type(holder).__name__}: takes a dict from names to modules; got {type(modules).__name__}. "
            'Write {"name": module}.'
        )
    return pairs


def _checked(holder: Module, place: str, module: Any) -> Module:
    if not isinstance(module, Module):
        raise TypeError(
            f"{type(holder).__name__}: {place} must be a module; got {type(module).__name__}. "
            "Pass instances, such as nn.Tanh() (not nn.Tanh, not np.tanh)."
        )
    return module


def _checked_name(holder: Module, name: Any) -> str:
    kind = type(holder).__name__
    if not isinstance(name, str):
        raise TypeError(f"{kind}: names are strings; got {type(name).__name__} {name!r}. Write str(name).")
    if not name or "." in name:
        raise ValueError(f'{kind}: a name must not be empty or have a dot; got {name!r}. Write "_" for ".".')
    if name in vars(holder) or hasattr(type(holder), name):
        raise ValueError(f"{kind}: the name belongs to the module's own attribute; got {name!r}. Choose another name.")
    return name
