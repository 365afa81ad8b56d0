"""A network that predicts classes."""

# ruff: noqa: N803, N806 - X is the data matrix, as in scikit-learn
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d, validate_data

import nn
from nn.estimators.choices import checked_loss
from nn.estimators.perceptron import FLOATS, MultilayerPerceptron

LOG_LOSS = {"log_loss": nn.CrossEntropyLoss()}
LOG_LOSS_OF_LOGITS = {"log_loss": nn.BCEWithLogitsLoss()}


@dataclass(eq=False, repr=False, kw_only=True)
class MLPClassifier(ClassifierMixin, MultilayerPerceptron):
    """A multilayer perceptron that predicts the class, or several labels, of each sample.

    Two classes have one output, the log-odds of the second (sigmoid); more have one output
    each (softmax); labels that do not exclude each other, given as a matrix of 0 and 1, have
    one sigmoid each. Options, attributes and errors are those of `MultilayerPerceptron`, and:

    Parameters
    ----------
    loss : str, Module or function
        "log_loss" (the cross-entropy); or a module or function of output and target. Its
        output has a score for each class, shape (n_samples, n_classes), and its target class
        numbers, shape (n_samples,), as for `nn.CrossEntropyLoss`; for an
        `nn.BCEWithLogitsLoss` and for labels, its target is 0 and 1 in the shape of the output.
    class_weight : dict, "balanced" or None
        Factors of the sample weights, by class.

    Attributes
    ----------
    classes_ : ndarray
        The classes in order; for labels their numbers.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> y = np.array(["even", "odd", "odd", "even"])
    >>> model = MLPClassifier((16,), "tanh", learning_rate=0.05, random_state=0).fit(X, y)
    >>> model.predict(X).tolist()
    ['even', 'odd', 'odd', 'even']
    """

    loss: Any = "log_loss"
    class_weight: Any = None

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Learn for one more epoch, from these samples.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array_like, optional
            All classes that will ever come; needed in the first call.

        Returns
        -------
        MLPClassifier
            Itself.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"MLPClassifier.partial_fit: class_weight={self.class_weight!r} needs all samples; got some of them. "
                "Pass a dict of weights."
            )
        if classes is not None:
            classes = unique_labels(classes)
        if not hasattr(self, "model_"):
            if classes is None:
                raise ValueError(
                    "MLPClassifier.partial_fit: the first call must say which classes there are; got none. "
                    "Pass classes=np.unique(all_y)."
                )
        elif classes is not None and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"MLPClassifier.partial_fit: classes must stay those of the first call; got {classes} "
                f"for {self.classes_}. Leave `classes` out."
            )
        return self._learn_epoch(X, y, sample_weight, classes)

    # --- predictions ------------------------------------------------------------------

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores: log-odds of shape (n_samples,) for two classes, else (n_samples, n_classes)."""
        output = self._output(X)
        if self._labels or len(self.classes_) != 2:
            return output
        return output[:, 0] if self.n_outputs_ == 1 else output[:, 1] - output[:, 0]

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each sample, shape (n_samples,); for labels 0 and 1, shape (n_samples, n_labels)."""
        scores = self.decision_function(X)
        if self._labels:
            return (scores > 0.0).astype(int)
        return self.classes_[(scores > 0.0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class (of each label), shape (n_samples, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, exact also where these are near 0."""
        scores = self.decision_function(X)
        if self._labels:
            return nn.functional.logsigmoid(scores)
        if scores.ndim == 1:
            return nn.functional.logsigmoid(np.stack([-scores, scores], axis=1))
        return nn.functional.log_softmax(scores, 1)

    # --- targets ------------------------------------------------------------------------

    def _loss_function(self, weighted: bool) -> Callable[..., Any]:
        names = LOG_LOSS_OF_LOGITS if self._sigmoid else LOG_LOSS
        name = type(self).__name__
        if isinstance(self.loss, (nn.NLLLoss, nn.BCELoss)):
            raise ValueError(
                f"{name}: the loss must take scores, as the network gives them; got {self.loss!r}. "
                "Pass nn.CrossEntropyLoss() or nn.BCEWithLogitsLoss()."
            )
        return checked_loss(name, self.loss, names, weighted)

    def _arrays(self, X: Any, y: Any, first: bool, classes: Any = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        X, y = validate_data(self, X, y, dtype=FLOATS, multi_output=True, reset=first)
        check_classification_targets(y)
        labels = type_of_target(y) == "multilabel-indicator"
        if not labels:
            y = column_or_1d(y, warn=True)
        if first:
            self._labels = labels
            if classes is None:
                classes = np.arange(y.shape[1]) if labels else np.unique(y)
            self.classes_ = classes
            self._sigmoid = labels or (len(classes) == 2 and self._sigmoid_loss())
            self.n_outputs_ = 1 if self._sigmoid and not labels else len(classes)
        if labels != self._labels or (labels and y.shape[1] != len(self.classes_)):
            raise ValueError(
                f"MLPClassifier: y must be of the kind of the first; got shape {y.shape}. Fit without warm_start."
            )
        if labels:
            return X, y, y.astype(X.dtype)
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"MLPClassifier: y must hold classes seen at first, {self.classes_}; got {unknown[0]!r}. "
                "Pass all of them to the first partial_fit, or fit without warm_start."
            )
        numbers = np.searchsorted(self.classes_, y)
        return X, y, numbers[:, None].astype(X.dtype) if self._sigmoid else numbers

    def _stratifies(self) -> bool:
        return not self._labels

    def _sigmoid_loss(self) -> bool:
        return self.loss == "log_loss" or isinstance(self.loss, nn.BCEWithLogitsLoss)

    def _weights(self, y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if sample_weight is None else by_class * sample_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
