"""Networks as scikit-learn estimators: for pipelines, grid searches, cross-validation (extra `train`)."""

import autodiff as ad

# What scikit-learn has had since 1.6.
ad.required("sklearn.utils.validation:validate_data", "train", "nn.estimators", needs="scikit-learn 1.6 or newer")

from nn.estimators.classifier import MLPClassifier  # noqa: E402 - needs what is asked for above
from nn.estimators.regressor import MLPRegressor  # noqa: E402 - likewise

__all__ = ["MLPClassifier", "MLPRegressor"]
