"""NumPy's namespace, for programs that say `import autodiff.numpy as np`.

Our tensors speak NumPy's protocols, so these are NumPy's own objects, with two differences:
`array`, `asarray`, `fromiter` and their like keep traced values, alone or in nested lists, in the
graph, and NumPy's functions and ufuncs take a list of traced values where they take an array
(`autodiff.numpy.lists`; their methods, such as `add.reduce`, do not). With `import numpy as np`
everything works but these two. Arrays made by `zeros`, `empty` and their like are NumPy's: they
hold numbers alone.
"""

from typing import Any

import numpy as _numpy

from autodiff.numpy import creation, lists

_names = {**lists.namespace_of(_numpy), **lists.namespace_of(creation)}

from autodiff.numpy import fft, linalg, random  # noqa: E402, F401 - not NumPy's: their functions take lists, too

globals().update({name: item for name, item in _names.items() if name not in ("fft", "linalg", "random")})
__version__ = _numpy.__version__


def __getattr__(name: str) -> Any:
    return getattr(_numpy, name)  # what NumPy itself loads late, and its message for what it has not
