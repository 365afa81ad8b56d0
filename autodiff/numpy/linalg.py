"""NumPy's linear algebra, under the name that programs written for autograd import."""

from typing import Any

import numpy as _numpy

from autodiff.numpy import lists as _lists

globals().update(_lists.namespace_of(_numpy.linalg))


def __getattr__(name: str) -> Any:
    return getattr(_numpy.linalg, name)
