"""Workloads that compare this library with NumPy by hand and with its peers.

`python -m benchmarks` runs them. A new workload is a file that defines a `Workload`, and its
name in the tuple below.
"""

from benchmarks import (
    against_autograd,
    against_autograd_scipy,
    cnn_step,
    compile_time,
    curves,
    fifty_sines,
    import_time,
    logistic_regression,
    mlp_step,
    peak_memory,
    regression_fit,
    residual_jacobian,
    rosenbrock,
    scalar_derivative,
    tanh_chain,
)
from benchmarks.harness.workload import Workload

WORKLOADS = {
    workload.name: workload
    for workload in (
        scalar_derivative.workload,
        fifty_sines.workload,
        rosenbrock.gradient,
        rosenbrock.hessian,
        residual_jacobian.workload,
        logistic_regression.workload,
        *mlp_step.workloads,
        regression_fit.workload,
        cnn_step.workload,
        tanh_chain.workload,
        compile_time.workload,
        peak_memory.workload,
        *against_autograd.workloads,
        *against_autograd_scipy.workloads,
        import_time.workload,
    )
}
CURVES = {curve.name: curve for curve in (curves.inputs, curves.depth, curves.batch)}


def find(name: str) -> Workload:
    """Return a workload by its name; `<curve>@<size>` is one point of a curve."""
    curve, _, size = name.partition("@")
    return CURVES[curve].workload(int(size)) if size else WORKLOADS[name]
