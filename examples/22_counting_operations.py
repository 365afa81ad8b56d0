"""Count operations: formulas swell, the tape does not; and inputs and results decide between the modes.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", January 30, 2024, "Counting the number of floating point operations".

The lecture counts 15 operations in SymPy's formulas of √(x² + exp x²) and of its derivative, and
asks for half of them. The second table nests a function in itself, again and again.
"""

import ast

import numpy as np

import autodiff as ad
from plotting import save_plot

try:
    import sympy
except ImportError:
    raise SystemExit("This lesson needs SymPy: pip install -e '.[symbolic]'") from None


def f(x):
    """Return √(x² + exp x²), x² computed once."""
    a = x**2
    return np.sqrt(a + np.exp(a))


def with_intermediates(x):
    """Return f and f′ as the lecture does: a, b, c and d serve both."""
    a = x**2
    b = np.exp(a)
    c = a + b
    d = np.sqrt(c)
    return d, x * (1.0 + b) / d


def count(formula):
    """Return the number of operators and functions in a formula as SymPy prints it."""
    return sum(isinstance(part, (ast.BinOp, ast.UnaryOp, ast.Call)) for part in ast.walk(ast.parse(str(formula))))


x = sympy.Symbol("x")
value = sympy.sqrt(x * x + sympy.exp(x * x))
by_formulas = count(value), count(sympy.diff(value, x))
by_hand = ad.record(with_intermediates, 1.3).cost().function.operations
cost = ad.record(f, 1.3).cost()
print(f"SymPy's formulas: {by_formulas[0]} + {by_formulas[1]} = {sum(by_formulas)} operations")
print(f"shared intermediates, by hand: {by_hand}")
print(f"the engine: {cost.function.operations} + {cost.adjoint.operations} (reverse mode)\n")
print(cost)


def logistic_map(x, times):
    """Return x, mapped to 4x (1 − x) again and again."""
    for _ in range(times):
        x = 4 * x * (1 - x)
    return x


depths, formulas, tape = range(1, 9), [], []
print("\nthe map x → 4x (1 − x), nested: operations of f′\n  depth   SymPy's formula   tape, with the value")
for depth in depths:
    formulas.append(count(sympy.diff(logistic_map(x, depth), x)))
    nested = ad.record(lambda x, depth=depth: logistic_map(x, depth), 0.3).cost()
    tape.append(nested.function.operations + nested.adjoint.operations)
    print(f"{depth:7}{formulas[-1]:18,}{tape[-1]:24,}")

n, results = 32, 2 ** np.arange(11)
rng = np.random.default_rng(0)
layers = [(rng.normal(size=(m, 64)), rng.normal(size=(64, n))) for m in results]
costs = [ad.record(lambda x, A=A, B=B: A @ np.tanh(B @ x), np.ones(n)).cost() for A, B in layers]
print(f"\nA tanh(B x), {n} inputs: FLOP of the Jacobian\nresults       forward       reverse")
for c in costs:
    print(f"{c.m:7}{c.forward:14,.0f}{c.reverse:14,.0f}")
print(ad.compare_modes(with_intermediates, 1.3).reason)


def draw(figure):
    """Draw the swelling formulas beside the tape, and the crossover of the two modes."""
    left, right = figure.subplots(1, 2)
    left.plot(depths, formulas, "o-", label="SymPy's formula")
    left.plot(depths, tape, "s-", label="tape")
    left.set(yscale="log", xlabel="depth", ylabel="operations", title="derivative of a nested map")
    left.legend()
    right.plot(results, [c.forward for c in costs], "o-", label="forward")
    right.plot(results, [c.reverse for c in costs], "s-", label="reverse")
    right.axvline(n, color="0.5", linestyle=":", linewidth=1.5)
    right.set(
        xscale="log",
        yscale="log",
        xlabel="m, results",
        ylabel="FLOP",
        title=f"Jacobian: the modes cross at m = n = {n}",
    )
    right.legend(loc="lower right")


save_plot(draw, __file__, width=9)
assert by_formulas == (5, 10)
assert by_hand == 7
assert formulas[-1] > 50 * tape[-1]
assert all((c.forward < c.reverse) == (c.m > n) for c in costs if c.m != n)
