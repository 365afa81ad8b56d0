import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import value_and_grad
from autograd.misc.optimizers import adam

npr.seed(0)
letters = "hello world"
alphabet = sorted(set(letters))
codes = np.array([alphabet.index(c) for c in letters])
one_hot = (codes[:, None] == np.arange(len(alphabet))).astype(float)
n, hidden = len(alphabet), 12
params = {
    "start": npr.randn(1, hidden) * 0.1,
    "change": npr.randn(n + hidden + 1, hidden) * 0.1,
    "predict": npr.randn(hidden + 1, n) * 0.1,
}


def joined(*parts):
    return np.hstack([*parts, np.ones((parts[0].shape[0], 1))])


def log_probability(params, sequence):
    state = np.repeat(params["start"], 1, axis=0)
    total = 0.0
    for t in range(len(sequence) - 1):
        state = np.tanh(np.dot(joined(sequence[t : t + 1], state), params["change"]))
        logits = np.dot(joined(state), params["predict"])
        logits = logits - np.log(np.sum(np.exp(logits - logits.max()), axis=1, keepdims=True)) - np.max(logits)
        total = total + np.sum(logits * sequence[t + 1])
    return total / (len(sequence) - 1)


objective = value_and_grad(lambda p: -log_probability(p, one_hot))
trace = []
trained = adam(
    lambda p, i: objective(p)[1],
    params,
    step_size=0.05,
    num_iters=30,
    callback=lambda p, i, g: trace.append(objective(p)[0]),
)
result = [np.array(trace), *[trained[key] for key in sorted(trained)]]
