"""NumPy's Fourier transforms, under the name that programs written for autograd import."""

import numpy as _numpy

from autodiff.numpy import lists as _lists

__getattr__ = _lists.fill(globals(), _numpy.fft)
