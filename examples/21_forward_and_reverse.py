"""Forward and reverse mode of y = ln x1 + x1 x2 − sin x2: by hand, with dual numbers, and by the engine's tables.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", January 30, 2024, "Chain rule, forward and reverse modes". The function is that of the
survey which it recommends: Baydin et al., JMLR 18 (2018), Tables 2 and 3.

Forward mode goes down the trace with the function, once for each input; reverse mode goes up it
again afterwards, once for all inputs.
"""

import numpy as np

import autodiff as ad
from plotting import save_plot


def f(x1, x2):
    """Return y = ln x1 + x1 x2 − sin x2."""
    return np.log(x1) + x1 * x2 - np.sin(x2)


def forward_by_hand(x1, x2, x1_dot, x2_dot):
    """Return y and ẏ: each line of the function has its tangent beside it."""
    v1, v1_dot = np.log(x1), x1_dot / x1
    v2, v2_dot = x1 * x2, x1_dot * x2 + x1 * x2_dot
    v3, v3_dot = np.sin(x2), x2_dot * np.cos(x2)
    v4, v4_dot = v1 + v2, v1_dot + v2_dot
    return v4 - v3, v4_dot - v3_dot


def reverse_by_hand(x1, x2):
    """Return x̄1 and x̄2: from the last line of the trace up to the first."""
    v5_bar = 1.0
    v4_bar, v3_bar = v5_bar, -v5_bar  # v5 = v4 − v3
    v1_bar, v2_bar = v4_bar, v4_bar  # v4 = v1 + v2
    x2_bar = v3_bar * np.cos(x2)  # v3 = sin x2
    x1_bar, x2_bar = v2_bar * x2, x2_bar + v2_bar * x1  # v2 = x1 x2: a second term for x̄2
    return x1_bar + v1_bar / x1, x2_bar  # v1 = ln x1: a second term for x̄1


x1, x2 = 2.0, 5.0
graph = ad.record(f, x1, x2)
print("forward mode, seed ẋ1 = 1:\n", graph.table(mode="forward", seed=(1.0, 0.0)), sep="")
print("\nforward mode, seed ẋ2 = 1:\n", graph.table(mode="forward", seed=(0.0, 1.0)), sep="")
print("\nreverse mode:\n", graph.table(mode="reverse"), sep="")

dual = f(ad.Dual(x1, 1.0), x2)  # a number with its tangent: x1 + ε
slopes = [ad.jvp(f, (x1, x2), seed)[1] for seed in ((1.0, 0.0), (0.0, 1.0))]  # two sweeps down
y, pullback = ad.vjp(f, x1, x2)
gradient = pullback(1.0)  # one sweep up
print(f"\n{'':24}{'∂y/∂x1':>12}{'∂y/∂x2':>12}")
by_hand = [forward_by_hand(x1, x2, *seed)[1] for seed in ((1.0, 0.0), (0.0, 1.0))]
for name, pair in {
    "forward, by hand": by_hand,
    "forward, by the engine": slopes,
    "reverse, by hand": reverse_by_hand(x1, x2),
    "reverse, by the engine": gradient,
}.items():
    print(f"{name:24}{pair[0]:12.6f}{pair[1]:12.6f}")
    np.testing.assert_allclose(pair, [5.5, 2 - np.cos(5)], rtol=1e-15)
print(f"the dual number: y = {dual.primal:.3f} + {dual.tangent:.3f} ε")


def draw(figure):
    """Draw the function as a map: the two slopes of forward mode along the axes, the gradient of reverse mode."""
    axes = figure.subplots()
    u, v = np.meshgrid(np.linspace(0.5, 4.5, 81), np.linspace(3, 7, 81))
    figure.colorbar(axes.contourf(u, v, f(u, v), 24, cmap="Greys"), label="y")
    arrows = {"forward, seed (1, 0)": (slopes[0], 0), "forward, seed (0, 1)": (0, slopes[1]), "reverse": gradient}
    for (label, (du, dv)), color in zip(arrows.items(), ("#D55E00", "#E69F00", "#0072B2"), strict=True):
        axes.quiver(x1, x2, du, dv, color=color, angles="xy", scale_units="xy", scale=3, label=label, zorder=3)
    axes.plot(x1, x2, "ko", zorder=4)
    axes.set(xlabel="x₁", ylabel="x₂", aspect="equal", title="two sweeps down, or one sweep up")
    axes.legend(loc="lower left", framealpha=0.9, frameon=True)


save_plot(draw, __file__, width=5.8)
assert round(float(y), 3) == round(float(dual.primal), 3) == 11.652
assert [round(float(d), 3) for d in gradient] == [5.5, 1.716]
