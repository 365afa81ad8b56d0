"""Batch normalisation keeps the inputs of the activations where these still have a slope.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Batch Normalization"; Javier Duarte, "PHYS 139/239: Machine Learning in
Physics, Lecture 5: Neural networks", January 24, 2023, "Batch normalization".

Eight tanh layers with the historical weights from N(0, 1): the inputs z of tanh are so large that
nearly all neurons sit at ±1, where tanh′ = 0. Normalised over the mini-batch just before the
activation, z has mean 0 and standard deviation 1 in every layer, and the network learns.
"""

import numpy as np
from sklearn.datasets import load_digits

import nn
from plotting import save_plot

depth, width, epochs = 8, 64, 15
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = nn.data.train_test_split(X / 16, y, test_size=0.25, stratify=y, rng=0)


def network(normalise):
    """Return a classifier with `normalise` between each affine map and its tanh, and N(0, 1) weights."""
    rng = np.random.default_rng(10)
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(64 if not layers else width, width, rng=rng), normalise(width), nn.Tanh()]
        nn.init.normal_(layers[-3].weight, std=1.0, rng=rng)
    return nn.Sequential(*layers, nn.Linear(width, 10, rng=rng))


def inputs_of_tanh(model, X):
    """Return the z that each tanh receives, for a mini-batch X."""
    z = []
    for layer in model:
        if isinstance(layer, nn.Tanh):
            z.append(X.numpy())
        X = layer(X)
    return z


models = {"plain": network(lambda _: nn.Identity()), "batch norm": network(nn.BatchNorm1d)}
deviation, losses, accuracy = {}, {}, {}
print("             std of z in layer               |z| > 3   training loss   test")
print("network           1      4      8    in the last layer                accuracy")
for name, model in models.items():
    z = inputs_of_tanh(model, X_train[:128])
    deviation[name] = [values.std() for values in z]
    saturated = np.mean(np.abs(z[-1]) > 3)
    optimizer, loss = nn.optim.Adam(model.parameters(), lr=2e-3), nn.CrossEntropyLoss()
    losses[name] = nn.fit(model, X_train, y_train, loss=loss, optimizer=optimizer, epochs=epochs, rng=0)["loss"]
    accuracy[name] = np.mean(model.eval()(X_test).numpy().argmax(axis=1) == y_test)
    row = "  ".join(f"{deviation[name][k]:5.2f}" for k in (0, 3, 7))
    print(f"{name:12}  {row}  {saturated:19.0%}   {losses[name][-1]:13.3f}   {accuracy[name]:8.3f}")


def draw(figure):
    """Draw the spread of z over the layers, and the loss."""
    left, right = figure.subplots(1, 2)
    for (name, values), marker in zip(deviation.items(), "os", strict=True):
        left.plot(range(1, depth + 1), values, marker=marker, label=name)
        right.plot(range(1, epochs + 1), losses[name], marker=marker, label=name)
    left.set(xlabel="layer", ylabel="standard deviation of z, before training", ylim=(0, None))
    right.set(
        xlabel="epoch", ylabel="training loss (cross-entropy, nats)", ylim=(0, None), xticks=range(0, epochs + 1, 5)
    )
    left.legend()
    right.legend()


save_plot(draw, __file__, width=9)
assert np.allclose(deviation["batch norm"], 1, atol=0.05)
assert min(deviation["plain"]) > 3
assert accuracy["batch norm"] > accuracy["plain"] + 0.1
