"""The class of traced values, under the name by which programs written for autograd test for it."""

from autodiff.arraylike import ArrayLike as ArrayBox

__all__ = ["ArrayBox"]
