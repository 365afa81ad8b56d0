"""Tell malignant from benign tumours, with data for training, validation and test.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "A top-down perspective on Neural networks" and "The Neural Network".

The network learns from the training data; the validation data decide when it stops; the test data are
looked at once, at the end. The 30 measurements have units and scales of their own, so the model's
first layer brings them to mean 0 and standard deviation 1, as found in the training data alone.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer

import nn
from plotting import save_plot

rng = np.random.default_rng(6)
X, y = load_breast_cancer(return_X_y=True)
y = 1.0 - y[:, None]  # 1: malignant
parts = nn.data.split(X, y, sizes=[0.6, 0.2, 0.2], stratify=y[:, 0], rng=rng)
(X_train, y_train), validation, (X_test, y_test) = parts

model = nn.Sequential(
    nn.Standardize(30).fit(X_train),
    nn.Linear(30, 16, rng=rng),
    nn.ReLU(),
    nn.Linear(16, 1, rng=rng),
)
history = nn.fit(
    model,
    X_train,
    y_train,
    loss=nn.BCEWithLogitsLoss(),
    optimizer=nn.optim.Adam(model.parameters(), lr=3e-3),
    epochs=200,
    validation_data=validation,
    early_stopping=10,
    rng=rng,
)
print(model, end="\n\n")
best = history.best_epoch
print(
    f"stopped after {len(history)} epochs; the weights are those of epoch {best + 1}, the best on the validation data"
)

logit = model(X_test).numpy()[:, 0]  # ln(p / (1 − p)) for p = P(malignant)
malignant, found = y_test[:, 0] == 1, logit > 0
accuracy = np.mean(found == malignant)
print("\n                called malignant   called benign")
for name, rows in (("malignant", malignant), ("benign", ~malignant)):
    print(f"  {name:9}     {np.sum(found[rows]):16}   {np.sum(~found[rows]):13}")
print(f"\ntest accuracy {accuracy:.3f}")


def draw(figure):
    """Draw the losses, and what the network says of the test data."""
    left, right = figure.subplots(1, 2)
    epochs = range(1, len(history) + 1)
    left.plot(epochs, history["loss"], label="training")
    left.plot(epochs, history["val_loss"], linestyle="--", label="validation")
    left.axvline(best + 1, color="0.5", linestyle=":", label="best")
    left.set(xlabel="epoch", ylabel="binary cross-entropy (nats)", ylim=(0, None))
    left.legend()
    for name, rows in (("benign", ~malignant), ("malignant", malignant)):
        right.hist(logit[rows], range(-20, 21), label=name, alpha=0.7)
    right.axvline(0, color="0.5", linestyle=":")
    right.set(xlabel="logit ln(p / (1 − p)), p = P(malignant)", ylabel="tumours in the test data")
    right.legend()


save_plot(draw, __file__, width=9)
assert accuracy >= 0.95
