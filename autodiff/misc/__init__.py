"""The small tools of programs written for autograd: flat vectors, optimisers, fixed points, recorded functions."""

from autodiff.misc.flatten import flatten
from autodiff.misc.tracers import const_graph

__all__ = ["const_graph", "flatten"]
