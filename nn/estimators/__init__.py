"""Networks as scikit-learn estimators: for pipelines, grid searches, cross-validation (extra `train`)."""

try:
    from sklearn.utils.validation import validate_data  # noqa: F401 - scikit-learn has had it since 1.6
except ImportError as missing:
    raise ImportError(
        "nn: MLPRegressor and MLPClassifier need scikit-learn 1.6 or newer; got none, or an older one. "
        "Install it: pip install 'autodiff-nn[train]'."
    ) from missing

from nn.estimators.classifier import MLPClassifier
from nn.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
