"""Rules of the ufuncs of `scipy.special`, read when the first of them meets a traced value.

Every public ufunc is either given a rule or refused with the reason; `tests/test_scipy_special.py` looks.
A derivative with respect to an order, a degree or a number of degrees of freedom is refused where it has
no closed form. (SciPy's own namespace is meant by `special` throughout.)
"""

from autodiff.rules.scipy_special import (  # noqa: F401 - each fills RULES
    bessel,
    elementary,
    error_functions,
    gamma_functions,
    hypergeometric,
    probability,
    refused,
    several_outputs,
)
