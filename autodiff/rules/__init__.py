"""The derivative rules: the four families, and files of rules named for what they differentiate.

`python -m autodiff.rules` prints what is known of every NumPy function.
"""

from autodiff.rules import (  # noqa: F401 - each fills RULES
    affine,
    applying,
    arithmetic,
    complex_numbers,
    constant,
    decompositions,
    differences,
    einsum,
    elementwise,
    fft,
    general,
    grids,
    indexing,
    joining,
    linalg,
    linear,
    multilinear,
    norms,
    padding,
    pieces,
    polynomials,
    products,
    rearranging,
    reductions,
    refused,
    sorting,
    spectra,
    statistics,
    transcendental,
    ufunc_methods,  # after the others: it looks through the ufuncs that have a rule
)
