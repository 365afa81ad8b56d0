"""Twenty layers: gradients vanish with the sigmoid, explode with N(0, 1), and survive Glorot and He.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Vanishing gradients" to "Insights from the paper by Glorot and Bengio";
Javier Duarte, "PHYS 139/239: Machine Learning in Physics, Lecture 5: Neural networks",
January 24, 2023, "Vanishing gradients" and "Weight initialization".

Each layer on the way back multiplies the error δ by Wᵀ and by σ′. Where that product is smaller
than one, the first layers get no gradient and learn nothing; where it is larger, the gradients
explode (in every layer: where δ has grown little on its way back, a has grown on its way there).
"""

import numpy as np

import nn
from plotting import save_plot

depth, width = 20, 20
rng = np.random.default_rng(9)
X, y = rng.normal(size=(500, width)), rng.normal(size=(500, 1))


def historical(weight):
    """Fill the weights with draws from N(0, 1)."""
    nn.init.normal_(weight, std=1.0, rng=rng)


def glorot(weight):
    """Fill the weights with draws of variance 2 / (fan_in + fan_out)."""
    nn.init.xavier_normal_(weight, rng=rng)


def he(weight):
    """Fill the weights with draws of variance 2 / fan_in."""
    nn.init.kaiming_normal_(weight, nonlinearity="relu", rng=rng)


def gradient_norms(activation, initialise):
    """Return |∂C/∂W| of each layer, from the first to the last, averaged over ten networks."""
    norms = []
    for _ in range(10):
        layers = [nn.Linear(width, width) for _ in range(depth)]
        model = nn.Sequential(
            *(part for layer in layers for part in (layer, activation())), nn.Linear(width, 1, rng=rng)
        )
        for layer in layers:
            initialise(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.functional.mse_loss(model(X), y).backward()
        norms.append([np.linalg.norm(layer.weight.grad) for layer in layers])
    return np.mean(norms, axis=0)


networks = {
    "sigmoid, N(0, 1)": (nn.Sigmoid, historical),
    "sigmoid, Glorot": (nn.Sigmoid, glorot),
    "tanh, Glorot": (nn.Tanh, glorot),
    "ReLU, He": (nn.ReLU, he),
    "ReLU, N(0, 1)": (nn.ReLU, historical),
}
norms = {name: gradient_norms(*network) for name, network in networks.items()}
ratio = {name: norm[0] / norm[-1] for name, norm in norms.items()}
print("|∂C/∂W| in layer      1         5        10        15        20   first / last")
for name, norm in norms.items():
    row = "  ".join(f"{norm[k - 1]:8.1e}" for k in (1, 5, 10, 15, 20))
    print(f"{name:17} {row}   {ratio[name]:12.1e}")


def draw(figure):
    """Draw the norm of the gradient against the layer."""
    axes = figure.subplots()
    for (name, norm), marker in zip(norms.items(), "os^Dv", strict=True):
        axes.semilogy(range(1, depth + 1), norm, marker=marker, label=name)
    axes.set(xlabel="layer (1 is the first)", ylabel="norm of the gradient |∂C/∂W|", xticks=range(2, depth + 1, 2))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


save_plot(draw, __file__, width=8)
assert ratio["sigmoid, N(0, 1)"] < 1e-2
assert ratio["sigmoid, Glorot"] < 1e-8
assert np.all(norms["ReLU, N(0, 1)"] > 1e15)
assert 0.1 < ratio["tanh, Glorot"] < 10
assert 0.1 < ratio["ReLU, He"] < 10
