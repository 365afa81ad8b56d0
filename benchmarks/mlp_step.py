"""One training step of a tanh network: forward, backward, Adam; every contender as its users write it.

All start from the same weights and batch. A run is one step and returns the loss before
its update, so that the loss of the last checked step depends on every update before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from benchmarks import mlp_by_hand
from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, OPTIONAL, Goal, Run, Workload

LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Network:
    """Widths of the layers, batch size, dtype; ten outputs mean classes and cross-entropy, one means MSE."""

    sizes: tuple[int, ...]
    batch: int
    dtype: str = "float32"

    @property
    def name(self) -> str:
        """The widths."""
        return "-".join(map(str, self.sizes))

    @property
    def classifies(self) -> bool:
        return self.sizes[-1] > 1

    def data(self) -> tuple[Any, Any]:
        """Return X of shape (batch, inputs), and y: class numbers (batch,), or values (batch, 1).

        Both can be learned: a network that is trained for long on noise ends with saturated units, and its steps
        would then be timed there.
        """
        import numpy as np

        rng = np.random.default_rng(0)
        X = rng.normal(size=(self.batch, self.sizes[0])).astype(self.dtype)
        scores = X @ rng.normal(size=(self.sizes[0], self.sizes[-1])) / self.sizes[0] ** 0.5
        return X, scores.argmax(axis=1) if self.classifies else np.sin(scores).astype(self.dtype)

    def parameters(self) -> list[Any]:
        """Return [weight, bias, weight, …]; weights of shape (in, out)."""
        import numpy as np

        rng = np.random.default_rng(1)
        result = []
        for n_in, n_out in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            bound = n_in**-0.5
            result.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(self.dtype))
            result.append(rng.uniform(-bound, bound, n_out).astype(self.dtype))
        return result


def cross_entropy(np: Any, scores: Any, classes: Any) -> Any:
    """Return the mean of -log softmax(scores) at the true classes, in the NumPy of the caller's library."""
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(classes)), classes])


def by_hand(network: Network) -> Run:
    X, y = network.data()
    return mlp_by_hand.step(X, y, network.parameters(), LR, BETA1, BETA2, EPS)


def model_of(network: Network) -> tuple[Any, Any, Any]:
    """Return the network, the loss and the optimiser as users of `nn` write them."""
    import nn

    dtype = network.parameters()[0].dtype
    layers: list[nn.Module] = []
    for n_in, n_out in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        layers += [nn.Linear(n_in, n_out, dtype=dtype), nn.Tanh()]
    model = nn.Sequential(*layers[:-1])
    for parameter, value in zip(model.parameters(), network.parameters(), strict=True):
        parameter.data[...] = value
    loss_function = nn.CrossEntropyLoss() if network.classifies else nn.MSELoss()
    return model, loss_function, nn.optim.Adam(model.parameters(), lr=LR)


def eager(network: Network) -> Run:
    X, y = network.data()
    model, loss_function, optimizer = model_of(network)

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_function(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def compiled(network: Network) -> Run:
    import nn

    X, y = network.data()
    step = nn.compile(*model_of(network))
    return lambda: step(X, y)


def pytorch(network: Network, fused: bool = False, compiled: bool = False) -> Run:
    import torch

    X, y = map(torch.tensor, network.data())
    layers: list[torch.nn.Module] = []
    for n_in, n_out in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        layers += [torch.nn.Linear(n_in, n_out, dtype=X.dtype), torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    for parameter, value in zip(model.parameters(), network.parameters(), strict=True):
        parameter.data = torch.tensor(value.T.copy())
    loss_function = torch.nn.CrossEntropyLoss() if network.classifies else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=fused or None)
    forward = torch.compile(lambda: loss_function(model(X), y)) if compiled else lambda: loss_function(model(X), y)

    def step() -> Any:
        optimizer.zero_grad()
        loss = forward()
        loss.backward()
        optimizer.step()
        return loss

    return step


def functional_loss(np: Any, network: Network, X: Any, y: Any) -> Callable[[list], Any]:
    """Return the loss as a function of the parameters, in the NumPy of autograd or JAX."""

    def loss(parameters: list) -> Any:
        h = X
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = np.tanh(np.dot(h, weight) + bias)
        h = np.dot(h, parameters[-2]) + parameters[-1]
        return cross_entropy(np, h, y) if network.classifies else np.mean((h - y) ** 2)

    return loss


def jax_jit(network: Network, flat: bool = False) -> Run:
    """Return the whole step under jit: the parameters a list, as users write it, or (faster when small) one array."""
    import jax
    import jax.numpy as jnp
    from jax.flatten_util import ravel_pytree

    X, y = map(jnp.array, network.data())
    parameters = list(map(jnp.array, network.parameters()))
    loss_of_list = functional_loss(jnp, network, X, y)
    theta, unravel = ravel_pytree(parameters) if flat else (parameters, lambda parameters: parameters)

    @partial(jax.jit, donate_argnums=0)
    def update(state: tuple) -> tuple:
        theta, m, v, t = state
        value, g = jax.value_and_grad(lambda theta: loss_of_list(unravel(theta)))(theta)
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        m_hat = jax.tree.map(lambda m: m / (1 - BETA1**t), m)
        v_hat = jax.tree.map(lambda v: v / (1 - BETA2**t), v)
        theta = jax.tree.map(lambda p, m, v: p - LR * m / (jnp.sqrt(v) + EPS), theta, m_hat, v_hat)
        return (theta, m, v, t), value

    zeros = partial(jax.tree.map, jnp.zeros_like)
    state = (theta, zeros(theta), zeros(theta), jnp.zeros((), X.dtype))

    def step() -> Any:
        nonlocal state
        state, value = update(state)
        return value.block_until_ready()

    return step


def adam(np: Any, parameters: list) -> Callable[[list], None]:
    """Return Adam for a list of arrays, one after the other, as users of autograd and MyGrad write it."""
    ms = [np.zeros_like(p) for p in parameters]
    vs = [np.zeros_like(p) for p in parameters]
    t = 0

    def update(gradients: list) -> None:
        nonlocal t
        t += 1
        for i, g in enumerate(gradients):
            ms[i] = BETA1 * ms[i] + (1 - BETA1) * g
            vs[i] = BETA2 * vs[i] + (1 - BETA2) * g**2
            m_hat = ms[i] / (1 - BETA1**t)
            v_hat = vs[i] / (1 - BETA2**t)
            parameters[i] -= LR * m_hat / (np.sqrt(v_hat) + EPS)

    return update


def hips_autograd(network: Network) -> Run:
    import autograd.numpy as np
    import numpy
    from autograd import value_and_grad

    X, y = network.data()
    parameters = network.parameters()
    loss_and_gradients = value_and_grad(functional_loss(np, network, X, y))
    update = adam(numpy, parameters)

    def step() -> Any:
        loss, gradients = loss_and_gradients(parameters)
        update(gradients)
        return loss

    return step


def mygrad(network: Network) -> Run:
    import mygrad as mg
    import numpy as np
    from mygrad.nnet.losses import softmax_crossentropy

    mg.turn_memory_guarding_off()  # its documented switch for speed
    X, y = network.data()
    parameters = list(map(mg.tensor, network.parameters()))
    arrays = [parameter.data for parameter in parameters]
    update = adam(np, arrays)

    def step() -> Any:
        h = X
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            h = mg.tanh(mg.matmul(h, weight) + bias)
        h = mg.matmul(h, parameters[-2]) + parameters[-1]
        loss = softmax_crossentropy(h, y) if network.classifies else mg.mean((h - y) ** 2)
        loss.backward()
        update([parameter.grad for parameter in parameters])
        return loss

    return step


def scikit_learn(network: Network) -> Run:
    import numpy as np
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    X, y = network.data()
    options = {"hidden_layer_sizes": network.sizes[1:-1], "activation": "tanh", "alpha": 0.0, "shuffle": False}
    options["batch_size"] = network.batch  # else it makes two steps of more than 200 samples
    if network.classifies:
        model = MLPClassifier(**options)
        model.partial_fit(X, y, classes=np.arange(network.sizes[-1]))
    else:
        model, y = MLPRegressor(**options), y[:, 0]
        model.partial_fit(X, y)
    weights = network.parameters()
    for parameter, value in zip(model.coefs_ + model.intercepts_, weights[::2] + weights[1::2], strict=True):
        parameter[...] = value  # its optimiser holds these very arrays …
    optimizer = model._optimizer
    optimizer.t = 0  # … and forgets the step that only made them
    for moment in optimizer.ms + optimizer.vs:
        moment[...] = 0.0
    factor = 1.0 if network.classifies else 2.0  # its regression loss is half the mean square

    def step() -> Any:
        model.partial_fit(X, y)
        return factor * model.loss_

    return step


CONTENDERS: dict[str, Callable[[Network], Run]] = {
    BY_HAND: by_hand,
    EAGER: eager,
    COMPILED: compiled,
    "PyTorch eager": pytorch,
    "PyTorch fused Adam": partial(pytorch, fused=True),
    "torch.compile": partial(pytorch, fused=True, compiled=True),
    "jax.jit": jax_jit,
    "jax.jit flat": partial(jax_jit, flat=True),
    "autograd": hips_autograd,
    "MyGrad": mygrad,
    "scikit-learn": scikit_learn,
}
PYTORCH, JAX = "PyTorch eager", "jax.jit"
GOALS = {
    "2-16-16-1": (
        Goal(PYTORCH, 1 / 2.5, issue=2),
        Goal("autograd", 1 / 4, issue=2),
        Goal(BY_HAND, 1.1, issue=5, subject=COMPILED),
        Goal(JAX, 0.8, issue=5, subject=COMPILED),
        Goal(PYTORCH, 1 / 5, issue=5, subject=COMPILED),
    ),
    "2-50-50-1": (
        Goal(PYTORCH, 1 / 2, issue=3),
        Goal(BY_HAND, 1.1, issue=5, subject=COMPILED),
        Goal(JAX, 0.8, issue=5, subject=COMPILED),
        Goal(PYTORCH, 1 / 5, issue=5, subject=COMPILED),
    ),
    "64-100-30-10": (
        Goal(PYTORCH, 1 / 2, issue=3),
        Goal(BY_HAND, 1.1, issue=5, subject=COMPILED),
        Goal(JAX, 0.8, issue=5, subject=COMPILED),
    ),
    "784-128-10": (
        Goal(PYTORCH, 1, issue=2),
        Goal(BY_HAND, 1.1, issue=5, subject=COMPILED),
        Goal(JAX, 1.1, issue=5, subject=COMPILED),
        Goal(PYTORCH, 0.8, issue=5, subject=COMPILED),
    ),
    "784-512-512-10": (
        Goal(BY_HAND, 1.0, issue=5, subject=COMPILED),
        Goal("PyTorch fused Adam", 1.0, issue=5, subject=COMPILED),
    ),
}
NETWORKS = (
    Network((2, 16, 16, 1), batch=16),
    Network((2, 50, 50, 1), batch=100),
    Network((64, 100, 30, 10), batch=64),
    Network((784, 128, 10), batch=64),
    Network((784, 512, 512, 10), batch=128),
)
TOLERANCES = {"float32": 2e-4, "float64": 1e-11}
# It adds its ε before it corrects the bias of the second moment: Adam with an ε of 3e-7 in the first step, which
# counts once the loss, and with it the gradients, are small.
SCIKIT_LEARN = 2e-3


def workload_of(network: Network) -> Workload:
    """Return the workload of a network: `mlp-…`, or `mlp64-…` in float64."""
    workload = Workload(
        f"{'mlp' if network.dtype == 'float32' else 'mlp64'}-{network.name}",
        f"training step of an MLP {network.name}, batch {network.batch}, {network.dtype}: forward, backward, Adam",
        tolerance=TOLERANCES[network.dtype],
        looser={"scikit-learn": SCIKIT_LEARN},
        calls=5,
        goals=tuple(goal for goal in GOALS[network.name] if network.dtype == "float32" or goal.issue == 5),
    )
    for contender, build in CONTENDERS.items():
        if contender not in OPTIONAL or network.dtype == "float32":  # a minute of compilation for each
            workload.contender(contender)(partial(build, network))
    return workload


workloads = [workload_of(replace(network, dtype=dtype)) for dtype in TOLERANCES for network in NETWORKS]
