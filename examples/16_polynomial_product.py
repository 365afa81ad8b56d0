"""A product of polynomials is a convolution of their coefficients, and a Toeplitz matrix.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Convolution Examples: Polynomial multiplication".

p(t) s(t) = z(t) with z's coefficients δ = α ∗ β. Four ways to find δ agree to the last digits (the
lecture's equation (5) should read δ₁ = α₀β₁ + α₁β₀). Then the way back: from δ and α, gradient
descent finds β, the kernel of the convolution. Its error shrinks by the factor |1 − η λ| in every
step, λ being the least eigenvalue of TᵀT, T the Toeplitz matrix of α.
"""

import numpy as np

import autodiff as ad
import nn.functional as F
from plotting import save_plot

alpha = np.array([1.0, -2.0, 3.0])  # p(t) = 1 − 2t + 3t²
beta = np.array([2.0, 1.0, -1.0, 0.5])  # s(t) = 2 + t − t² + ½t³

double_sum = np.zeros(6)  # δₗ = Σ αᵢ βⱼ over i + j = l
for i, a in enumerate(alpha):
    for j, b in enumerate(beta):
        double_sum[i + j] += a * b
T = F.convolution_matrix(alpha, len(beta))
ways = {
    "double sum over i + j = l": double_sum,
    "Toeplitz matrix of α, times β": T @ beta,
    "Toeplitz matrix of β, times α": F.convolution_matrix(beta, len(alpha)) @ alpha,
    "F.convolve(α, β)": F.convolve(alpha, beta),
    "F.conv1d with β flipped, padded": F.conv1d(alpha[None], beta[::-1][None, None], padding=3)[0],
}
print("coefficients δ₀ … δ₅ of the product")
for way, delta in ways.items():
    print(f"  {way:33} {delta}")
J = ad.jacobian(lambda b: F.convolve(alpha, b))(beta)
print(f"\nthe Jacobian ∂δ/∂β is the Toeplitz matrix of α:\n{J}\n")


def cost(b):
    """Return C(b) = ½ |α ∗ b − δ|²."""
    return 0.5 * np.sum((F.convolve(alpha, b) - double_sum) ** 2)


eigenvalues = np.linalg.eigvalsh(T.T @ T)
eta = 2 / (eigenvalues[0] + eigenvalues[-1])  # the slowest and the fastest direction shrink alike
b, errors = np.zeros(4), []
for _ in range(151):
    errors.append(np.linalg.norm(b - beta))
    b = b - eta * ad.grad(cost)(b)
rate = 1 - eta * eigenvalues[0]
measured = (errors[100] / errors[50]) ** (1 / 50)
print(f"deconvolution: b = {np.round(b, 6)}, largest error {np.max(np.abs(b - beta)):.1e}")
print(f"error per step: times {measured:.6f}, theory 1 − ηλ = {rate:.6f}")


def draw(figure):
    """Draw the polynomials, the matrix, and the error of the coefficients on the way back."""
    left, middle, right = figure.subplots(1, 3)
    t = np.linspace(-1.2, 1.6, 200)
    for name, coefficients, line in (("p(t)", alpha, "--"), ("s(t)", beta, "-."), ("p(t) s(t)", double_sum, "-")):
        left.plot(t, np.polynomial.polynomial.polyval(t, coefficients), line, label=name)
    left.set(xlabel="t", title="a product of polynomials")
    left.legend()
    middle.imshow(T, cmap="PuOr", vmin=-6, vmax=6)
    for (row, column), value in np.ndenumerate(T):
        middle.text(column, row, f"{value:g}", ha="center", va="center")
    middle.set(xticks=range(4), yticks=range(6), xlabel="index of β", ylabel="index of δ")
    middle.set_title("the Toeplitz matrix of α")
    middle.grid(visible=False)
    right.semilogy(errors, label="gradient descent")
    right.semilogy(errors[0] * rate ** np.arange(151), "--", label="(1 − ηλ)ᵏ")
    right.set(xlabel="step k", title="|b − β| on the way back")
    right.legend()


save_plot(draw, __file__, width=11, height=3.8)
assert all(np.max(np.abs(delta - double_sum)) <= 1e-14 for delta in ways.values())
assert np.array_equal(J, T)
assert abs(measured - rate) <= 1e-6
assert np.max(np.abs(b - beta)) <= 1e-12
