"""A cliff in the cost of a recurrent network: plain gradient descent is thrown off, clipped it walks down.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Exploding gradients" and "Gradient Clipping".

The network applies the same map h ← w h + b twenty times, and is to reproduce the course of
w = 0.9, b = 0.2. For w > 1 its output grows like w²⁰, its gradient faster still, and a single step
of η times that gradient ends far from anywhere. Clipping keeps its direction and limits its length.
"""

import numpy as np

import nn
from plotting import save_plot


class Recurrent(nn.Module):
    """h ← w h + b, from h = 1, twenty times."""

    def __init__(self, w, b):
        self.w, self.b = nn.Parameter(w), nn.Parameter(b)

    def forward(self):
        """Return the twenty values of h; a leading shape if w and b have one."""
        h, course = 1.0, []
        for _ in range(20):
            h = self.w * h + self.b
            course.append(h)
        return np.stack(course)


target = Recurrent(0.9, 0.2)().numpy()


def descend(max_norm):
    """Return the way (w, b) of gradient descent, its costs and its gradients' norms before clipping."""
    model = Recurrent(1.3, 0.5)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.002)
    way, costs, norms = [], [], []
    for _ in range(2000):
        optimizer.zero_grad()
        cost = nn.functional.mse_loss(model(), target)
        cost.backward()
        way.append((model.w.item(), model.b.item()))
        costs.append(cost.item())
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), max_norm))
        if costs[-1] > 1e20:
            break
        optimizer.step()
    return np.array(way), costs, norms


runs = {"plain": descend(max_norm=np.inf), "clipped": descend(max_norm=10.0)}
print("           step         w         b      cost   |gradient|")
for name, (way, costs, norms) in runs.items():
    for step in (0, 1, 10, 100, 1999):
        if step < len(way):
            w, b = way[step]
            print(f"{name:9} {step:5}  {w:8.3g}  {b:8.3g}  {costs[step]:8.1e}   {norms[step]:10.1e}")


def draw(figure):
    """Draw the cost over (w, b), and the two ways."""
    axes = figure.subplots()
    w, b = np.meshgrid(np.linspace(0.5, 1.4, 181), np.linspace(-0.2, 0.6, 161))
    cost = np.mean((Recurrent(w, b)().numpy() - target[:, None, None]) ** 2, axis=0)
    colours = axes.contourf(w, b, np.log10(cost + 1e-4), levels=np.arange(-4, 9), cmap="viridis")
    figure.colorbar(colours, label="log₁₀ C")
    axes.plot(*runs["clipped"][0].T, "w.-", markersize=4, linewidth=1)
    axes.annotate("", (0.52, 0.53), (1.3, 0.5), arrowprops={"arrowstyle": "->", "color": "white", "linestyle": "--"})
    axes.text(0.52, 0.55, f"plain: the first step leads to w = {runs['plain'][0][1, 0]:.0f}", color="white")
    axes.text(1.0, 0.4, "clipped", color="white")
    axes.plot(1.3, 0.5, "wo")
    axes.plot(0.9, 0.2, "w*", markersize=12)
    axes.set(xlabel="weight w", ylabel="bias b")
    axes.grid(visible=False)


save_plot(draw, __file__)
assert runs["plain"][1][-1] > 1e20
assert runs["clipped"][1][-1] < 1e-3
