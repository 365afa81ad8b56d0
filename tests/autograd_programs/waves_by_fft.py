import autograd.numpy as np
from autograd import checkpoint, grad, hessian_vector_product, jacobian, make_ggnvp, make_hvp

n = 32
x = np.linspace(0, 2 * np.pi, n, endpoint=False)
k = np.fft.fftfreq(n, 2 * np.pi / n) * 2 * np.pi


def step(state, speed, dt=0.01):
    u, v = state
    v = v + dt * speed**2 * np.real(np.fft.ifft(-(k**2) * np.fft.fft(u)))
    return u + dt * v, v


def seismogram(start, speed, steps=15):
    state, records = (start, np.zeros(n)), []
    for _ in range(steps):
        state = step(state, speed)
        records.append(state[0][::4])
    return np.array(records)


start = np.exp(-10 * (x - np.pi) ** 2)
data = seismogram(start, 1 + 0.3 * np.sin(x))


def misfit(speed):
    return 0.5 * np.sum((seismogram(start, speed) - data) ** 2)


def burgers(u, nu):
    transformed, numbers = np.fft.rfft(u), np.arange(n // 2 + 1)
    return -u * np.fft.irfft(1j * numbers * transformed) + nu * np.fft.irfft(-(numbers**2) * transformed)


def later(u, nu):
    euler = checkpoint(lambda u, nu: u + 0.1 * burgers(u, nu))
    for _ in range(4):
        u = euler(u, nu)
    return np.sum(u**2)


def spectrum(u):
    U = np.fft.fftshift(np.fft.fft2(u.reshape(4, 8)))
    return np.sum(np.abs(U) ** 2 * np.arange(32).reshape(4, 8)) + np.sum(
        np.real(np.fft.ifftn(np.fft.ifftshift(U))) ** 3
    )


ones = np.ones(n)
gradient = grad(misfit)(ones)
result = [
    gradient,
    hessian_vector_product(misfit)(ones, gradient),
    make_hvp(misfit)(ones)[0](gradient),
    make_ggnvp(lambda speed: seismogram(start, speed).ravel())(ones)(gradient),
    jacobian(burgers)(np.sin(x), 0.1),
    grad(later)(np.sin(x), 0.1),
    float(grad(later, 1)(np.sin(x), 0.1)),
    grad(spectrum)(np.sin(x)),
]
