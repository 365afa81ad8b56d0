import autograd.numpy as np
from autograd import value_and_grad

rows = cols = 8
steps = 4


def project(vx, vy):
    p = np.zeros(vx.shape)
    div = -0.5 * (np.roll(vx, -1, axis=1) - np.roll(vx, 1, axis=1) + np.roll(vy, -1, axis=0) - np.roll(vy, 1, axis=0))
    for _ in range(6):
        p = (
            div + np.roll(p, 1, axis=1) + np.roll(p, -1, axis=1) + np.roll(p, 1, axis=0) + np.roll(p, -1, axis=0)
        ) / 4.0
    vx = vx - 0.5 * (np.roll(p, -1, axis=1) - np.roll(p, 1, axis=1))
    return vx, vy - 0.5 * (np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0))


def advect(f, vx, vy):
    cell_x, cell_y = np.meshgrid(np.arange(cols), np.arange(rows))
    x = (cell_x - vx).ravel()
    y = (cell_y - vy).ravel()
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    rw, bw = x - left, y - top
    left, right = np.mod(left, cols), np.mod(left + 1, cols)
    top, bottom = np.mod(top, rows), np.mod(top + 1, rows)
    flat = (1 - rw) * ((1 - bw) * f[top, left] + bw * f[bottom, left])
    flat = flat + rw * ((1 - bw) * f[top, right] + bw * f[bottom, right])
    return np.reshape(flat, (rows, cols))


def simulate(vx, vy, smoke):
    for _ in range(steps):
        vx, vy = advect(vx, vx, vy), advect(vy, vx, vy)
        vx, vy = project(vx, vy)
        smoke = advect(smoke, vx, vy)
    return smoke


xx, yy = np.meshgrid(np.arange(cols), np.arange(rows))
smoke = np.exp(-((xx - 2.3) ** 2) / 4.0) * np.ones((rows, 1))
target = np.exp(-((xx - 4.1) ** 2) / 4.0) + 0.1 * np.sin(yy)


def objective(params):
    vx = np.reshape(params[: rows * cols], (rows, cols))
    vy = np.reshape(params[rows * cols :], (rows, cols))
    return np.mean((target - simulate(vx, vy, smoke)) ** 2)


params = 0.3 + 0.01 * np.cos(np.arange(2 * rows * cols))
value, gradient = value_and_grad(objective)(params)
result = [value, gradient]
