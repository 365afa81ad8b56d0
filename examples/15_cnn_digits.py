"""Read 8 × 8 handwritten digits with convolutions: INPUT, CONV, RELU, POOL, …, fully connected.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Convolutional Neural Networks" and "Layers used to build CNNs".

The dense network of example 07 sees 64 numbers in no order. Here a neuron sees 3 × 3 neighbours,
and all places share the same filters: less than a percent of the digits is misread.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import nn
from plotting import COLORS, save_plot

rng = np.random.default_rng(15)
X, y = load_digits(return_X_y=True)
images = (X / 16).astype(np.float32).reshape(-1, 1, 8, 8)  # one channel: the grey level
X_train, X_test, y_train, y_test = train_test_split(images, y, test_size=0.2, stratify=y, random_state=2)

options = {"rng": rng, "dtype": np.float32}
model = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, padding="same", **options),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, kernel_size=3, padding="same", **options),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.3, rng=rng),
    nn.Linear(32 * 2 * 2, 10, **options),
)
optimizer = nn.optim.Adam(model.parameters(), lr=0.005)
history = nn.fit(
    model,
    X_train,
    y_train,
    loss=nn.CrossEntropyLoss(),
    optimizer=optimizer,
    scheduler=nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=25),
    epochs=25,
    validation_fraction=0.1,
    rng=rng,
    progress=False,
)
model.eval()

print("layer       volume: depth × height × width")
volumes = [X_test]
for layer in model:
    volumes.append(layer(volumes[-1]))
    print(f"{type(layer).__name__:10}  {' × '.join(map(str, volumes[-1].shape[1:]))}")
wrong = np.sum(volumes[-1].numpy().argmax(axis=1) != y_test)
accuracy = 1 - wrong / len(y_test)
print(f"\ntest accuracy {accuracy:.4f}: {wrong} of {len(y_test)} digits are misread")


def draw(figure):
    """Draw the loss, the filters of the first layer, and what they make of a digit."""
    loss, *grids = figure.subfigures(1, 3, width_ratios=(1.4, 1, 1))
    axes = loss.subplots()
    axes.semilogy(range(1, 26), history["loss"], label="training (with dropout)")
    axes.semilogy(range(1, 26), history["val_loss"], linestyle="--", label="validation")
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)")
    axes.legend()
    three = volumes[2].numpy()[np.argmax(y_test == 3)]
    filters = model[0].weight.numpy()[:, 0]
    pictures = (
        (filters, "PuOr", "the filters (purple +, orange −)"),
        (three, "gray_r", "a 3 through them, after ReLU"),
    )
    for grid, (maps, colours, title) in zip(grids, pictures, strict=True):
        grid.suptitle(title, fontsize=12)
        limit = np.abs(maps).max()
        for axes, image in zip(grid.subplots(4, 4).flat, maps, strict=True):
            axes.imshow(image, cmap=colours, vmin=-limit if colours == "PuOr" else 0, vmax=limit)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=COLORS[0], linewidth=0.5)


save_plot(draw, __file__, width=11)
assert accuracy >= 0.98
