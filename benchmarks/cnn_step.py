"""One training step of a convolutional network: forward, cross-entropy, backward, Adam; every contender as written.

All start from the same weights and batch. A run is one step and returns the loss before
its update, so that the loss of the last checked step depends on every update before it.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Run, Workload
from benchmarks.mlp_step import BETA1, BETA2, EPS, LR, adam, cross_entropy

BATCH, SIDE, CLASSES = 64, 28, 10
CHANNELS = (1, 8, 16)
KERNEL, POOL = 3, 2
FEATURES = CHANNELS[-1] * 5 * 5  # what two convolutions and poolings leave of 28 × 28 pixels


def data() -> tuple[Any, Any]:
    """Return images of shape (batch, 1, side, side), and class numbers."""
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(BATCH, CHANNELS[0], SIDE, SIDE)).astype(np.float32)
    return X, rng.integers(CLASSES, size=BATCH)


def parameters() -> list[Any]:
    """Return [weight, bias, …] of both convolutions and the dense layer, whose weight has shape (in, out)."""
    import numpy as np

    rng = np.random.default_rng(1)
    result = []
    for inputs, outputs in pairwise(CHANNELS):
        bound = (inputs * KERNEL**2) ** -0.5
        result.append(rng.uniform(-bound, bound, (outputs, inputs, KERNEL, KERNEL)))
        result.append(rng.uniform(-bound, bound, outputs))
    bound = FEATURES**-0.5
    result += [rng.uniform(-bound, bound, (FEATURES, CLASSES)), rng.uniform(-bound, bound, CLASSES)]
    return [p.astype(np.float32) for p in result]


def by_hand() -> Run:
    """Channels first, then samples: a convolution is one matrix product with the windows as columns."""
    import numpy as np

    X, y = data()
    X = X.swapaxes(0, 1)
    theta = parameters()
    update = adam(np, theta)
    offsets = [(i, j) for i in range(KERNEL) for j in range(KERNEL)]
    corners = [(i, j) for i in range(POOL) for j in range(POOL)]

    def windows(x: Any) -> Any:
        channels, samples, rows, columns = x.shape
        rows, columns = rows - KERNEL + 1, columns - KERNEL + 1
        seen = np.empty((channels, len(offsets), samples, rows, columns), x.dtype)
        for k, (i, j) in enumerate(offsets):
            seen[:, k] = x[:, :, i : i + rows, j : j + columns]
        return seen.reshape(channels * len(offsets), -1), (samples, rows, columns)

    def pixels(seen: Any, shape: tuple) -> Any:
        x = np.zeros(shape, seen.dtype)
        rows, columns = shape[2] - KERNEL + 1, shape[3] - KERNEL + 1
        seen = seen.reshape(shape[0], len(offsets), shape[1], rows, columns)
        for k, (i, j) in enumerate(offsets):
            x[:, :, i : i + rows, j : j + columns] += seen[:, k]
        return x

    def views(x: Any) -> list:
        rows, columns = x.shape[2] // POOL * POOL, x.shape[3] // POOL * POOL
        return [x[:, :, i:rows:POOL, j:columns:POOL] for i, j in corners]

    def block(x: Any, weight: Any, bias: Any) -> tuple:
        """Convolve, rectify and pool; a maximum of 0 passes nothing back, so that its ties do not matter."""
        seen, shape = windows(x)
        z = (weight.reshape(len(bias), -1) @ seen + bias[:, None]).reshape(-1, *shape)
        a = np.maximum(z, 0, out=z)
        first, *others = views(a)
        pooled = np.maximum(first, others[0])
        for view in others[1:]:
            np.maximum(pooled, view, out=pooled)
        return pooled, seen, a

    def block_back(ct: Any, pooled: Any, seen: Any, a: Any, weight: Any) -> tuple:
        ct = ct * (pooled > 0)
        z_ct = np.zeros_like(a)
        for view, view_ct in zip(views(a), views(z_ct), strict=True):
            np.multiply(ct, view == pooled, out=view_ct)
        z_ct = z_ct.reshape(len(weight), -1)
        return z_ct, (z_ct @ seen.T).reshape(weight.shape), z_ct.sum(1)

    def step() -> Any:
        W1, b1, W2, b2, W3, b3 = theta
        first, seen1, a1 = block(X, W1, b1)
        second, seen2, a2 = block(first, W2, b2)
        flat = second.swapaxes(0, 1).reshape(BATCH, -1)
        scores = flat @ W3 + b3
        loss = cross_entropy(np, scores, y)
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(BATCH), y] -= 1
        p /= BATCH
        ct = (p @ W3.T).reshape(second.swapaxes(0, 1).shape).swapaxes(0, 1)
        z_ct, W2_ct, b2_ct = block_back(ct, second, seen2, a2, W2)
        ct = pixels(W2.reshape(len(W2), -1).T @ z_ct, first.shape)
        _, W1_ct, b1_ct = block_back(ct, first, seen1, a1, W1)
        update([W1_ct, b1_ct, W2_ct, b2_ct, flat.T @ p, p.sum(0)])
        return loss

    return step


def model_of() -> tuple[Any, Any, Any]:
    """Return the network, the loss and the optimiser as users of `nn` write them."""
    import numpy as np

    import nn

    options = {"dtype": np.float32}
    model = nn.Sequential(
        nn.Conv2d(CHANNELS[0], CHANNELS[1], KERNEL, **options),
        nn.ReLU(),
        nn.MaxPool2d(POOL),
        nn.Conv2d(CHANNELS[1], CHANNELS[2], KERNEL, **options),
        nn.ReLU(),
        nn.MaxPool2d(POOL),
        nn.Flatten(),
        nn.Linear(FEATURES, CLASSES, **options),
    )
    for parameter, value in zip(model.parameters(), parameters(), strict=True):
        parameter.data[...] = value
    return model, nn.CrossEntropyLoss(), nn.optim.Adam(model.parameters(), lr=LR)


def eager() -> Run:
    X, y = data()
    model, loss_function, optimizer = model_of()

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_function(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def compiled() -> Run:
    import nn

    X, y = data()
    step = nn.compile(*model_of())
    return lambda: step(X, y)


def pytorch(fused: bool = False, compiled: bool = False) -> Run:
    import torch
    from torch import nn

    X, y = map(torch.tensor, data())
    model = nn.Sequential(
        nn.Conv2d(CHANNELS[0], CHANNELS[1], KERNEL),
        nn.ReLU(),
        nn.MaxPool2d(POOL),
        nn.Conv2d(CHANNELS[1], CHANNELS[2], KERNEL),
        nn.ReLU(),
        nn.MaxPool2d(POOL),
        nn.Flatten(),
        nn.Linear(FEATURES, CLASSES),
    )
    for parameter, value in zip(model.parameters(), parameters(), strict=True):
        parameter.data = torch.tensor(value.T.copy() if value.ndim == 2 else value)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=fused or None)
    forward = torch.compile(lambda: loss_function(model(X), y)) if compiled else lambda: loss_function(model(X), y)

    def step() -> Any:
        optimizer.zero_grad()
        loss = forward()
        loss.backward()
        optimizer.step()
        return loss

    return step


def jax_jit() -> Run:
    import jax
    import jax.numpy as jnp
    from jax import lax

    X, y = map(jnp.array, data())

    def block(x: Any, weight: Any, bias: Any) -> Any:
        z = lax.conv(x, weight, (1, 1), "VALID") + bias[:, None, None]
        shape = (1, 1, POOL, POOL)
        return lax.reduce_window(jax.nn.relu(z), -jnp.inf, lax.max, shape, shape, "VALID")

    def loss(theta: list) -> Any:
        W1, b1, W2, b2, W3, b3 = theta
        h = block(block(X, W1, b1), W2, b2).reshape(BATCH, -1)
        return cross_entropy(jnp, h @ W3 + b3, y)

    @partial(jax.jit, donate_argnums=0)
    def update(state: tuple) -> tuple:
        theta, m, v, t = state
        value, g = jax.value_and_grad(loss)(theta)
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        scale = jnp.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        epsilon = EPS * jnp.sqrt(1 - BETA2**t)
        theta = jax.tree.map(lambda p, m, v: p - LR * scale * m / (jnp.sqrt(v) + epsilon), theta, m, v)
        return (theta, m, v, t), value

    theta = list(map(jnp.array, parameters()))
    zeros = partial(jax.tree.map, jnp.zeros_like)
    state = (theta, zeros(theta), zeros(theta), jnp.zeros((), X.dtype))

    def step() -> Any:
        nonlocal state
        state, value = update(state)
        return value.block_until_ready()

    return step


workload = Workload(
    "cnn-28x28",
    f"training step of a CNN, 3×3 convolutions to {CHANNELS[1]} and {CHANNELS[2]} channels with 2×2 pooling on "
    f"{SIDE}×{SIDE}, batch {BATCH}, float32: forward, backward, Adam",
    tolerance=2e-4,  # float32
    calls=10,
    goals=(Goal("PyTorch eager", 2, issue=3), Goal("PyTorch eager", 1.5, issue=5, subject=COMPILED)),
)
for contender, build in {
    BY_HAND: by_hand,
    EAGER: eager,
    COMPILED: compiled,
    "PyTorch eager": pytorch,
    "PyTorch fused Adam": partial(pytorch, fused=True),
    "torch.compile": partial(pytorch, fused=True, compiled=True),
    "jax.jit": jax_jit,
}.items():
    workload.contender(contender)(build)
