"""Regression from end to end: 100 epochs on 10,000 samples of 20 features, 100 ReLU units, Adam, batch 200.

A run is a whole fit, from initial values to the last epoch, and returns the loss of that
epoch. Each contender draws its own initial values and orders: the losses agree as two
seeds do.
"""

from __future__ import annotations

from typing import Any

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Run, Workload, sized

SAMPLES, FEATURES, HIDDEN, BATCH, EPOCHS, ALPHA = 10_000, 20, 100, 200, sized(100, quick=3), 1e-4
LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8

workload = Workload(
    "mlp-regressor-fit",
    f"MLPRegressor.fit, {SAMPLES} x {FEATURES}, {HIDDEN} ReLU units, batch {BATCH}, Adam, {EPOCHS} epochs, float64",
    tolerance=0.1,  # of the loss at the end: initial values and orders are each contender's own
    goals=(Goal("scikit-learn", 1, issue=3, subject=COMPILED),),
)


def data() -> tuple[Any, Any]:
    """Return X of shape (samples, features) and y of shape (samples,): a smooth function and some noise."""
    import numpy as np

    rng = np.random.default_rng(0)
    X = rng.normal(size=(SAMPLES, FEATURES))
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * X[:, 3] + 0.5 * rng.normal(size=SAMPLES)
    return X, y


@workload.contender(BY_HAND)
def by_hand() -> Run:
    import numpy as np

    X, y = data()

    def fit() -> float:
        rng = np.random.default_rng(0)
        shapes = (FEATURES, HIDDEN), (HIDDEN,), (HIDDEN, 1), (1,)
        stops = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
        theta, g, m, v, s = np.zeros((5, sum(int(np.prod(shape)) for shape in shapes)))
        W1, b1, W2, b2 = (part.reshape(shape) for part, shape in zip(np.split(theta, stops), shapes, strict=True))
        gW1, gb1, gW2, gb2 = (part.reshape(shape) for part, shape in zip(np.split(g, stops), shapes, strict=True))
        for parameter, fans in ((W1, FEATURES + HIDDEN), (b1, FEATURES + HIDDEN), (W2, HIDDEN + 1), (b2, HIDDEN + 1)):
            parameter[...] = rng.uniform(-1.0, 1.0, parameter.shape) * np.sqrt(6.0 / fans)
        h, delta = np.empty((2, BATCH, HIDDEN))
        ones = np.ones(BATCH)
        t = 0
        for _ in range(EPOCHS):
            order = rng.permutation(SAMPLES)
            total = 0.0
            for start in range(0, SAMPLES, BATCH):
                rows = order[start : start + BATCH]
                x = X.take(rows, axis=0)
                np.matmul(x, W1, out=h)
                np.add(h, b1, out=h)
                np.maximum(h, 0.0, out=h)
                error = h @ W2
                error += b2
                error[:, 0] -= y.take(rows)
                total += 0.5 * np.vdot(error, error) + 0.5 * ALPHA * (np.vdot(W1, W1) + np.vdot(W2, W2))
                error /= BATCH
                np.matmul(h.T, error, out=gW2)
                np.matmul(ones, error, out=gb2)
                np.multiply(error, W2[:, 0], out=delta)
                np.multiply(delta, h > 0.0, out=delta)
                np.matmul(x.T, delta, out=gW1)
                np.matmul(ones, delta, out=gb1)
                gW1 += (ALPHA / BATCH) * W1
                gW2 += (ALPHA / BATCH) * W2
                t += 1
                np.multiply(m, BETA1, out=m)
                np.multiply(g, 1.0 - BETA1, out=s)
                np.add(m, s, out=m)
                np.multiply(v, BETA2, out=v)
                np.multiply(g, g, out=s)
                np.multiply(s, 1.0 - BETA2, out=s)
                np.add(v, s, out=v)
                np.multiply(v, 1.0 / (1.0 - BETA2**t), out=s)
                np.sqrt(s, out=s)
                np.add(s, EPS, out=s)
                np.divide(m, s, out=s)
                np.multiply(s, LR / (1.0 - BETA1**t), out=s)
                np.subtract(theta, s, out=theta)
        return total / SAMPLES

    return fit


@workload.contender(EAGER)
def eager() -> Run:
    """Return `nn.fit`, told not to compile; the penalty, a thousandth of the loss, is left out."""
    import numpy as np

    import nn

    X, y = data()

    def fit() -> float:
        rng = np.random.default_rng(0)
        options = {"dtype": np.float64, "rng": rng}
        model = nn.Sequential(nn.Linear(FEATURES, HIDDEN, **options), nn.ReLU(), nn.Linear(HIDDEN, 1, **options))
        history = nn.fit(
            model, X, y[:, None], loss=nn.MSELoss(), optimizer=nn.optim.Adam(model.parameters(), lr=LR),
            epochs=EPOCHS, batch_size=BATCH, rng=rng, progress=False, compile=False,
        )  # fmt: skip
        return 0.5 * history["loss"][-1]

    return fit


@workload.contender(COMPILED)
def compiled() -> Run:
    """Return the estimator as users call it: it compiles by itself."""
    import nn

    X, y = data()

    def fit() -> float:
        model = nn.MLPRegressor(
            (HIDDEN,), learning_rate=LR, alpha=ALPHA, batch_size=BATCH, max_iter=EPOCHS, n_iter_no_change=None,
            random_state=0,
        )  # fmt: skip
        return model.fit(X, y).loss_

    return fit


@workload.contender("scikit-learn")
def scikit_learn() -> Run:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    X, y = data()

    def fit() -> float:
        model = MLPRegressor(
            hidden_layer_sizes=(HIDDEN,), learning_rate_init=LR, alpha=ALPHA, batch_size=BATCH, max_iter=EPOCHS,
            tol=0.0, n_iter_no_change=EPOCHS, random_state=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # that all epochs are used is what is asked for
            return model.fit(X, y).loss_

    return fit
