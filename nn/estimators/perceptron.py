"""What the estimators share: options, fitting by `nn.fit`, and the network's output."""

# ruff: noqa: N803, N806 - X is the data matrix, as in scikit-learn
from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

import nn
from nn.estimators import options
from nn.estimators.choices import make_optimizer, make_scheduler
from nn.estimators.network import build, hidden_sizes
from nn.estimators.objective import Objective

FLOATS = (np.float64, np.float32)  # other numbers become the first


@contextmanager
def all_or_nothing(estimator: BaseEstimator) -> Iterator[None]:
    """Leave the estimator with the attributes it had if what is done here fails."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


@dataclass(eq=False, repr=False)
class MultilayerPerceptron(BaseEstimator):
    """The base of `MLPRegressor` and `MLPClassifier`.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Units of the hidden layers; () for a linear model.
    activation : str, Module, class of modules, or a list of these
        For all hidden layers, or one for each: "relu", "leaky_relu", "elu", "selu", "gelu",
        "silu", "softplus", "logistic" (= "sigmoid"), "tanh", "identity", nn.LeakyReLU(0.1), …
    dropout : float
        Probability with which an output of a hidden layer is dropped in training.
    batch_norm : bool
        Whether each hidden layer standardises z over the batch before its activation.
    loss
        See the subclasses.
    optimizer : str, class or function
        "adam", "sgd", "adamw", … (any of `nn.optim`, in lower case), nn.optim.Adam, or a function of
        (parameters, lr=…).
    optimizer_options : dict, optional
        Its further options: {"momentum": 0.9, "nesterov": True}.
    learning_rate : float
        η, at first.
    scheduler : str, class or function, optional
        How η changes: "step", "multi_step", "exponential", "polynomial", "cosine",
        "reduce_on_plateau", a class of `nn.optim.lr_scheduler`, or a function of the optimiser.
    scheduler_options : dict, optional
        Its options: {"step_size": 10}. Cosine and polynomial reach their end at `max_iter`, unless told.
    alpha : float
        Strength of the L2 penalty α / (2 n) Σ W² that is added to the loss of a batch of n samples.
    batch_size : int or "auto"
        Samples in a batch; "auto" is 200, or all of them if there are fewer.
    max_iter : int
        Epochs at most.
    shuffle : bool
        Whether each epoch has an order of its own.
    clip_norm : float, optional
        The largest norm of a gradient; longer ones are shortened.
    early_stopping : bool
        Whether to set aside a part of the samples, stop when the loss there no longer falls,
        and go back to the parameters of the best epoch.
    validation_fraction : float
        How much to set aside (of each class alike).
    n_iter_no_change : int or None
        Stop after more than so many epochs in a row in which the loss (with `early_stopping`, that of
        the samples set aside) has not fallen by `tol`; None goes on to `max_iter`.
    tol : float
        See `n_iter_no_change`.
    warm_start : bool
        Whether `fit` goes on from what was learned before, instead of beginning anew.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Source of initial values, orders, dropout and what is set aside; None is a fresh one.
        NumPy's global state is neither read nor changed.
    verbose : bool
        Whether to show the progress.

    Attributes
    ----------
    model_ : nn.Sequential
        The network, in evaluation mode.
    coefs_, intercepts_ : list of ndarray
        Weights of shape (in, out) and biases of shape (out,), layer by layer.
    history_ : nn.History
        Of the last call of `fit` or `partial_fit`.
    loss_curve_ : list of float
        The objective, penalty included, of each epoch since the beginning.
    loss_, best_loss_ : float
        Its last and its least value.
    n_iter_ : int
        Epochs of the last call of `fit`, plus those of `partial_fit` since.
    n_features_in_, n_outputs_, n_layers_ : int
        Columns of X; outputs of the network; layers, that of the inputs counted.
    feature_names_in_ : ndarray of str
        Names of the columns, if X was a data frame.

    Raises
    ------
    TypeError, ValueError
        By `fit` and `partial_fit`, for options out of range, and X, y or weights that are
        empty, not finite or of the wrong shape.
    sklearn.exceptions.NotFittedError
        By predictions before `fit`.
    """

    hidden_layer_sizes: Any = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    dropout: float = 0.0
    batch_norm: bool = False
    loss: Any = None
    optimizer: Any = "adam"
    optimizer_options: Any = None
    learning_rate: float = 0.001
    scheduler: Any = None
    scheduler_options: Any = None
    alpha: float = 0.0001
    batch_size: Any = "auto"
    max_iter: int = 200
    shuffle: bool = True
    clip_norm: float | None = None
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int | None = 10
    tol: float = 1e-4
    warm_start: bool = False
    random_state: Any = None
    verbose: bool = False

    # --- what a subclass says -----------------------------------------------------------

    @abstractmethod
    def _arrays(self, X: Any, y: Any, first: bool, classes: Any = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return X, y and the targets of the loss, checked; set what is known of the outputs if `first`."""

    @abstractmethod
    def _loss_function(self, weighted: bool) -> Callable[..., Any]:
        """Return the loss of a batch, without the penalty."""

    def _weights(self, y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        """Return the weights of the samples, those of their classes included."""
        return sample_weight

    # --- learning -----------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from samples; anew, unless `warm_start`.

        Parameters
        ----------
        X : array_like
            Inputs, shape (n_samples, n_features); float32 stays float32, other numbers become float64.
        y : array_like
            Targets, shape (n_samples,) or (n_samples, n_outputs).
        sample_weight : array_like, optional
            Shape (n_samples,), not negative; only their ratios matter (to the penalty: their size, too).

        Returns
        -------
        estimator
            Itself.
        """
        first = not (self.warm_start and hasattr(self, "model_"))
        with all_or_nothing(self):
            samples = self._prepare(X, y, sample_weight, first)
            self._start()
            held_out = stopping = None
            if self.early_stopping:
                samples, held_out = self._split(samples)
            if self.early_stopping or self.n_iter_no_change is not None:
                patience = int(self.n_iter_no_change or self.max_iter) + 1
                stopping = nn.EarlyStopping(patience, float(self.tol), restore_best=bool(self.early_stopping))
            self._train(samples, self.max_iter, validation_data=held_out, early_stopping=stopping)
        if self.n_iter_no_change is not None and self.history_.stopped == "finished":
            warnings.warn(
                f"{type(self).__name__}: the loss had not settled after max_iter={self.max_iter} epochs "
                f"({self.n_iter_no_change} without a fall of tol={self.tol}). Allow more epochs, or set "
                "n_iter_no_change=None to ask for just these.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _learn_epoch(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> Self:
        if self.early_stopping:
            raise ValueError(
                f"{type(self).__name__}.partial_fit: one epoch can not stop early; got early_stopping=True. "
                "Use fit, or set_params(early_stopping=False)."
            )
        first = not hasattr(self, "model_")
        with all_or_nothing(self):
            samples = self._prepare(X, y, sample_weight, first, classes)
            if first:
                self._start()
            self._train(samples, 1)
        return self

    def _start(self) -> None:
        """Begin to count epochs, with a new optimiser and schedule."""
        self.n_iter_ = 0
        self._optimizer = make_optimizer(self, self.model_)
        self._scheduler = make_scheduler(self, self._optimizer)

    def _prepare(self, X: Any, y: Any, sample_weight: Any, first: bool, classes: Any = None) -> list[Any]:
        """Return [inputs, targets, weights or None], checked, and have a network for them."""
        name = type(self).__name__
        options.check(self)
        X, y, target = self._arrays(X, y, first, classes)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        weight = self._weights(y, weight)
        if weight is not None:
            counted = weight > 0.0  # a batch of nothing but weights 0 would have no mean
            if not counted.any():
                raise ValueError(f"{name}: a sample_weight must be positive; got zeros only. Leave it out.")
            X, target, weight = X[counted], target[counted], weight[counted].astype(X.dtype)
        if first:
            self._rng = options.generator(name, self.random_state)
            self.model_ = build(self, X.shape[1], self.n_outputs_, self._rng, X.dtype)
            self.loss_curve_: list[float] = []
        else:
            self._check_network()
        return [X.astype(self._dtype, copy=False), target, weight]

    def _split(self, samples: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return the samples to learn from, and those set aside."""
        given = [array for array in samples if array is not None]
        target = samples[1]
        try:
            parts = train_test_split(
                *given,
                test_size=self.validation_fraction,
                random_state=int(self._rng.integers(2**32)),
                stratify=target if self._stratifies() else None,
            )
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__}: validation_fraction={self.validation_fraction} of {len(target)} samples can "
                f"not be set aside; got: {error} Pass more samples, another fraction, or early_stopping=False."
            ) from error
        pad = [None] * (3 - len(given))
        return parts[::2] + pad, parts[1::2] + pad

    def _stratifies(self) -> bool:
        """Return whether each class is to be split alike."""
        return False

    def _train(self, samples: list[Any], epochs: int, **stopping: Any) -> None:
        X, target, weight = samples
        n = len(X)
        size = min(200 if self.batch_size == "auto" else self.batch_size, n)
        if self.batch_norm and size == 1:
            raise ValueError(
                f"{type(self).__name__}: batch_norm needs batches of two samples or more; got one sample. "
                "Pass more of them, or a larger batch_size."
            )
        self.history_ = nn.fit(
            self.model_,
            X,
            target,
            loss=Objective(self._loss_function(weight is not None), self.model_, self.alpha),
            optimizer=self._optimizer,
            scheduler=self._scheduler,
            epochs=epochs,
            batch_size=size,
            shuffle=self.shuffle,
            drop_last=self.batch_norm and n % size == 1,  # one sample has no variance
            sample_weight=weight,
            clip_norm=self.clip_norm,
            progress=bool(self.verbose),
            rng=self._rng,
            **stopping,
        )
        self.loss_curve_ += self.history_["loss"]
        self.n_iter_ += len(self.history_)

    def _check_network(self) -> None:
        """Raise unless the network has the hidden layers that the options ask for."""
        asked = hidden_sizes(type(self).__name__, self.hidden_layer_sizes)
        there = tuple([len(intercept) for intercept in self.intercepts_[:-1]])
        if asked != there:
            raise ValueError(
                f"{type(self).__name__}: going on needs the network there is, with hidden layers {there}; "
                f"got hidden_layer_sizes={self.hidden_layer_sizes}. Fit without warm_start."
            )

    # --- predicting and looking inside -----------------------------------------------------

    def _output(self, X: Any) -> np.ndarray:
        """Return what the network gives for X, shape (n_samples, n_outputs)."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=FLOATS, reset=False)
        return nn.predict(self.model_, X.astype(self._dtype, copy=False))

    @property
    def _linear_layers(self) -> list[nn.Linear]:
        if "model_" not in vars(self):
            raise AttributeError(f"{type(self).__name__}: there is no network yet. Call fit first.")
        return [layer for layer in self.model_ if isinstance(layer, nn.Linear)]

    @property
    def _dtype(self) -> np.dtype:
        return self.coefs_[0].dtype

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weights of the layers, shapes (in, out); changing them in place changes the network."""
        return [layer.weight.data for layer in self._linear_layers]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Biases of the layers, shapes (out,)."""
        return [layer.bias.data for layer in self._linear_layers if layer.bias is not None]

    @property
    def n_layers_(self) -> int:
        """Number of layers, that of the inputs counted."""
        return len(self._linear_layers) + 1

    @property
    def loss_(self) -> float:
        """The objective of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def best_loss_(self) -> float:
        """The least objective of an epoch."""
        return min(self.loss_curve_)
