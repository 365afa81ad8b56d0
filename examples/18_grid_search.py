"""Choose hyperparameters by grid search and by random search, with cross-validation.

Lecture: Morten Hjorth-Jensen, "Advanced machine learning and data analysis for the physical
sciences", February 6, 2024, "Fine-tuning neural network hyperparameters".

`nn.MLPClassifier` and `nn.MLPRegressor` are scikit-learn estimators: they go into its pipelines and
searches like any other. A grid tries every combination; a random search tries as many as one can
afford, with a new value of every hyperparameter each time.
"""

import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import nn
from plotting import COLORS, save_plot

# --- classification: a grid of two hyperparameters ------------------------------------------------

X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), test_size=0.5, random_state=0)
network = nn.MLPClassifier((30,), batch_size=50, max_iter=15, n_iter_no_change=None, random_state=0)
classifier = make_pipeline(MinMaxScaler(), network)
etas, alphas = [1e-4, 1e-3, 1e-2, 1e-1], [1e-4, 1e-2, 1.0]
grid = GridSearchCV(classifier, {"mlpclassifier__learning_rate": etas, "mlpclassifier__alpha": alphas}, cv=3)
grid.fit(X_train, y_train)
scores = grid.cv_results_["mean_test_score"].reshape(len(alphas), len(etas))
print("accuracy in 3-fold cross-validation")
print("            " + "".join(f"η = {eta:<8}" for eta in etas))
for alpha, row in zip(alphas, scores, strict=True):
    print(f"α = {alpha:<8}" + "".join(f"{score:<12.3f}" for score in row))
accuracy = grid.score(X_test, y_test)
print(f"best: η = {grid.best_params_['mlpclassifier__learning_rate']}; test accuracy {accuracy:.3f}\n")

# --- regression: a random search over as many hyperparameters -------------------------------------

rng = np.random.default_rng(18)
X = rng.uniform(-1, 1, (300, 2))
y = X[:, 0] ** 2 + 3 * X[:, 0] * X[:, 1] + X[:, 1] ** 2 + 5
regressor = nn.MLPRegressor((20,), "tanh", batch_size=50, max_iter=60, n_iter_no_change=None, random_state=0)
distributions = {"learning_rate": loguniform(1e-4, 1.0), "alpha": loguniform(1e-6, 1.0)}
search = RandomizedSearchCV(regressor, distributions, n_iter=20, cv=3, random_state=0)
search.fit(X, y)
print("R² in 3-fold cross-validation, the best five of twenty")
order = np.argsort(search.cv_results_["rank_test_score"])
tried = search.cv_results_["params"]
for k in order[:5]:
    R2 = search.cv_results_["mean_test_score"][k]
    print(f"η = {tried[k]['learning_rate']:.4f}   α = {tried[k]['alpha']:.1e}   {R2:.4f}")


def draw(figure):
    """Draw the accuracy on the grid, and R² of the random trials."""
    left, right = figure.subplots(1, 2)
    colours = left.imshow(scores, cmap="viridis", vmin=0, vmax=1, origin="lower", aspect="auto")
    for (i, j), score in np.ndenumerate(scores):
        left.text(j, i, f"{score:.3f}", ha="center", va="center", color="black" if score > 0.6 else "white")
    left.set(xticks=range(len(etas)), xticklabels=etas, yticks=range(len(alphas)), yticklabels=alphas)
    left.set(xlabel="learning rate η", ylabel="penalty α", title="grid search: accuracy")
    left.grid(visible=False)
    figure.colorbar(colours, ax=left)
    R2 = np.maximum(search.cv_results_["mean_test_score"], 0)
    colours = right.scatter(
        [p["learning_rate"] for p in tried], [p["alpha"] for p in tried], c=R2, vmin=0, vmax=1, s=70, edgecolors="black"
    )
    best = search.best_params_
    right.plot(best["learning_rate"], best["alpha"], "o", markersize=16, fillstyle="none", color=COLORS[1])
    right.set(xscale="log", yscale="log", xlabel="learning rate η", ylabel="penalty α", title="random search: R²")
    figure.colorbar(colours, ax=right)


save_plot(draw, __file__, width=10)
assert accuracy > 0.93
assert search.best_score_ > 0.95
assert len(tried) == 20
