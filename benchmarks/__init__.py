"""Workloads that compare this library with NumPy by hand and with its peers.

`python -m benchmarks` runs them. A new workload is a file that defines a `Workload`, and its
name in the tuple below.
"""

from benchmarks import (
    cnn_step,
    fifty_sines,
    import_time,
    mlp_step,
    regression_fit,
    rosenbrock,
    scalar_derivative,
    tanh_chain,
)

WORKLOADS = {
    workload.name: workload
    for workload in (
        scalar_derivative.workload,
        fifty_sines.workload,
        rosenbrock.gradient,
        rosenbrock.hessian,
        *mlp_step.workloads,
        regression_fit.workload,
        cnn_step.workload,
        tanh_chain.workload,
        import_time.workload,
    )
}
