"""Read 8 × 8 handwritten digits with a network of dimensions (64, 100, 30, 10).

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Multiclass classification".

LeakyReLU in the hidden layers, softmax at the output, cross-entropy as the cost; the loss takes the
logits, and does both in one numerically safe step. The test set is looked at once, at the end: the
validation data, a part of the training data, say how the training goes.
"""

import numpy as np
from sklearn.datasets import load_digits

import nn
from plotting import COLORS, save_plot

dims = (64, 100, 30, 10)
rng = np.random.default_rng(0)
X, y = load_digits(return_X_y=True)
X = X / 16  # grey levels 0 … 16
X_train, X_test, y_train, y_test = nn.data.train_test_split(X, y, test_size=0.2, stratify=y, rng=rng)

model = nn.Sequential(
    nn.Linear(dims[0], dims[1], rng=rng),
    nn.LeakyReLU(),
    nn.Linear(dims[1], dims[2], rng=rng),
    nn.LeakyReLU(),
    nn.Linear(dims[2], dims[3], rng=rng),
)
print(model, end="\n\n")
optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
history = nn.fit(
    model,
    X_train,
    y_train,
    loss=nn.CrossEntropyLoss(),
    optimizer=optimizer,
    scheduler=nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30),
    epochs=30,
    validation_fraction=0.1,
    rng=rng,
)
print("epoch   training loss   validation loss")
for epoch in (1, 2, 5, 10, 20, 30):
    row = history.row(epoch - 1)
    print(f"{epoch:5}   {row['loss']:13.4f}   {row['val_loss']:15.4f}")

probability = nn.functional.softmax(model(X_test), dim=1).numpy()
prediction = probability.argmax(axis=1)
wrong = np.flatnonzero(prediction != y_test)
accuracy = 1 - len(wrong) / len(y_test)
print(f"\ntest accuracy {accuracy:.4f}: {len(wrong)} of {len(y_test)} digits are misread")


def draw(figure):
    """Draw the loss, and the misread digits the network was surest of."""
    left, right = figure.subfigures(1, 2, width_ratios=(1.3, 1))
    axes = left.subplots()
    axes.semilogy(range(1, 31), history["loss"], label="training")
    axes.semilogy(range(1, 31), history["val_loss"], linestyle="--", label="validation")
    axes.set(xlabel="epoch", ylabel="cross-entropy (nats)")
    axes.legend()
    right.suptitle("misread", fontsize=12)
    surest = wrong[np.argsort(-probability[wrong, prediction[wrong]])][:6]
    for axes, k in zip(right.subplots(2, 3).flat, surest, strict=False):
        axes.imshow(X_test[k].reshape(8, 8), cmap="gray_r")
        axes.set_title(f"{y_test[k]} as {prediction[k]}", color=COLORS[1], fontsize=11)
    for axes in right.axes:
        axes.axis("off")


save_plot(draw, __file__, width=9)
assert accuracy >= 0.97
