import autograd.numpy as np
from autograd import elementwise_grad, grad

# --- learning rates ------------------------------------------------------------------------


class Scheduler:
    def __init__(self, eta):
        self.eta = eta

    def update_change(self, gradient):
        raise NotImplementedError

    def reset(self):
        pass


class Constant(Scheduler):
    def update_change(self, gradient):
        return self.eta * gradient


class Momentum(Scheduler):
    def __init__(self, eta, momentum):
        super().__init__(eta)
        self.momentum, self.change = momentum, 0

    def update_change(self, gradient):
        self.change = self.momentum * self.change + self.eta * gradient
        return self.change


class Adagrad(Scheduler):
    def __init__(self, eta):
        super().__init__(eta)
        self.G_t = None

    def update_change(self, gradient):
        if self.G_t is None:
            self.G_t = np.zeros((gradient.shape[0], gradient.shape[0]))
        self.G_t += gradient @ gradient.T
        scale = 1 / (1e-8 + np.sqrt(np.reshape(np.diagonal(self.G_t), (self.G_t.shape[0], 1))))
        return self.eta * gradient * scale

    def reset(self):
        self.G_t = None


class AdagradMomentum(Adagrad):
    def __init__(self, eta, momentum):
        super().__init__(eta)
        self.momentum, self.change = momentum, 0

    def update_change(self, gradient):
        self.change = self.change * self.momentum + super().update_change(gradient)
        return self.change


class RMS_prop(Scheduler):
    def __init__(self, eta, rho):
        super().__init__(eta)
        self.rho, self.second = rho, 0.0

    def update_change(self, gradient):
        self.second = self.rho * self.second + (1 - self.rho) * gradient * gradient
        return self.eta * gradient / np.sqrt(self.second + 1e-8)

    def reset(self):
        self.second = 0.0


class Adam(Scheduler):
    def __init__(self, eta, rho, rho2):
        super().__init__(eta)
        self.rho, self.rho2 = rho, rho2
        self.moment, self.second, self.n_epochs = 0, 0, 1

    def update_change(self, gradient):
        self.moment = self.rho * self.moment + (1 - self.rho) * gradient
        self.second = self.rho2 * self.second + (1 - self.rho2) * gradient * gradient
        moment = self.moment / (1 - self.rho**self.n_epochs)
        second = self.second / (1 - self.rho2**self.n_epochs)
        return self.eta * moment / (np.sqrt(second) + 1e-8)

    def reset(self):
        self.n_epochs += 1
        self.moment, self.second = 0, 0


# --- costs: of the target, they return a function of the prediction -----------------------------


def CostOLS(target):
    def func(X):
        return (1.0 / target.shape[0]) * np.sum((target - X) ** 2)

    return func


def CostLogReg(target):
    def func(X):
        return -(1.0 / target.shape[0]) * np.sum(target * np.log(X + 10e-10) + (1 - target) * np.log(1 - X + 10e-10))

    return func


def CostCrossEntropy(target):
    def func(X):
        return -(1.0 / target.size) * np.sum(target * np.log(X + 10e-10))

    return func


# --- activations -----------------------------------------------------------------------------------


def identity(X):
    return X


def sigmoid(X):
    try:
        return 1.0 / (1 + np.exp(-X))
    except FloatingPointError:
        return np.where(np.zeros(X.shape) < X, np.ones(X.shape), np.zeros(X.shape))


def softmax(X):
    X = X - np.max(X, axis=-1, keepdims=True)
    return np.exp(X) / (np.sum(np.exp(X), axis=-1, keepdims=True) + 10e-10)


def RELU(X):
    return np.where(np.zeros(X.shape) < X, X, np.zeros(X.shape))


def LRELU(X):
    return np.where(np.zeros(X.shape) < X, X, 10e-4 * X)


def derivate(func):
    if func.__name__ == "RELU":
        return lambda X: np.where(X > 0, 1, 0)
    if func.__name__ == "LRELU":
        return lambda X: np.where(X > 0, 1, 10e-4)
    return elementwise_grad(func)


# --- the network: its gradients by hand from the derivatives of cost and activations ----------------


class FFNN:
    def __init__(self, dimensions, hidden_func=sigmoid, output_func=identity, cost_func=CostOLS, seed=0):
        self.dimensions, self.seed = dimensions, seed
        self.hidden_func, self.output_func, self.cost_func = hidden_func, output_func, cost_func
        self.reset_weights()

    def reset_weights(self):
        rng = np.random.RandomState(self.seed)
        self.weights = []
        for fan_in, fan_out in zip(self.dimensions[:-1], self.dimensions[1:]):
            weights = rng.randn(fan_in + 1, fan_out)  # the first row is the bias
            weights[0, :] = rng.randn(fan_out) * 0.01
            self.weights.append(weights)

    def feedforward(self, X):
        self.a, self.z = [], []
        a = X
        for i, weights in enumerate(self.weights):
            a = np.hstack([np.ones((a.shape[0], 1)) * 0.01, a])
            self.a.append(a)
            z = a @ weights
            self.z.append(z)
            a = (self.output_func if i == len(self.weights) - 1 else self.hidden_func)(z)
        self.a.append(a)
        return a

    def backpropagate(self, t, lam):
        gradients = []
        for i in reversed(range(len(self.weights))):
            if i == len(self.weights) - 1:
                if self.output_func.__name__ == "softmax":
                    delta = self.a[-1] - t
                else:
                    delta = derivate(self.output_func)(self.z[-1]) * grad(self.cost_func(t))(self.a[-1])
            else:
                delta = (self.weights[i + 1][1:, :] @ delta.T).T * derivate(self.hidden_func)(self.z[i])
            gradients.insert(0, self.a[i].T @ delta + self.weights[i] * lam)
        for i, gradient in enumerate(gradients):
            bias, rest = gradient[:1, :], gradient[1:, :]
            self.weights[i] -= np.vstack(
                [self.schedulers_bias[i].update_change(bias), self.schedulers_weight[i].update_change(rest)]
            )

    def fit(self, X, t, make_scheduler, batches=1, epochs=50, lam=0.0):
        self.schedulers_weight = [make_scheduler() for _ in self.weights]
        self.schedulers_bias = [make_scheduler() for _ in self.weights]
        size = X.shape[0] // batches
        costs = []
        for _ in range(epochs):
            for i in range(batches):
                chosen = slice(i * size, (i + 1) * size if i < batches - 1 else None)
                self.feedforward(X[chosen])
                self.backpropagate(t[chosen], lam)
            for scheduler in self.schedulers_weight + self.schedulers_bias:
                scheduler.reset()
            costs.append(self.cost_func(t)(self.feedforward(X)))
        return np.array(costs)


def onehot(target):
    onehot = np.zeros((target.size, target.max() + 1))
    onehot[np.arange(target.size), target] = 1
    return onehot


result = []
rng = np.random.RandomState(1)
x = rng.permutation(np.linspace(0, 1, 40)).reshape(-1, 1)
y = 4 * x**2 - x + 0.1 * rng.randn(40, 1)
SCHEDULERS = [
    lambda: Constant(eta=1e-2),
    lambda: Momentum(eta=1e-2, momentum=0.5),
    lambda: Adagrad(eta=1e-2),
    lambda: AdagradMomentum(eta=1e-2, momentum=0.5),
    lambda: RMS_prop(eta=1e-2, rho=0.9),
    lambda: Adam(eta=1e-2, rho=0.9, rho2=0.999),
]
for make_scheduler in SCHEDULERS:
    for hidden in (sigmoid, RELU, LRELU):
        result.append(FFNN((1, 6, 1), hidden_func=hidden).fit(x, y, make_scheduler, batches=4, epochs=15))
regression = FFNN((1, 10, 1)).fit(x, y, lambda: Momentum(eta=1e-1, momentum=0.8), batches=4, epochs=300)
result.append(regression)

gates = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
xor = np.array([[0], [1], [1], [0]])
adam = lambda: Adam(eta=1e-1, rho=0.9, rho2=0.999)
alone = FFNN((2, 1), output_func=sigmoid, cost_func=CostLogReg)
hidden = FFNN((2, 4, 1), output_func=sigmoid, cost_func=CostLogReg)
result += [alone.fit(gates, xor, adam, epochs=300), hidden.fit(gates, xor, adam, epochs=500)]
result += [alone.feedforward(gates), hidden.feedforward(gates)]
solved = np.all((hidden.feedforward(gates) > 0.5) == xor)
unsolved = not np.all((alone.feedforward(gates) > 0.5) == xor)

blobs = np.concatenate([rng.randn(30, 6) + 2 * np.eye(10, 6)[k] for k in range(3)])
labels = np.repeat(np.arange(3), 30)
order = rng.permutation(90)
DATA = globals().get(
    "digits", (blobs[order], labels[order])
)  # the test gives the digits of scikit-learn where it is installed
X, target = DATA[0], onehot(DATA[1])
dims = (X.shape[1], 30, 15, target.shape[1])
multiclass = FFNN(dims, hidden_func=LRELU, output_func=softmax, cost_func=CostCrossEntropy)
result.append(multiclass.fit(X, target, lambda: Adam(eta=1e-2, rho=0.9, rho2=0.999), batches=10, epochs=30, lam=1e-4))
result.append(multiclass.feedforward(X[:20]))
accuracy = np.mean(np.argmax(multiclass.feedforward(X), axis=1) == DATA[1])
