"""The derivative rules, one file for each family.

`python -m autodiff.rules` prints what is known of every NumPy function.
"""

from autodiff.rules import elementwise, general, linear, multilinear  # noqa: F401 - each fills RULES
