"""Basic indexing, reshape and transpose give views, as in NumPy: what is written to one is seen in the other."""

import numpy as np
import pytest

import autodiff as ad


def scaled_slice(x):
    y = x * 1
    v = y[:2]
    v *= 10
    return np.sum(y**2)


def normalised_rows(x):
    a = np.reshape(x * 1, (2, 3))
    for row in a:
        row /= np.sum(row)
    return np.sum(a[:, 0] ** 2) + a[1, 1]


def other_shapes(x):
    y = np.reshape(x, (2, 3)) * 1
    y.T[0, 0] = 5 * y[1, 1]
    y.reshape(-1)[2] = y[0, 1] ** 2
    np.ravel(y)[3] *= 2
    np.moveaxis(y, 0, 1)[1] += 1.0
    return np.sum(y**3)


def base_written(x):
    y = x * 1
    v = y[1:]
    y[1] = 7 * y[0]
    return np.sum(v**2)


def given_memory(x):
    y, scratch = x * 1, np.zeros_like(x) * x
    np.multiply(y[1:3], x[0], out=y[2:4])
    np.exp(np.sin(y, out=scratch), out=scratch)
    return np.sum(np.add(y, scratch, out=y) ** 2)


def augmented_slice(x):
    y = x * 1
    y[:2] *= 3
    y[1:][0] += y[0]
    return np.sum(y**3)


def view_of_a_view(x):
    y = x * 1
    v = y[::2][1:]
    v += y[0]
    w = v.copy()
    w *= 100
    return np.sum(y**3)


def a_copy_is_no_view(x):
    y = x * 1
    v = y[[0, 1]]
    v *= 10
    w = y.flatten()
    w *= 10
    return np.sum(y**2)


def the_argument_itself(x):
    x = x + 0
    first, *_ = x[:1], x[1:]
    first -= x[2:3] * x[2:3]
    return np.sum(x**2)


PROGRAMS = [
    scaled_slice,
    normalised_rows,
    other_shapes,
    base_written,
    given_memory,
    augmented_slice,
    view_of_a_view,
    a_copy_is_no_view,
    the_argument_itself,
]
X = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_that_write_to_views(program):
    value, gradient = ad.value_and_grad(program)(X)
    assert value == program(X)
    complex_step = [program(X + 1e-50j * e).imag / 1e-50 for e in np.eye(X.size)]
    np.testing.assert_allclose(gradient, complex_step, rtol=1e-13)
    np.testing.assert_allclose(ad.jacobian(program, mode="forward")(X), complex_step, rtol=1e-13)
    ad.check_grads(program, X, order=2)


def test_a_view_of_an_input_updates_it_in_place():
    w = ad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    memory = w.data
    with ad.no_grad():
        row = w[0]
        row -= 1.0
    assert w.data is memory
    np.testing.assert_array_equal(w.data, [[0.0, 1.0], [3.0, 4.0]])
    np.testing.assert_array_equal(row.data, [0.0, 1.0])


def test_views_of_constants_and_hand_made_duals():
    t = ad.tensor([1.0, 2.0, 3.0])
    u = t[:2]
    u[0] = 9.0
    np.testing.assert_array_equal(t.data, [9.0, 2.0, 3.0])
    assert repr(u) == "tensor([9., 2.])"
    d = ad.Dual(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    d[:1][...] = 3.0 * d[:1]
    assert repr(d) == "Dual([3., 2.], [3., 0.])"


@pytest.mark.parametrize("number", [3, 63, 64, 65, 128, 200])
def test_any_number_of_views_show_what_was_written(number):
    base = ad.tensor(np.zeros(number), requires_grad=True) * 1.0
    views = [base[i : i + 1] for i in range(number)][::2]  # every other one is gone again
    for step in range(1, 4):
        base += 1.0
        assert [view.item() for view in views] == [step] * len(views)


def test_a_view_keeps_its_node_until_it_is_written():
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    loss = np.sum(y[:1])
    y[0] = 100.0  # after the loss: the loss keeps the old value
    loss.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 0.0])
