"""What every layer and every model is: parameters, submodules, and a forward function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from textwrap import indent
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

import autodiff as ad
from nn.arguments import check_callable, flag, float_dtype
from nn.parameter import Parameter

if TYPE_CHECKING:
    from nn.summary import Summary

CALLER: ContextVar[Module | None] = ContextVar("nn.caller", default=None)  # whose forward runs, where scopes are read


class Module:
    """Base of layers and models: write `__init__` with the parts and `forward` with the formula.

    A module's parameters are those of its attributes that are a `Parameter`, and those of
    the modules among its attributes; lists, tuples and dicts of them count as well. There is
    no second registry that could disagree, and reading `self.weight` costs nothing extra.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Parameter(2.0)
    ...         self.intercept = Parameter(1.0)
    ...
    ...     def forward(self, x):
    ...         return self.slope * x + self.intercept
    >>> Line()(3.0).item()
    7.0
    >>> [name for name, _ in Line().named_parameters()]
    ['slope', 'intercept']
    """

    training: bool = True
    changes: ClassVar[int] = 0  # how many attributes of modules have been set: whether a compiled step still holds
    _buffers: tuple[str, ...] = ()  # names of the attributes that are state but not learned
    _forward_hooks: tuple[Callable, ...] = ()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output of the module; each kind of module defines it."""
        raise TypeError(
            f"{type(self).__name__}: has no forward function; got a call. Define `def forward(self, x):` in the class."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._forward_hooks or ad.scope_path() is not None:
            return self._observed_call(args, kwargs)
        return self.forward(*args, **kwargs)

    def _observed_call(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call `forward` in a scope of its own, then the hooks."""
        caller = CALLER.get()
        token = CALLER.set(self)
        try:
            with ad.scope(_scope_name(self, caller)):
                output = self.forward(*args, **kwargs)
        finally:
            CALLER.reset(token)
        if isinstance(output, ad.Tensor) and not any(self.children()):  # of a container, the last layer named it
            ad.label(output, _value_name(self, caller))
        for hook in self._forward_hooks:
            changed = hook(self, args, output)
            output = output if changed is None else changed
        return output

    def __setattr__(self, name: str, value: Any) -> None:
        Module.changes += 1
        if name in self._buffers and not isinstance(value, ad.Record):  # a record stands for an array while compiling
            value = np.array(value)
        if isinstance(vars(self).get(name), Parameter) and not (value is None or isinstance(value, Parameter)):
            raise TypeError(
                f"{type(self).__name__}: `{name}` is a parameter, and an optimiser would go on training the old one; "
                f"got a {type(value).__name__}. Change its numbers with {name}.data[...] = value, "
                "or assign an nn.Parameter."
            )
        if isinstance(value, Parameter) and value.name is None:
            value.name = name
        super().__setattr__(name, value)

    # --- what it is made of -------------------------------------------------------

    def named_members(self) -> Iterator[tuple[str, Parameter | Module]]:
        """Yield the name and value of each parameter and module that this module holds itself."""
        for name, value in vars(self).items():
            if name != "_forward_hooks":
                yield from _members(name, value)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the name and value of each module that this module holds itself."""
        return ((name, member) for name, member in self.named_members() if isinstance(member, Module))

    def children(self) -> Iterator[Module]:
        """Yield the modules that this module holds itself."""
        return (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Yield this module and all those inside it, each once, under dotted names."""
        seen: set[int] = set()
        pending: list[tuple[str, Module]] = [(prefix, self)]
        while pending:
            name, module = pending.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                inside = [(_join(name, child_name), child) for child_name, child in module.named_children()]
                pending.extend(reversed(inside))

    def modules(self) -> Iterator[Module]:
        """Yield this module and all those inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield each parameter once, under its dotted name: `0.weight`, `encoder.bias`."""
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name, member in module.named_members():
                if isinstance(member, Parameter) and id(member) not in seen:
                    seen.add(id(member))
                    yield _join(prefix, name), member

    def parameters(self) -> Iterator[Parameter]:
        """Yield each parameter of this module and of those inside it, once."""
        return (parameter for _, parameter in self.named_parameters())

    def register_buffer(self, name: str, value: Any) -> None:
        """Make `self.name` an array that is saved with the parameters but not learned.

        Raises
        ------
        TypeError, ValueError
            For a name that is no string; if the module has an attribute of this name already.
        """
        if not isinstance(name, str):
            raise TypeError(
                f"{type(self).__name__}.register_buffer: a name is a string; got {type(name).__name__}. Pass one first."
            )
        if hasattr(self, name) and name not in self._buffers:
            raise ValueError(
                f"{type(self).__name__}.register_buffer: the name is taken; got {name!r}. Choose another name."
            )
        self._buffers = tuple(dict.fromkeys((*self._buffers, name)))
        setattr(self, name, value)

    def named_buffers(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield each buffer under its dotted name: `1.running_mean`."""
        for prefix, module in self.named_modules():
            for name in module._buffers:
                yield _join(prefix, name), getattr(module, name)

    def buffers(self) -> Iterator[np.ndarray]:
        """Yield each buffer of this module and of those inside it."""
        return (buffer for _, buffer in self.named_buffers())

    # --- what one does with it ------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Switch this module and those inside it to training (or, with False, to evaluation)."""
        mode = flag("Module.train", "mode", mode)
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch this module and those inside it to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let every parameter be learned (or, with False, hold them fixed)."""
        requires_grad = flag("requires_grad_", "requires_grad", requires_grad)
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call `function` on this module and on each of those inside it, the inner ones first."""
        check_callable("Module.apply", function, "the module")
        for module in reversed(list(self.modules())):
            function(module)
        return self

    def to(self, dtype: Any) -> Self:
        """Turn every parameter and every float buffer to `dtype`, one of floats; do so before an optimiser is made."""
        dtype = float_dtype("Module.to", dtype)
        for parameter in self.parameters():
            parameter.data = parameter.data.astype(dtype)
        for module in self.modules():
            for name in module._buffers:
                buffer = getattr(module, name)
                if buffer.dtype.kind == "f":
                    setattr(module, name, buffer.astype(dtype))
        return self

    def float(self) -> Self:
        """Turn the parameters to float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Turn the parameters to float64."""
        return self.to(np.float64)

    def summary(self, *inputs: Any) -> Summary:
        """Return a table of the layers: output shapes, parameters, FLOP, bytes kept for the backward pass.

        The module is called on `inputs`, in its present mode; its state does not change.

        Examples
        --------
        >>> from nn import Linear
        >>> Linear(4, 2).summary(np.ones((32, 4))).parameters
        10
        """
        from nn.summary import summarize  # which knows the layers, and they know this module

        return summarize(self, *inputs)

    def register_forward_hook(self, hook: Callable[[Module, tuple, Any], Any]) -> Callable[[], None]:
        """Call `hook(module, args, output)` after each `forward`; what it returns, unless None, is the new output.

        Returns
        -------
        callable
            Call it to take the hook away again.
        """
        check_callable("register_forward_hook", hook, "module, inputs and output")
        entry = lambda module, args, output: hook(module, args, output)  # noqa: E731 - an object of its own
        self._forward_hooks = (*self._forward_hooks, entry)

        def remove() -> None:
            self._forward_hooks = tuple([h for h in self._forward_hooks if h is not entry])

        return remove

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set them to None (or, with False, to zeros)."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.zero_grad()
            elif parameter.grad is not None:
                parameter.grad[...] = 0.0

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return a copy of every parameter's and buffer's values by name; training on does not change it."""
        return {name: np.array(array) for name, array in self._state().items()}

    def _state(self) -> dict[str, np.ndarray]:
        """Return the arrays themselves that make up the state."""
        arrays = {name: parameter.data for name, parameter in self.named_parameters()}
        return {**arrays, **dict(self.named_buffers())}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> None:
        """Set parameters and buffers to the values in `state_dict`: all of them, or on any mismatch none.

        Parameters
        ----------
        state_dict : mapping
            Arrays by parameter name, as `state_dict()` gives them.
        strict : bool
            Whether every name must be there and no other one. Shapes must match always.

        Raises
        ------
        ValueError
            Naming every missing name, every unknown name, every wrong shape and dtype.
        TypeError
            For anything but a mapping.
        """
        own = self._state()
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict: takes a mapping from names to arrays; got {type(state_dict).__name__}. "
                "Pass what state_dict() gives."
            )
        arrays = {
            name: value.numpy() if isinstance(value, ad.Tensor) else np.asarray(value)
            for name, value in state_dict.items()
        }
        problems = []
        if strict:
            problems += [f"`{name}` is missing" for name in own if name not in arrays]
            problems += [f"`{name}` is unknown" for name in arrays if name not in own]
        problems += [
            f"`{name}` has shape {arrays[name].shape} for {array.shape}"
            for name, array in own.items()
            if name in arrays and arrays[name].shape != array.shape
        ]
        problems += [
            f"`{name}` has dtype {arrays[name].dtype} for {array.dtype}"
            for name, array in own.items()
            if name in arrays and not np.can_cast(arrays[name].dtype, array.dtype, "same_kind")
        ]
        if problems:
            raise ValueError(
                f"load_state_dict: the values do not fit the model; got these mismatches: {'; '.join(problems)}. "
                "Build the model with the layers it was saved with (strict=False skips names, never shapes)."
            )
        for name, array in own.items():
            if name in arrays:
                array[...] = arrays[name]

    # --- what a person reads ----------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what stands between the brackets of this module's line in `repr`."""
        return ", ".join(f"{n}={tuple(m.shape)}" for n, m in self.named_members() if isinstance(m, Parameter))

    def __repr__(self) -> str:
        title = type(self).__name__
        inside = [indent(f"({name}): {child!r}", "  ") for name, child in self.named_children()]
        head = f"{title}({self.extra_repr()}"
        text = "\n".join([head, *inside, ")"]) if inside else f"{head})"
        count = sum(parameter.size for parameter in self.parameters())
        return f"{text}  # {count:,} parameters" if count else text


def _members(name: str, value: Any) -> Iterator[tuple[str, Parameter | Module]]:
    """Yield what `value` holds: itself, or what stands in it if it is a list, tuple or dict."""
    if isinstance(value, (Parameter, Module)):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _members(f"{name}.{i}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _members(f"{name}.{key}", item)


def _value_name(module: Module, caller: Module | None) -> str:
    """Return what the output of a module is called in traces and programs: linear_0, or the attribute's name."""
    kind = type(module).__name__.lower()
    members = caller.named_children() if caller is not None else ()
    name = next((name for name, child in members if child is module), "")
    return name if name and not name.isdecimal() else f"{kind}_{name}".strip("_")


def _scope_name(module: Module, caller: Module | None) -> str:
    """Return `name (Type)`, the name being that under which the calling module holds this one."""
    kind = type(module).__name__
    members = caller.named_children() if caller is not None else ()
    return next((f"{name} ({kind})" for name, child in members if child is module), kind)


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
