"""The command line: `autodiff "sqrt(x**2 + exp(x**2))" x=1.3`, also `python -m autodiff`."""
