import autograd.numpy as np
from autograd import grad, jacobian
from autograd.builtins import tuple
from autograd.scipy.integrate import odeint


def motion(y, t, args):
    stiffness, damping = args
    return np.array([y[1], -stiffness * np.sin(y[0]) - damping * y[1] + 0.1 * np.cos(t)])


times = np.linspace(0.0, 3.0, 7)
start = np.array([1.0, 0.0])


def final_angle(args):
    return odeint(motion, start, times, tuple((args,)))[-1, 0]


args = np.array([2.0, 0.3])
path = lambda y0: odeint(motion, y0, times, tuple((args,)), rtol=1e-10, atol=1e-10)
result = [np.round(final_angle(args), 6), np.round(grad(final_angle)(args), 4), np.round(jacobian(path)(start), 5)]
