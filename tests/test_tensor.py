"""The tensor: backward, assignment, ways out of the graph, and NumPy's manners."""

import copy
import pickle
import weakref

import numpy as np
import pytest

import autodiff as ad


def leaf(*data, **options):
    return ad.tensor(np.array(data, float), requires_grad=True, **options)


def assert_grad(t, expected):
    np.testing.assert_allclose(t.grad, expected, rtol=1e-15)


# --- backward -------------------------------------------------------------------------------------


def test_backward_accumulates_on_leaves_only():
    x = leaf(1.0, 2.0)
    y = x * x
    z = y.sum()
    z.backward()
    assert_grad(x, [2.0, 4.0])
    assert y.grad is None and z.grad is None


def test_backward_twice_adds_twice():
    x = leaf(1.0, 2.0)
    y = np.sum((x * x) ** 2)
    y.backward()
    y.backward()
    assert_grad(x, 2 * 4 * np.array([1.0, 8.0]))


def test_two_losses_over_one_graph():
    x = leaf(3.0)
    y = np.exp(0.0 * x) * x
    (y * 2.0).sum().backward()
    (y * y).sum().backward()
    assert_grad(x, [2.0 + 6.0])


def test_backward_of_a_leaf_itself():
    x = leaf(3.0)
    x.backward()
    x.backward()
    assert_grad(x, [2.0])


def test_backward_with_a_cotangent():
    x = leaf(1.0, 2.0)
    (x**2).backward([10.0, 100.0])
    assert_grad(x, [20.0, 400.0])


def test_backward_without_a_cotangent_takes_one_entry_of_any_shape():
    x = ad.tensor([[2.0]], requires_grad=True)
    (x**2).backward()
    assert_grad(x, [[4.0]])


def test_the_gradient_is_an_array_of_its_own():
    """Neither the seed, nor the tensor, nor another leaf's gradient shares its memory."""
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = np.ones(2)
    (a + b).backward(seed)
    a.grad[0] = 99.0
    assert_grad(b, [1.0, 1.0])
    np.testing.assert_array_equal(seed, [1.0, 1.0])
    np.testing.assert_array_equal(a.data, [1.0, 2.0])


def test_gradients_of_one_leaf_used_many_times():
    x = leaf(2.0)
    y = x
    for _ in range(10):
        y = y + x * y
    y.backward(np.ones(1))
    assert_grad(x, [3.0**10 + 10 * 2.0 * 3.0**9])


def test_zero_grad_and_setting_the_gradient():
    x = leaf(1.0, 2.0)
    np.sum(x).backward()
    x.zero_grad()
    assert x.grad is None
    x.grad = [5, 6]
    np.sum(x).backward()
    assert_grad(x, [6.0, 7.0])
    x.grad = None
    assert x.grad is None


def test_several_outputs_of_one_operation():
    x = leaf(1.0, 2.0, 3.0, 4.0)
    first, second = np.split(x, 2)
    (first * second).sum().backward()
    assert_grad(x, [3.0, 4.0, 1.0, 2.0])
    x.zero_grad()
    _, last = np.split(x * x, 2)  # one output alone
    last.sum().backward()
    assert_grad(x, [0.0, 0.0, 6.0, 8.0])


def test_leaves_that_do_not_matter_keep_no_gradient():
    x, unused = leaf(1.0), leaf(2.0)
    (x + 0.0 * np.floor(unused)).backward()
    assert_grad(x, [1.0])
    assert unused.grad is None


def test_transformations_inside_a_recorded_function():
    w = leaf(2.0, 3.0)
    slope = ad.grad(lambda x: np.sum(w * x**2))(np.array([1.0, 10.0]))  # 2 w x
    slope.sum().backward()
    assert_grad(w, [2.0, 20.0])


# --- assignment -------------------------------------------------------------------------------------


def by_backward(f, x):
    t = ad.tensor(x, requires_grad=True)
    f(t).backward()
    return t.grad


def by_grad(f, x):
    return ad.grad(f)(x)


def by_forward(f, x):
    return np.array([ad.jvp(f, (x,), (e,))[1] for e in np.eye(len(x))])


def by_sweep(f, x):
    return ad.jacobian(f, mode="forward")(x)


MODES = pytest.mark.parametrize("gradient", [by_backward, by_grad, by_forward, by_sweep], ids=lambda g: g.__name__)
W = np.array([2.0, 3.0, 5.0, 7.0])


def set_one(x):
    y = x * 1.0
    y[1] = x[0] * 10.0
    return np.sum(W * y)


def set_slice(x):
    y = x * 1.0
    y[1:3] = x[:2] ** 2
    return np.sum(W * y)


def set_broadcast(x):
    y = np.stack([x, x])
    y[:, 1:] = x[0]
    return np.sum(W * y)


def set_row(x):
    y = np.stack([x, x])
    y[0] = 2.0 * x[::-1]
    return np.sum(W * y)


def set_with_unit_axes(x):
    y = x * 1.0
    y[:2] = np.reshape(x[2:], (1, 2))
    return np.sum(W * y)


def set_duplicates(x):
    y = x * 1.0
    y[[0, 2, 0]] = np.stack([x[1], x[1] * 100.0, x[3]])  # of two values for one place the last stays
    return np.sum(W * y)


def set_masked(x):
    y = x * 1.0
    y[np.array([True, False, False, True])] = x[1:3]
    return np.sum(W * y)


def set_masked_by_itself(x):
    y = x * 1.0
    y[y > 2.5] = 0.0
    return np.sum(W * y)


def set_constant(x):
    y = x * x
    y[2] = 9.0
    return np.sum(W * y)


def set_everything(x):
    y = x * x
    y[...] = 3.0 * x
    return np.sum(W * y)


def set_into_zeros(x):
    y = ad.tensor(np.zeros(4))
    y[1:] = x[1:]
    return np.sum(W * y)


def add_in_place(x):
    y = x * x
    y += x
    y *= 2.0
    y -= 1.0
    y /= x
    return np.sum(W * y)  # 2 (x² + x)/x - 1/x


def raise_in_place(x):
    y = x * 1.0
    y **= 2
    y **= x
    return np.sum(W * y)


def multiply_matrix_in_place(x):
    y = np.reshape(x, (2, 2)) * 1.0
    y @= np.array([[1.0, 2.0], [3.0, 4.0]])
    return np.sum(W * np.ravel(y))


def add_to_an_entry(x):
    y = x * 1.0
    y[2] += x[0] * x[1]
    return np.sum(W * y)


def fill_and_sort(x):
    y = -x
    y.sort()
    z = x * 1.0
    z.fill(x[2])
    return np.sum(W * y) + np.sum(W * z)


def change_the_argument(x):
    x *= 2.0
    x[0] = x[1] * x[2]
    return np.sum(W * x)


def exchange_views(x):
    y = np.reshape(x, (2, 2)) * 1.0
    y[0], y[1] = y[1], y[0]  # both are views: row 0 is lost, as in NumPy
    y[[0, 1]] = y[[1, 0]] * 10.0
    return np.sum(W * np.ravel(y))


def keep_the_old_value(x):
    y = x * x
    old = y
    y = y * 1.0
    kept = np.sum(W * y)
    y[0] = 0.0
    y += 100.0
    return kept + np.sum(old)


X = np.array([1.0, 2.0, 3.0, 4.0])
ASSIGNMENTS = {
    set_one: [2 + 30, 0, 5, 7],
    set_slice: [2 + 6, 20, 0, 7],
    set_broadcast: [2 * (2 + 3 + 5 + 7), 0, 0, 0],
    set_row: [2 + 14, 3 + 10, 5 + 6, 7 + 4],
    set_with_unit_axes: [0, 0, 5 + 2, 7 + 3],
    set_duplicates: [0, 3 + 500, 0, 7 + 2],
    set_masked: [0, 3 + 2, 5 + 7, 0],
    set_masked_by_itself: [2, 3, 0, 0],
    set_constant: [4, 12, 0, 56],
    set_everything: [6, 9, 15, 21],
    set_into_zeros: [0, 3, 5, 7],
    add_in_place: W * (2 + 1 / X**2),
    raise_in_place: W * X ** (2 * X) * (2 + 2 * np.log(X)),
    multiply_matrix_in_place: [2 * 1 + 3 * 2, 2 * 3 + 3 * 4, 5 * 1 + 7 * 2, 5 * 3 + 7 * 4],
    add_to_an_entry: [2 + 10, 3 + 5, 5, 7],
    fill_and_sort: [-7, -5, -3 + 17, -2],
    change_the_argument: [0, 2 * 4 * 3 + 6, 2 * 4 * 2 + 10, 14],
    exchange_views: [0, 0, 10 * (W[0] + W[2]), 10 * (W[1] + W[3])],
    keep_the_old_value: (W + 1) * 2 * X,
}


@MODES
@pytest.mark.parametrize("f", ASSIGNMENTS, ids=lambda f: f.__name__)
def test_assignment_is_differentiated(f, gradient):
    np.testing.assert_allclose(gradient(f, X), ASSIGNMENTS[f], rtol=1e-14)


@pytest.mark.parametrize("f", ASSIGNMENTS, ids=lambda f: f.__name__)
def test_the_second_derivative_of_assignment(f):
    central = [(ad.grad(f)(X + e) - ad.grad(f)(X - e)) / 2e-5 for e in 1e-5 * np.eye(4)]
    np.testing.assert_allclose(ad.hessian(f)(X), central, rtol=1e-6, atol=1e-6)


def test_a_buffer_of_zeros_leaves_no_trace_in_the_results():
    """What was assigned into a constant tensor gives plain arrays, like everything else."""
    assert type(by_grad(set_into_zeros, X)) is np.ndarray
    assert type(ad.hessian(set_into_zeros)(X)) is np.ndarray


def test_an_alias_made_before_an_assignment_is_the_same_tensor():
    """As in NumPy, `b = a` is another name; what was computed from the old value keeps it."""
    x = leaf(1.0, 2.0)
    a = x * 1.0
    b = a
    before = a * 10.0
    a[0] = 5.0
    assert b[0].item() == 5.0
    np.testing.assert_array_equal(before.numpy(), [10.0, 20.0])
    (before.sum() + b.sum()).backward()
    assert_grad(x, [10.0, 11.0])


def test_the_residual_of_an_earlier_use_is_the_old_value():
    x = leaf(1.0, 2.0)
    y = x * 1.0
    z = y * y
    y += 100.0
    z.sum().backward()
    assert_grad(x, [2.0, 4.0])


def test_assignment_of_a_traced_number_into_a_constant_makes_it_depend():
    x = leaf(3.0)
    y = ad.tensor(np.zeros(2))
    y[0] = x[0] * 2.0
    assert y.requires_grad
    y.sum().backward()
    assert_grad(x, [2.0])


def test_an_update_of_a_leaf_without_recording_stays_a_leaf_in_place():
    w = leaf(1.0, 2.0, name="w")
    memory = w.data
    np.sum(w * w).backward()
    with ad.no_grad():
        w -= 0.5 * w.grad
        w[1] = 7.0
    assert w.data is memory and w.requires_grad and w.name == "w"
    np.testing.assert_array_equal(memory, [0.0, 7.0])
    w.zero_grad()
    np.sum(w * w).backward()
    assert_grad(w, [0.0, 14.0])


def test_an_update_of_a_leaf_does_not_reach_what_was_computed_before():
    w = leaf(3.0, 4.0)
    loss = np.sum(w**3) + np.sum(np.exp(w[:1]) * w[1:]) + np.sum(np.reshape(w, (1, 2)) @ np.reshape(w, (2, 1)))
    with ad.no_grad():
        w *= 0.0
    loss.backward()
    assert_grad(w, [27 + 4 * np.exp(3.0) + 6, 48 + np.exp(3.0) + 8])


def test_a_view_of_a_leaf_is_not_changed_into_a_wrong_residual():
    w = leaf(3.0, 4.0)
    row = np.reshape(w, (1, 2))
    y = np.sum(row * row)
    with ad.no_grad():
        w *= 10.0
    y.backward()
    assert_grad(w, [6.0, 8.0])


def test_a_recorded_assignment_to_a_leaf_gives_the_derivative_by_its_old_value():
    w = leaf(1.0, 2.0)
    old = w
    w[0] = 5.0 * w[1]
    np.sum(w * w).backward()
    assert old is w
    assert_grad(w, [0.0, 2 * 10.0 * 5.0 + 2 * 2.0])


# --- captured arrays that change between forward and backward -------------------------------------------


def mutate(a):
    a[...] = 1e9


FUNCTIONS_OF_A_CONSTANT = {
    "multiply": lambda t, a: t * a,
    "divide": lambda t, a: a / t,
    "power": lambda t, a: t**a,
    "matmul": lambda t, a: t @ a,
    "rmatmul": lambda t, a: a @ t,
    "where": lambda t, a: np.where(a > 1.5, t, 2.0 * t),
    "where by an array": lambda t, a: np.where(a, t * 3.0, t),
    "index": lambda t, a: t[a.astype(int) % 2],
    "take": lambda t, a: np.take(t, (a % 2).astype(int)),
    "clip": lambda t, a: np.clip(t, 0.5 * a, a),
    "maximum": lambda t, a: np.maximum(t, a),
    "view": lambda t, a: t * a[::-1],
    "transposed view": lambda t, a: t * a.T,
    "broadcast view": lambda t, a: np.broadcast_to(a, (3, *a.shape)) * t,
    "sum where": lambda t, a: np.sum(t, where=a > 1.5),
    "arctan2": lambda t, a: np.arctan2(t, a),
    "logaddexp": lambda t, a: np.logaddexp(t, a),
}


@pytest.mark.parametrize("name", FUNCTIONS_OF_A_CONSTANT)
def test_a_captured_array_that_changes_gives_no_wrong_number(name):
    f = FUNCTIONS_OF_A_CONSTANT[name]
    x = np.array([1.5, 2.5])
    fixed = np.array([1.0, 2.0])
    if name == "where by an array":
        fixed = fixed > 1.5
    expected = ad.jacobian(lambda v: f(v, fixed), mode="forward")(x)
    captured = fixed.copy()
    y, pullback = ad.vjp(lambda v: f(v, captured), x)
    mutate(captured)
    rows = [pullback(e.reshape(np.shape(y)))[0] for e in np.eye(np.size(y))]
    np.testing.assert_array_equal(np.reshape(rows, expected.shape), expected)


def test_a_captured_index_that_changes_gives_no_wrong_number():
    index, mask = np.array([0, 0, 2]), np.array([True, False, True])
    x = np.array([1.0, 2.0, 3.0])

    def f(v):
        w = v * 1.0
        w[mask] = 10.0 * v[:2]
        return np.sum(v[index] * 1.0) + np.sum(v[mask]) + np.sum(np.take(v, index)) + np.sum(w)

    expected = ad.grad(f)(x)
    np.testing.assert_array_equal(expected, [2 + 1 + 2 + 10, 0 + 10 + 1, 1 + 1 + 1])
    _, pullback = ad.vjp(f, x)
    index[:] = 1
    mask[:] = False
    np.testing.assert_array_equal(pullback(1.0)[0], expected)


def test_an_input_that_changes_gives_no_wrong_number():
    x = np.array([1.0, 2.0])
    y, pullback = ad.vjp(lambda v: v**3, x)
    mutate(x)
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [3.0, 12.0])
    np.testing.assert_array_equal(y, [1.0, 8.0])


def test_a_value_that_was_returned_cannot_be_changed_under_the_pullback():
    y, pullback = ad.vjp(np.exp, np.zeros(2))
    y[:] = 1e9  # the caller's own copy
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [1.0, 1.0])


@pytest.mark.parametrize(
    "result",
    [
        lambda x: ad.vjp(np.exp, x)[0],
        lambda x: ad.value_and_grad(lambda v: np.sum(v, keepdims=True))(x)[0],
        lambda x: ad.jacobian(np.sum)(x),
        lambda x: ad.jacobian(lambda v: np.ones(2))(x),  # noqa: ARG005
        lambda x: ad.jacobian(np.exp, mode="reverse")(x),
        lambda x: ad.hessian(np.sum)(x),
    ],
)
def test_results_are_the_callers_own(result):
    array = result(np.array([1.0, 2.0]))
    array += 1.0
    assert array.flags.writeable


def test_derivatives_of_a_scalar_are_numbers():
    assert isinstance(ad.jacobian(np.sin)(1.0), np.float64)
    assert isinstance(ad.hessian(np.sin)(1.0), np.float64)


def test_a_gradient_that_was_assigned_is_copied():
    x, g = leaf(1.0, 2.0), np.ones(2)
    x.grad = g
    np.sum(x * x).backward()
    np.testing.assert_array_equal(g, [1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [3.0, 5.0])


def test_a_result_that_is_a_whole_number_is_constant():
    assert ad.grad(lambda _x: 3)(1.0) == 0.0


def test_detach_is_constant_in_both_modes():
    f = lambda x: x * x.detach()  # noqa: E731
    assert ad.grad(f)(2.0) == ad.jvp(f, (2.0,), (1.0,))[1] == 2.0


def test_a_constant_tensor_as_cotangent_may_be_used_twice():
    x = leaf(1.0, 2.0)
    y = x * x
    for _ in range(2):
        y.backward(ad.tensor([1.0, 1.0]))
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])


def test_integer_constants_count_positions():
    assert [5, 6, 7][ad.tensor(1)] == 6


def test_flat_writes_to_the_array():
    t = ad.tensor([[1.0, 2.0]])
    t.flat[1] = 5.0
    np.testing.assert_array_equal(t.data, [[1.0, 5.0]])


def test_integer_constants_stay_integers():
    t = ad.tensor([1, 2])
    assert (t + 1).dtype == (1 - t).dtype == (t * 2).dtype == np.dtype(int)
    np.testing.assert_array_equal((ad.tensor([2**60]) + 1).data, [2**60 + 1])


def test_a_switch_may_be_entered_again():
    x, off = leaf(1.0), ad.no_grad()
    with off, off:
        assert not (x * x).requires_grad
    with off:
        assert not (x * x).requires_grad
    assert (x * x).requires_grad


def test_anomalies_of_tangents_and_inside_checkpoints():
    with np.errstate(all="ignore"), ad.detect_anomaly():
        with pytest.raises(FloatingPointError, match=r"np.sqrt: the tangent"):
            ad.jvp(np.sqrt, (0.0,), (1.0,))
        with pytest.raises(FloatingPointError, match=r"np.sqrt: the backward.*test_tensor.py"):
            ad.grad(ad.checkpoint(lambda x: np.sqrt(x) * 1.0))(0.0)


def test_a_list_parameter_that_changes_gives_no_wrong_number():
    index = [0, 1]
    y, pullback = ad.vjp(lambda v: v[index], np.array([1.0, 2.0, 3.0]))
    index[:] = [2, 2]
    np.testing.assert_array_equal(pullback(np.array([1.0, 10.0]))[0], [1.0, 10.0, 0.0])
    assert y.shape == (2,)


def test_a_leaf_updated_between_an_inner_forward_and_backward():
    w = leaf(3.0, 4.0)
    _, pullback = ad.vjp(lambda v: w * v, np.ones(2))
    with ad.no_grad():
        w *= 100.0
    np.testing.assert_array_equal(value(pullback(np.ones(2))[0]), [3.0, 4.0])


@pytest.mark.parametrize("make", [lambda x: x * 1.0, lambda x: ad.Dual(x * 1.0, np.ones(2))])
def test_a_traced_value_assigned_to_between_an_inner_forward_and_backward(make):
    def outer(x):
        y = make(x)
        _, pullback = ad.vjp(lambda v: y * v, np.ones(2))
        y[0] = 100.0
        y += 1000.0
        (slope,) = pullback(np.ones(2))
        return np.sum(slope.primal if isinstance(slope, ad.Dual) and slope.level % 1000 else slope)

    x = np.array([3.0, 4.0])
    y, gradient = ad.value_and_grad(outer)(x)
    assert y == 7.0
    np.testing.assert_array_equal(gradient, [1.0, 1.0])
    y, y_dot = ad.jvp(outer, (x,), (x,))
    assert (y, y_dot) == (7.0, 7.0)


def test_operands_that_are_only_moved_are_not_kept():
    """np.tile needs the shape of its operand, not the operand."""
    t = leaf(*np.ones(1000))
    u = t * 2.0
    interior = weakref.ref(u)
    y = np.tile(u, 2)
    del u
    assert interior() is None
    y.sum().backward()
    assert_grad(t, np.full(1000, 4.0))


# --- making tensors and getting numbers out ------------------------------------------------------------


def test_tensor_copies_its_data():
    a = np.array([1.0, 2.0])
    t, w = ad.tensor(a), ad.tensor(a, requires_grad=True)
    mutate(a)
    np.testing.assert_array_equal(t.data, [1.0, 2.0])
    np.testing.assert_array_equal(w.data, [1.0, 2.0])


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        (1.0, None, np.float64),
        ([1, 2], None, np.int64),
        ([1, 2], float, np.float64),
        (np.float32([1, 2]), None, np.float32),
        ([1.0], np.float32, np.float32),
        (True, None, np.bool_),
        (1j, None, np.complex128),
        (np.float16(1), None, np.float16),
    ],
)
def test_dtypes(data, dtype, expected):
    t = ad.tensor(data, dtype=dtype)
    assert t.dtype == expected
    assert t.shape == np.shape(data)


def test_float32_is_kept():
    t = ad.tensor(np.float32([1, 2]), requires_grad=True)
    y = (2.0 * t + 1) ** 2 / 3 - np.exp(t).mean()
    assert y.dtype == np.float32
    y.sum().backward()
    assert t.grad.dtype == np.float32
    assert (t * np.float64(2)).dtype == np.float64 == (np.float32(1) * np.float64(2)).dtype  # as NumPy promotes
    assert (t + np.arange(2.0)).dtype == np.float64


def test_astype_is_differentiated():
    t = ad.tensor(np.float32([1, 2]), requires_grad=True)
    (t.astype(float) ** 2).sum().backward()
    assert t.grad.dtype == np.float32
    np.testing.assert_array_equal(t.grad, [2.0, 4.0])
    assert ad.grad(lambda x: np.sum(x.astype(int) * 2.0))(np.array([1.5]))[0] == 0.0  # truncation is flat


def test_ways_out():
    t = leaf(1.0, 2.0)
    y = t * 3.0
    assert not isinstance(y.numpy(), ad.Tensor) and y.numpy().flags.writeable
    d = y.detach()
    assert isinstance(d, ad.Tensor) and not d.requires_grad and d.level == 0
    assert y[1].item() == 6.0 and y.item(0) == 3.0 and isinstance(y.item(0), float)
    assert y.tolist() == [3.0, 6.0]
    np.testing.assert_array_equal(np.asarray(d), [3.0, 6.0])
    assert float(ad.tensor(2.5)) == 2.5 and int(ad.tensor(2.5)) == 2 and complex(ad.tensor(2.5)) == 2.5


def test_a_copy_taken_out_does_not_share_memory():
    t = leaf(1.0, 2.0)
    out = t.numpy()
    mutate(out)
    np.testing.assert_array_equal(t.data, [1.0, 2.0])


def test_iteration_len_and_bool():
    t = ad.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(t) == 2 and t.size == 4 and t.ndim == 2 and t.nbytes == 32 and t.itemsize == 8
    first, second = t
    (first * second).sum().backward()
    assert_grad(t, [[3.0, 4.0], [1.0, 2.0]])
    assert 3.0 in t and 9.0 not in t
    assert bool(t[0, 0] > 0.5) and not ad.tensor(0.0)
    with pytest.raises(ValueError, match="truth value of an array"):
        bool(t)
    assert [x.item() for x in reversed(first)] == [2.0, 1.0]


def test_comparisons_are_plain_arrays():
    t = leaf(1.0, 2.0, 3.0)
    for compared, expected in [
        (t < 2, [True, False, False]),
        (t <= 2, [True, True, False]),
        (t > 2.0, [False, False, True]),
        (t >= 2, [False, True, True]),
        (t == np.array([1.0, 0, 3]), [True, False, True]),
        (t != t, [False] * 3),
        (np.array([1.0, 0, 3]) == t, [True, False, True]),
        (np.greater(t, 2), [False, False, True]),
        (np.isfinite(t), [True] * 3),
    ]:
        assert np.asarray(compared).dtype == bool
        np.testing.assert_array_equal(np.asarray(compared), expected)


def test_hash_is_by_identity():
    a, b = leaf(1.0), leaf(1.0)
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[a] == "a"


def test_repr_and_format():
    assert repr(ad.tensor([1.0, 2.0])) == "tensor([1., 2.])"
    assert repr(ad.tensor(2.0, requires_grad=True, name="w")) == "tensor(2.0, name='w', requires_grad=True)"
    assert repr(ad.tensor(np.float32([1]))) == "tensor([1.], dtype=float32)"
    assert repr(ad.Dual(3.0, 1.0)) == "Dual(3.0, 1.0)"
    t = leaf(1.23456)[0]
    assert f"{t:.3f}" == "1.235" and f"{t:8.2e}" == "1.23e+00"
    assert f"{t}" == str(t) == repr(t)
    shown = []
    ad.grad(lambda x: shown.append(repr(x)) or x)(1.5)
    assert "1.5" in shown[0]


def test_requires_grad_can_be_switched():
    t = ad.tensor([1.0, 2.0])
    assert not t.requires_grad and t.grad is None
    t.requires_grad = True
    np.sum(t * t).backward()
    assert_grad(t, [2.0, 4.0])
    t.requires_grad = False
    assert not (t * 2.0).requires_grad


def test_zero_times_a_leaf_is_still_recorded():
    x = leaf(2.0)
    (x * 0.0).sum().backward()
    assert_grad(x, [0.0])


# --- copies and pickles ------------------------------------------------------------------------------


def pickled(t):
    return pickle.loads(pickle.dumps(t))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, copy.copy, pickled])
def test_copies_and_pickles_keep_numbers_name_and_role(duplicate):
    t = leaf(1.0, 2.0, name="w")
    np.sum(t).backward()
    c = duplicate(t)
    np.testing.assert_array_equal(c.data, t.data)
    assert c.name == "w" and c.requires_grad and c.dtype == t.dtype
    constant = duplicate(ad.tensor([1.0]))
    assert not constant.requires_grad


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickled])
def test_a_deep_copy_is_an_input_of_its_own(duplicate):
    t = leaf(1.0, 2.0)
    c = duplicate(t)
    np.sum(t * c).backward()
    assert_grad(t, [1.0, 2.0])
    assert_grad(c, [1.0, 2.0])
    with ad.no_grad():
        c += 10.0
    np.testing.assert_array_equal(t.data, [1.0, 2.0])
    c.grad[0] = 99.0
    assert_grad(t, [1.0, 2.0])


def test_a_deep_copy_of_two_tensors_keeps_what_they_share():
    t = leaf(1.0, 2.0)
    one, two = copy.deepcopy([t, t])
    assert one is two


# --- methods are NumPy's functions -----------------------------------------------------------------------

A = np.random.default_rng(0).normal(size=(3, 4))
METHODS = {
    "sum": [(), (0,), ((0, 1),)],
    "mean": [(), (1,)],
    "prod": [(), (0,)],
    "max": [(), (0,)],
    "min": [(), (1,)],
    "std": [(), (0,)],
    "var": [(), (1,)],
    "cumsum": [(), (0,)],
    "cumprod": [(1,)],
    "argmax": [(), (0,)],
    "argmin": [(1,)],
    "argsort": [()],
    "argpartition": [(2,)],
    "reshape": [(4, 3), ((2, -1),)],
    "transpose": [(), (1, 0), ((1, 0),)],
    "swapaxes": [(0, 1)],
    "ravel": [(), ("F",)],
    "flatten": [(), ("F",)],
    "copy": [()],
    "clip": [(-0.5, 0.5)],
    "repeat": [(2,), (2, 0)],
    "squeeze": [()],
    "take": [([0, 2],), ([0, 2], 1)],
    "compress": [([True, False, True], 0)],
    "diagonal": [(), (1,)],
    "trace": [(), (1,)],
    "dot": [(A.T,)],
    "round": [(), (2,)],
    "nonzero": [()],
    "all": [(), (0,)],
    "any": [()],
    "conj": [()],
    "conjugate": [()],
    "astype": [(np.float32,)],
    "tolist": [()],
}


@pytest.mark.parametrize(("name", "args"), [(n, args) for n, each in METHODS.items() for args in each])
def test_methods_are_numpys(name, args):
    expected = getattr(A, name)(*args)
    for t in (ad.tensor(A), ad.tensor(A, requires_grad=True), ad.Dual(A, A)):
        actual = getattr(t, name)(*args)
        plain = [value(part) for part in actual] if isinstance(actual, tuple) else value(actual)
        np.testing.assert_array_equal(plain, expected)


def value(x):
    return x.numpy() if isinstance(x, (ad.Tensor, ad.Dual)) else x


def test_attributes_are_numpys():
    t = leaf(*np.arange(6.0)).reshape(2, 3)
    np.testing.assert_array_equal(value(t.T), t.numpy().T)
    np.testing.assert_array_equal(value(t.mT), t.numpy().mT)
    np.testing.assert_array_equal(value(t.real), t.numpy())
    np.testing.assert_array_equal(value(t.imag), np.zeros((2, 3)))
    assert [x.item() for x in t.flat] == list(range(6))
    np.testing.assert_array_equal(value(ad.tensor([1.0, 2, 3]).searchsorted(1.5)), 1)
