import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import grad
from autograd.misc.optimizers import adam

D = 2
rs = npr.RandomState(0)
noise = [rs.randn(20, D) for _ in range(40)]


def log_target(x):
    mu, log_sigma = x[:, 0], x[:, 1]
    sigma_density = -0.5 * (log_sigma / 1.35) ** 2
    mu_density = -0.5 * (mu / np.exp(log_sigma)) ** 2 - log_sigma
    return sigma_density + mu_density


def objective(params, t):
    mean, log_std = params[:D], params[D:]
    samples = noise[t % len(noise)] * np.exp(log_std) + mean
    entropy = 0.5 * D * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
    return -(entropy + np.mean(log_target(samples)))


start = np.concatenate([-1 * np.ones(D), -5 * np.ones(D)])
found = adam(grad(objective), start, step_size=0.1, num_iters=120)
result = [found, objective(found, 0)]
