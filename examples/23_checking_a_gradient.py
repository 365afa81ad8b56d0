"""Checking a gradient: truncation, round-off, and a report that names the wrong rule.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", January 30, 2024, "Automatic differentiation through examples": derivatives by
differences "are error prone due to truncation errors and values of the step size Δ".

How does one know that a gradient is right? By witnesses that know nothing of how it was made:
differences of the values at the best of all steps, and the complex step. The function is the
lecture's √(x² + exp x²), once as it stands and once with a square of our own, in whose
derivative the 2 became 2.002.
"""

import numpy as np

import autodiff as ad
from plotting import save_plot


def f(x):
    """Return the function of the lecture."""
    return np.sqrt(x**2 + np.exp(x**2))


@ad.primitive
def square(x):
    """Return x², an operation of our own."""
    return x * x


square.defvjp(lambda ct, _y, x: ct * 2.002 * x)  # wrong: it should be 2


def g(x):
    """Return the same function, with our square in it."""
    a = square(x)
    return np.sqrt(a + np.exp(a))


right, wrong = ad.gradcheck(f, 1.3, order=2), ad.gradcheck(g, 1.3)
print(right, "\n\n" + "=" * 88 + "\n")
print(wrong)

kink = ad.gradcheck(lambda x: np.maximum(x, 0.0), 0.0)
print("\n" + "=" * 88 + "\n\n" + str(kink))


def draw(figure):
    """Draw the error against the step, for the right and for the wrong gradient."""
    for report, axes in zip((right, wrong), figure.subplots(1, 2, sharey=True), strict=True):
        report.plot(axes)


save_plot(draw, __file__, width=10)

x = 1.3
exact = x * (1 + np.exp(x**2)) / np.sqrt(x**2 + np.exp(x**2))
assert right
assert abs(right.rows[0].reverse - exact) < 1e-14
assert 1e-7 < right.sweep.steps[right.sweep.best] < 1e-4
assert not wrong
assert (wrong.faults[0].function, wrong.faults[0].kind) == ("square", "wrong factor")
assert kink
assert kink.rows[0].verdict == "kink"
