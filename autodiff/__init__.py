"""Differentiate plain NumPy code: reverse mode, forward mode, and any nesting of the two."""

import autodiff.rules  # noqa: F401 - fills the table of rules
from autodiff.checkpoint import checkpoint
from autodiff.compiler.compiled import Compiled, compile
from autodiff.compiler.stateful import compile_stateful
from autodiff.forward import Dual, jvp
from autodiff.gradcheck import check_grads, gradcheck
from autodiff.graph import Graph
from autodiff.jacobians import hessian, jacobian
from autodiff.piecewise import piecewise
from autodiff.readers.draw import draw
from autodiff.readers.from_sympy import from_sympy
from autodiff.readers.modes import compare_modes
from autodiff.record import Record, label, record
from autodiff.retained import retained
from autodiff.reverse import vjp
from autodiff.rules.affine import affine
from autodiff.rules.special import logistic
from autodiff.switches import detect_anomaly, no_grad, scope, scope_path
from autodiff.tensor import Tensor, tensor
from autodiff.transforms import elementwise_grad, grad, hvp, value_and_grad
from autodiff.user_primitive import primitive

__version__ = "0.1.0"
__all__ = [
    "Compiled",
    "Dual",
    "Graph",
    "Record",
    "Tensor",
    "affine",
    "check_grads",
    "checkpoint",
    "compare_modes",
    "compile",
    "compile_stateful",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "from_sympy",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "label",
    "logistic",
    "no_grad",
    "piecewise",
    "primitive",
    "record",
    "retained",
    "scope",
    "scope_path",
    "tensor",
    "value_and_grad",
    "vjp",
]
