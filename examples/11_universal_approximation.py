"""One hidden layer of sigmoids comes as near to a continuous function as one likes: sup error against width.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", January 30, 2024, "Universal approximation theorem" (Cybenko 1989).

The theorem bounds the largest error on the unit interval by any ε > 0, for enough neurons; it does
not say how many, nor how to find the weights. Here BFGS, with exact gradients, finds them.
"""

import numpy as np

import nn
from plotting import save_plot

rng = np.random.default_rng(11)


def F(x):
    """Return the function to be approximated."""
    return np.sin(2 * np.pi * x) + 0.5 * x * np.cos(6 * np.pi * x)


def fitted_network(width):
    """Return a network of one hidden layer, fitted to F."""
    model = nn.Sequential(nn.Linear(1, width, rng=rng), nn.Sigmoid(), nn.Linear(width, 1, rng=rng))
    slopes, centres = rng.normal(0, 10, width), rng.uniform(0, 1, width)
    model[0].weight.data[0] = slopes
    model[0].bias.data[:] = -slopes * centres  # each neuron starts as a smooth step somewhere in [0, 1]
    nn.minimize(model, nn.MSELoss(), x, F(x), method="BFGS", options={"maxiter": 2000, "gtol": 1e-9})
    return model


def sup_error(model):
    """Return the largest |F − f| on a grid ten times finer than the data."""
    return np.max(np.abs(model(x_fine).numpy() - F(x_fine)))


x, x_fine = np.linspace(0, 1, 200)[:, None], np.linspace(0, 1, 2001)[:, None]
models, errors = {}, {}
print("width   parameters   sup |F − f|")
for width in (1, 2, 4, 8, 16, 32):
    models[width] = min((fitted_network(width) for _ in range(3)), key=sup_error)  # the best of three starts
    errors[width] = sup_error(models[width])
    print(f"{width:5}   {3 * width + 1:10}   {errors[width]:11.1e}")


def draw(figure):
    """Draw some of the fits, and the error against the width."""
    left, right = figure.subplots(1, 2)
    left.plot(x_fine, F(x_fine), "k--", zorder=3, label="F")
    for width in (1, 2, 4):
        left.plot(x_fine, models[width](x_fine).numpy(), label=f"width {width}")
    left.set(xlabel="x", ylabel="F(x), f(x)")
    left.legend()
    right.loglog(list(errors), list(errors.values()), "o-")
    right.set(xlabel="width (hidden neurons)", ylabel="sup |F − f|", xticks=list(errors), xticklabels=list(errors))
    right.minorticks_off()


save_plot(draw, __file__, width=9)
assert errors[32] < 1e-3
assert all(errors[2 * width] < errors[width] for width in (1, 2, 4))
