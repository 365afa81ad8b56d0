"""The derivative rules, one file for each family.

`python -m autodiff.rules` prints what is known of every NumPy function.
"""

from autodiff.rules import (  # noqa: F401 - each fills RULES
    constant,
    decompositions,
    einsum,
    elementwise,
    general,
    linalg,
    linear,
    multilinear,
    norms,
    numerical,
    products,
    reductions,
    refused,
    sorting,
    ufunc_methods,  # last: it looks through the ufuncs that have a rule
)
