"""The six schedulers of the lecture, side by side on the digits.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Learning rate methods".

Constant, Momentum, Adagrad, AdagradMomentum, RMSprop and Adam start from the same weights and see
the same mini-batches. All of them learn; those with a memory of past gradients learn faster. The
learning rate η is a reasonable one for each: no single η suits them all, and 17 is about choosing it.
"""

import numpy as np
from sklearn.datasets import load_digits

import nn
from plotting import save_plot

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = nn.data.train_test_split(X / 16, y, test_size=0.25, stratify=y, rng=0)

schedulers = {
    "Constant": lambda parameters: nn.optim.SGD(parameters, lr=0.05),
    "Momentum": lambda parameters: nn.optim.SGD(parameters, lr=0.05, momentum=0.9),
    "Adagrad": lambda parameters: nn.optim.Adagrad(parameters, lr=0.02),
    "AdagradMomentum": lambda parameters: nn.optim.AdagradMomentum(parameters, lr=0.02, momentum=0.9),
    "RMSprop": lambda parameters: nn.optim.RMSprop(parameters, lr=0.005, alpha=0.9),
    "Adam": lambda parameters: nn.optim.Adam(parameters, lr=0.005, betas=(0.9, 0.999)),
}

epochs, losses, accuracy = 20, {}, {}
print("                         training loss after epoch")
print("scheduler            η       1       5      10      20   test accuracy")
for name, scheduler in schedulers.items():
    model = nn.Sequential(nn.Linear(64, 50, rng=1), nn.LeakyReLU(), nn.Linear(50, 10, rng=2))
    optimizer, loss = scheduler(model.parameters()), nn.CrossEntropyLoss()
    losses[name] = nn.fit(model, X_train, y_train, loss=loss, optimizer=optimizer, epochs=epochs, rng=0)["loss"]
    accuracy[name] = np.mean(model(X_test).numpy().argmax(axis=1) == y_test)
    row = "  ".join(f"{losses[name][epoch - 1]:6.3f}" for epoch in (1, 5, 10, 20))
    print(f"{name:15}  {optimizer.param_groups[0]['lr']:5}  {row}   {accuracy[name]:13.3f}")


def draw(figure):
    """Draw the loss against the epoch."""
    axes = figure.subplots()
    for (name, loss), style in zip(losses.items(), ("-", "--", "-", "--", "-.", ":"), strict=True):
        axes.semilogy(range(1, epochs + 1), loss, linestyle=style, label=name)
    axes.set(xlabel="epoch", ylabel="training loss (cross-entropy, nats)", xticks=range(0, epochs + 1, 5))
    axes.legend()


save_plot(draw, __file__)
assert all(loss[-1] < loss[0] / 4 for loss in losses.values())
assert all(losses[name][-1] < losses["Constant"][-1] for name in schedulers if name != "Constant")
assert min(accuracy.values()) > 0.9
