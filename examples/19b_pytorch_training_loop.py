"""The training loop of the PyTorch slides, with `torch` replaced by `autodiff` and `nn`.

Lecture: Judith Katzy, "Introduction to Machine Learning, Part II", Hamburg, September 2024, "The
network" and "A full training loop".

Predict, compare, differentiate, adjust, forget the gradient: five lines, as in PyTorch. `nn.fit` is
the same loop with everything around it that one wants sooner or later.
"""

import numpy as np

import autodiff as ad
import nn
from plotting import save_plot

rng = np.random.default_rng(19)


def create_model(input_dim, output_dim):
    """Return a network with three hidden layers of nine neurons."""
    hidden = [layer for _ in range(2) for layer in (nn.Linear(9, 9, rng=rng), nn.ReLU())]
    return nn.Sequential(nn.Linear(input_dim, 9, rng=rng), nn.ReLU(), *hidden, nn.Linear(9, output_dim, rng=rng))


def learn(samples, steps):
    """Return a model of (features, labels), and the loss of each step."""
    features, labels = samples
    model, losses = create_model(features.shape[1], labels.shape[1]), []
    loss_func = nn.MSELoss()
    opt = nn.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(steps):
        predictions = model(features)
        loss = loss_func(predictions, labels)
        loss.backward()
        opt.step()
        opt.zero_grad()
        losses.append(loss.item())
    return model, losses


features = ad.tensor(np.linspace(-2, 2, 200)[:, None])
model, losses = learn((features, np.sin(2 * features)), steps=3000)
print(model, end="\n\n")
print("step       loss")
for step in (1, 10, 100, 1000, 3000):
    print(f"{step:4}   {losses[step - 1]:.1e}")


def draw(figure):
    """Draw the loss, and the function with what the network makes of it."""
    left, right = figure.subplots(1, 2)
    left.semilogy(range(1, len(losses) + 1), losses)
    left.set(xlabel="step", ylabel="mean squared error")
    right.plot(features.numpy(), np.sin(2 * features.numpy()), "k--", zorder=3, label="sin 2x")
    right.plot(features.numpy(), model(features).numpy(), label="network")
    right.set(xlabel="x", ylabel="y")
    right.legend()


save_plot(draw, __file__, width=9)
assert losses[-1] < 1e-2
