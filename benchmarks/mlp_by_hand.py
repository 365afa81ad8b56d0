"""The training step as one writes it by hand for speed: flat buffers, `out=` everywhere, next to nothing allocated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.harness.workload import Run


def views(flat: Any, arrays: Sequence) -> list:
    """Return consecutive parts of `flat` in the shapes of `arrays`."""
    parts = []
    start = 0
    for array in arrays:
        parts.append(flat[start : start + array.size].reshape(array.shape))
        start += array.size
    return parts


def step(X: Any, y: Any, parameters: Sequence, lr: float, beta1: float, beta2: float, eps: float) -> Run:
    """Return one step of Adam on a tanh network; the loss is MSE, or cross-entropy if `y` holds class numbers."""
    import numpy as np

    dtype, batch = X.dtype, len(X)
    theta = np.concatenate([p.ravel() for p in parameters])
    g, m, v, scratch = (np.zeros_like(theta) for _ in range(4))
    weights, biases = views(theta, parameters)[::2], views(theta, parameters)[1::2]
    weight_cts, bias_cts = views(g, parameters)[::2], views(g, parameters)[1::2]
    activations = [X, *(np.empty((batch, len(b)), dtype) for b in biases)]
    cts = [np.empty_like(h) for h in activations]
    output, ct = activations[-1], cts[-1]
    classes = y.dtype.kind == "i"
    row = np.empty((batch, 1), dtype)
    picked = np.arange(batch) * output.shape[1] + y if classes else None
    ones = np.ones(batch, dtype)
    last = len(weights) - 1
    t = 0

    def forward() -> None:
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            h = activations[layer + 1]
            np.matmul(activations[layer], weight, out=h)
            np.add(h, bias, out=h)
            if layer < last:
                np.tanh(h, out=h)

    def cross_entropy() -> float:
        """Leave its cotangent, (softmax - one-hot) / batch, in `ct`."""
        np.max(output, axis=1, keepdims=True, out=row)
        np.subtract(output, row, out=output)
        chosen = output.take(picked)
        np.exp(output, out=ct)
        np.sum(ct, axis=1, keepdims=True, out=row)
        np.divide(ct, row, out=ct)
        np.log(row, out=row)
        loss = (row.sum() - chosen.sum()) / batch
        ct.reshape(-1)[picked] -= 1
        np.divide(ct, batch, out=ct)
        return loss

    def mean_square() -> float:
        """Leave its cotangent, 2 (output - y) / size, in `ct`."""
        np.subtract(output, y, out=ct)
        loss = np.vdot(ct, ct) / ct.size
        np.multiply(ct, 2.0 / ct.size, out=ct)
        return loss

    def backward() -> None:
        for layer in range(last, -1, -1):
            h, c = activations[layer], cts[layer + 1]
            np.matmul(h.T, c, out=weight_cts[layer])
            np.matmul(ones, c, out=bias_cts[layer])
            if layer:
                below = cts[layer]
                np.matmul(c, weights[layer].T, out=below)
                np.multiply(h, h, out=h)  # the activation dies here
                np.subtract(1, h, out=h)
                np.multiply(below, h, out=below)

    def adam() -> None:
        nonlocal t
        t += 1
        np.multiply(m, beta1, out=m)
        np.multiply(g, 1 - beta1, out=scratch)
        np.add(m, scratch, out=m)
        np.multiply(v, beta2, out=v)
        np.multiply(g, g, out=g)
        np.multiply(g, 1 - beta2, out=g)
        np.add(v, g, out=v)
        np.multiply(v, 1 / (1 - beta2**t), out=scratch)
        np.sqrt(scratch, out=scratch)
        np.add(scratch, eps, out=scratch)
        np.divide(m, scratch, out=scratch)
        np.multiply(scratch, lr / (1 - beta1**t), out=scratch)
        np.subtract(theta, scratch, out=theta)

    loss_and_ct = cross_entropy if classes else mean_square

    def run() -> float:
        forward()
        loss = loss_and_ct()
        backward()
        adam()
        return loss

    return run
