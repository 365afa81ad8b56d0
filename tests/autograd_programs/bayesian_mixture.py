import autograd.numpy as np
import autograd.numpy.random as npr
import autograd.scipy.stats.multivariate_normal as mvn
import autograd.scipy.stats.norm as norm
from autograd import grad, hessian
from autograd.scipy.special import beta, expit, gammaln, logsumexp, psi

npr.seed(3)
data = np.concatenate([npr.randn(15, 2) + 2, npr.randn(15, 2) - 1])


def log_joint(params):
    logits, means, chol = params[:2], np.reshape(params[2:6], (2, 2)), params[6:9]
    L = np.array([[np.exp(chol[0]), 0.0], [chol[1], np.exp(chol[2])]])
    covariance = np.dot(L, L.T)
    log_weights = logits - logsumexp(logits)
    by_component = np.array([log_weights[k] + mvn.logpdf(data, means[k], covariance) for k in range(2)])
    prior = np.sum(norm.logpdf(means, 0.0, 3.0)) + np.sum(norm.logpdf(logits)) + norm.logcdf(chol[1], 0.2, 2.0)
    return np.sum(logsumexp(by_component, axis=0)) + prior


def functions(x):
    return np.sum(expit(x) * gammaln(1.5 + x**2) + psi(2.0 + x**2) * beta(1.0 + x**2, 2.5))


params = np.array([0.1, -0.1, 1.5, 1.6, -0.5, -0.8, 0.1, 0.2, -0.1])
result = [log_joint(params), grad(log_joint)(params), functions(params[:4]), grad(functions)(params[:4])]
result += [hessian(log_joint)(params)]
