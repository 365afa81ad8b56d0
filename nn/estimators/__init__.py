"""Networks as scikit-learn estimators: for pipelines, grid searches, cross-validation (extra `train`)."""

try:
    import sklearn  # noqa: F401 - asked for here, so that the error can name the extra
except ImportError as missing:
    raise ImportError(
        "nn: MLPRegressor and MLPClassifier need scikit-learn; got no such package. "
        "Install it: pip install 'autodiff-nn[train]'."
    ) from missing

from nn.estimators.classifier import MLPClassifier
from nn.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
