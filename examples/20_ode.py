"""Solve u″ + 2γ u′ + u = 0 with a network: derivatives of derivatives of derivatives.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", January 30, 2024, "Automatic differentiation through examples" and "Universal
approximation theorem"; the method is that of Lagaris, Likas & Fotiadis (1998).

The trial solution u(t) = 1 + t² N(t) has u(0) = 1 and u′(0) = 0 whatever the network N does. Its
derivatives by the time are taken exactly, and the network learns to make the equation's residual
vanish: nobody shows it the solution. For that the residual, with its u″ inside, is differentiated
once more, by the weights.
"""

import numpy as np

import autodiff as ad
import nn
from plotting import save_plot

rng = np.random.default_rng(20)
gamma = 0.2  # the damping γ, in units of the undamped angular frequency


class Oscillator(nn.Module):
    """A trial solution; its output is the residual of the equation at times t of shape (n, 1)."""

    def __init__(self, hidden):
        self.network = nn.Sequential(nn.Linear(1, hidden, rng=rng), nn.Tanh(), nn.Linear(hidden, 1, rng=rng))

    def u(self, t):
        """Return the solution at the times t."""
        return 1 + t**2 * self.network(t)

    def forward(self, t):
        """Return u″ + 2γ u′ + u."""
        u_t = ad.elementwise_grad(self.u)
        u_tt = ad.elementwise_grad(u_t)
        return u_tt(t) + 2 * gamma * u_t(t) + self.u(t)


def exact(t):
    """Return the solution of the textbooks."""
    omega = np.sqrt(1 - gamma**2)
    return np.exp(-gamma * t) * (np.cos(omega * t) + gamma / omega * np.sin(omega * t))


t = np.linspace(0, 10, 100)[:, None]  # in units of the inverse angular frequency
model = Oscillator(hidden=20)
nn.minimize(model, nn.MSELoss(), t, np.zeros_like(t), method="BFGS")

t_test = np.linspace(0, 10, 1001)[:, None]
error = model.u(t_test).numpy() - exact(t_test)
print("  t    network      exact       error")
for k in range(0, 1001, 100):
    print(
        f"{t_test[k, 0]:4.1f}  {exact(t_test)[k, 0] + error[k, 0]:9.6f}  {exact(t_test)[k, 0]:9.6f}  {error[k, 0]:9.1e}"
    )
print(f"largest error {np.max(np.abs(error)):.1e}")


def draw(figure):
    """Draw the solution, and its error."""
    top, bottom = figure.subplots(2, 1, sharex=True)
    top.plot(t_test, exact(t_test), color="0.3", linestyle="--", label="exact")
    top.plot(t_test, model.u(t_test).numpy(), linestyle=":", linewidth=4, label="network")
    top.set(ylabel="u")
    top.legend()
    bottom.plot(t_test, error)
    bottom.set(xlabel="time t, in units of 1/ω₀", ylabel="network − exact")


save_plot(draw, __file__, height=5)
assert np.max(np.abs(error)) <= 1e-3
