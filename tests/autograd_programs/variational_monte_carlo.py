import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad, hessian


def log_psi(params, R):
    alpha, beta, w = params["alpha"], params["jastrow"]["beta"], params["jastrow"]["w"]
    distance = np.linalg.norm(R[0] - R[1])
    hidden = np.tanh(np.dot(w, R.ravel()))
    return -alpha * np.sum(np.sqrt(np.sum(R**2, axis=-1))) + distance / (1 + beta * distance) * 0.5 + np.sum(hidden)


def local_energy(params, R):
    slope = grad(log_psi, 1)(params, R)
    curvature = np.trace(hessian(lambda x: log_psi(params, x.reshape(R.shape)))(R.ravel()))
    attraction = 2 * np.sum(1 / np.sqrt(np.sum(R**2, 1)))
    return -0.5 * (curvature + np.sum(slope**2)) - attraction + 1 / np.linalg.norm(R[0] - R[1])


npr.seed(3)
params = {"alpha": 1.7, "jastrow": {"beta": 0.3, "w": npr.randn(4, 6) * 0.1}}
R = npr.randn(2, 3)
for _ in range(30):
    proposal = R + 0.3 * npr.randn(*R.shape)
    if np.exp(2 * (log_psi(params, proposal) - log_psi(params, R))) > npr.rand():
        R = proposal
by_params = grad(log_psi)(params, R)
energy_by_params = grad(local_energy)(params, R)
result = [
    R,
    local_energy(params, R),
    float(by_params["alpha"]),
    by_params["jastrow"]["w"],
    float(energy_by_params["jastrow"]["beta"]),
    energy_by_params["jastrow"]["w"],
]
