"""Differentiate plain NumPy code: reverse mode, forward mode, and any nesting of the two."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import autodiff.rules  # noqa: F401 - fills the table of rules
from autodiff.checkpoint import checkpoint
from autodiff.complex_derivatives import holomorphic_grad
from autodiff.forward import Dual, jvp
from autodiff.gradcheck import check_grads, gradcheck
from autodiff.graph import Graph
from autodiff.jacobians import hessian, jacobian
from autodiff.piecewise import piecewise
from autodiff.record import label, record
from autodiff.recorder import Record
from autodiff.retained import retained
from autodiff.reverse import vjp
from autodiff.rules.affine import affine
from autodiff.rules.special import logistic, zeroed
from autodiff.switches import detect_anomaly, no_grad, scope, scope_path
from autodiff.tensor import Tensor, tensor
from autodiff.transforms import elementwise_grad, grad, hvp, value_and_grad
from autodiff.user_primitive import primitive

if TYPE_CHECKING:
    from autodiff.compiler.compiled import Compiled, compile
    from autodiff.compiler.in_place import Call, Procedure
    from autodiff.compiler.stateful import compile_stateful
    from autodiff.differential_operators import (
        deriv,
        egrad,
        grad_and_aux,
        grad_named,
        hessian_tensor_product,
        hessian_vector_product,
        make_ggnvp,
        make_hvp,
        make_jvp,
        make_jvp_reversemode,
        make_vjp,
        multigrad_dict,
        tensor_jacobian_product,
        vector_jacobian_product,
    )
    from autodiff.extras import required
    from autodiff.readers.draw import draw
    from autodiff.readers.from_sympy import from_sympy
    from autodiff.readers.modes import compare_modes

__version__ = "0.1.0"
__all__ = [
    "Call",
    "Compiled",
    "Dual",
    "Graph",
    "Procedure",
    "Record",
    "Tensor",
    "affine",
    "check_grads",
    "checkpoint",
    "compare_modes",
    "compile",
    "compile_stateful",
    "deriv",
    "detect_anomaly",
    "draw",
    "egrad",
    "elementwise_grad",
    "from_sympy",
    "grad",
    "grad_and_aux",
    "grad_named",
    "gradcheck",
    "hessian",
    "hessian_tensor_product",
    "hessian_vector_product",
    "holomorphic_grad",
    "hvp",
    "jacobian",
    "jvp",
    "label",
    "logistic",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_jvp_reversemode",
    "make_vjp",
    "multigrad_dict",
    "no_grad",
    "piecewise",
    "primitive",
    "record",
    "required",
    "retained",
    "scope",
    "scope_path",
    "tensor",
    "tensor_jacobian_product",
    "value_and_grad",
    "vector_jacobian_product",
    "vjp",
    "zeroed",
]


_LATER = {
    "autodiff.compiler.compiled": "Compiled compile",
    "autodiff.compiler.in_place": "Call Procedure",
    "autodiff.compiler.stateful": "compile_stateful",
    "autodiff.differential_operators": """
        deriv egrad grad_and_aux grad_named hessian_tensor_product
        hessian_vector_product make_ggnvp make_hvp make_jvp make_jvp_reversemode
        make_vjp multigrad_dict tensor_jacobian_product vector_jacobian_product
    """,
    "autodiff.extras": "required",
    "autodiff.readers.draw": "draw",
    "autodiff.readers.from_sympy": "from_sympy",
    "autodiff.readers.modes": "compare_modes",
}
"""What is loaded when it is first asked for: module, and the names it gives."""


def __getattr__(name: str) -> Any:
    """Load what is not always needed, and what programs written for autograd import, when it is asked for."""
    for module, names in _LATER.items():
        if name in names.split():
            globals()[name] = value = getattr(import_module(module), name)
            return value
    if name in ("builtins", "core", "extend", "misc", "numpy", "scipy", "test_util", "tracer", "wrap_util"):
        return import_module(f"autodiff.{name}")
    if name in ("dict", "isinstance", "list", "tuple", "type"):
        return getattr(import_module("autodiff.builtins"), name)
    raise AttributeError(f"module 'autodiff' has no attribute {name!r}")
