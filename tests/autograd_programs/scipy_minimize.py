import autograd.numpy as np
from autograd import grad, hessian_vector_product, make_hvp, value_and_grad
from scipy.optimize import minimize


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


start = np.array([-1.2, 1.0])
newton = minimize(rosenbrock, start, jac=grad(rosenbrock), hessp=hessian_vector_product(rosenbrock), method="Newton-CG")
bfgs = minimize(value_and_grad(rosenbrock), start, jac=True, method="CG")
hvp, gradient = make_hvp(rosenbrock)(start)
result = [newton.x, bfgs.x, hvp(np.array([1.0, 2.0])), gradient]
