"""From figures to sentences: what is wrong, and the remedy.

Each limit is a constant with its reason. They are set so that networks which learn well
give no sentence; the tests hold a gallery of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nn.diagnosis.measure import Layer, Pass

# δ may fall this far from the last weighted layer to the first. A sigmoid layer costs at least a factor 4 (σ' ≤ 1/4),
# so that five of them are beyond it; a good initialisation stays within a factor 30 over 30 layers.
VANISHING = 1e-3
EXPLODING = 1e3  # and grow as far; N(0, 1) weights between 100 ReLU units multiply it by 7 in each layer
ACTIVATIONS_GROW = 1e3  # likewise for the spread of the activations, going forward
DEAD = 0.6  # beyond the lecture's "half of your network's neurons": networks that learn well come close to a half
SATURATED = 0.6  # of a layer's entries: tanh and sigmoid layers of networks trained to the end come close to a half
LARGE_INPUT = 30.0  # root mean square of a feature; standardised it is 1, digits from 0 to 16 reach 12
SMALL_INPUT = 1e-3  # of the largest feature: weights would have to grow a thousandfold
UNEQUAL_INPUTS = 1e3  # largest over median feature: one feature drowns the others, and limits the learning rate
LARGE_TARGET = 100.0  # root mean square; at first a network gives values near 1 and moves by lr a step
SMALL_TARGET = 1e-3
TARGET_REACHED = 10.0  # a prediction within this factor of the targets' size knows their scale
IMBALANCE = 10.0  # most over least frequent class: always guessing the first is right nine times in ten of the two
SAMPLES_PER_CLASS = 20  # with fewer on average, chance makes classes rare
LARGE_UPDATE = 0.5  # |Δw| / |w| of one step: half of what was learned is overwritten
SMALL_UPDATE = 1e-7  # ten million steps to change a weight, or the loss, by its own size; float32 rounds it away
FEW_SAMPLES = 20  # with fewer, a unit may be silent on all of them by chance


NOTHING_TO_LEARN = "All targets are the same: there is nothing to learn from them; check how y was made."


def find(
    figures: Pass, inputs: Sequence[Mapping[str, Any]], targets: Mapping[str, Any], with_optimizer: bool
) -> list[str]:
    """Return the findings as sentences, the most basic first."""
    findings = _not_finite(figures, inputs, targets)
    if not findings:
        findings = [*_targets(figures, targets), *_inputs(figures), *_units(figures, inputs), *_flow(figures)]
        findings += _steps(figures) if with_optimizer else []
    return findings + _left_out(figures)


def _not_finite(figures: Pass, inputs: Sequence[Mapping[str, Any]], targets: Mapping[str, Any]) -> list[str]:
    named = [("The inputs" if len(inputs) == 1 else f"The inputs X[{i}]", data) for i, data in enumerate(inputs)]
    sentences = [
        f"{name} have {data['not_finite']} entries that are NaN or infinite, the first at {data['first_not_finite']}: "
        "fill them in or leave those samples out."
        for name, data in [*named, ("The targets", targets)]
        if data["not_finite"]
    ]
    if figures.not_finite:
        sentences.append(
            f"Parameters hold NaN or infinite values ({_listed(figures.not_finite)}): build the model anew "
            "and train with a lower learning rate or with clip_norm."
        )
    if not sentences:
        layer = next((layer for layer in figures.layers if not layer.finite), None)
        if layer is not None:
            sentences.append(
                f"The output of {_called(layer)} is NaN or infinite, and no layer's before it: use smaller initial "
                "weights (nn.init), or keep logarithms, divisions and exponentials away from their limits "
                "(ad.detect_anomaly names the operation)."
            )
        elif not np.isfinite(figures.loss):
            sentences.append(
                f"The loss is {figures.loss} though every layer is finite: give it what it expects "
                "(probabilities in (0, 1), or logits with the losses that take logits)."
            )
        elif not all(np.isfinite([layer.delta, layer.gradient or 0.0]).all() for layer in figures.layers):
            sentences.append(
                "The gradient is NaN or infinite though the loss is finite: keep roots, divisions and powers away "
                "from their singular points, such as sqrt(x + 1e-12) (ad.detect_anomaly names the operation)."
            )
    return sentences


def _targets(figures: Pass, targets: Mapping[str, Any]) -> list[str]:
    if "classes" in targets:
        return _imbalance(targets["classes"])
    scale = targets["scale"]
    if targets["std"] == 0.0:
        return [NOTHING_TO_LEARN]
    predicted = float(np.sqrt(np.mean(np.square(figures.output, dtype=np.float64))))
    if scale / TARGET_REACHED < predicted < scale * TARGET_REACHED:
        return []
    if scale > LARGE_TARGET:
        return [
            f"Targets span {targets['max'] - targets['min']:.0e}, and the predictions are of size {predicted:.0e}: "
            "standardise y, (y - y.mean()) / y.std(), and undo it in predictions."
        ]
    if scale < SMALL_TARGET:
        return [
            f"Targets are of size {scale:.0e} only, and the predictions of size {predicted:.0e}: "
            "standardise y, (y - y.mean()) / y.std(), and undo it in predictions."
        ]
    return []


def _imbalance(classes: Mapping[str, int]) -> list[str]:
    if len(classes) == 1:
        return [NOTHING_TO_LEARN]
    if not classes:
        return []
    most, least = max(classes, key=classes.__getitem__), min(classes, key=classes.__getitem__)
    if sum(classes.values()) < SAMPLES_PER_CLASS * len(classes) or classes[most] < IMBALANCE * classes[least]:
        return []
    return [
        f"Class {least} is {classes[most] / max(classes[least], 1):.0f} times rarer than class {most} "
        f"({classes[least]} and {classes[most]} samples): give the loss class weights or sample_weight, "
        "split with stratify, and judge by more than the accuracy."
    ]


def _inputs(figures: Pass) -> list[str]:
    layer = next((layer for layer in figures.layers if layer.is_weighted), None)
    scale = None if layer is None else layer.feature_scale
    if layer is None or scale is None or not scale.max(initial=0.0):
        return []
    largest, middle = int(scale.argmax()), float(np.median(scale[scale > 0]))
    if scale[largest] > UNEQUAL_INPUTS * middle:
        what = f"Feature {largest} of the inputs is {scale[largest] / middle:.0e} times larger than the median feature"
    elif scale[largest] > LARGE_INPUT:
        what = f"Inputs of {_called(layer)} are of size {scale[largest]:.0e} (feature {largest})"
    elif scale[largest] < SMALL_INPUT:
        what = f"Inputs of {_called(layer)} are of size {scale[largest]:.0e} only"
    else:
        return []
    return [f"{what}: standardise X, each feature to mean 0 and standard deviation 1."]


def _units(figures: Pass, inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    if inputs[0]["shape"][0] < FEW_SAMPLES:
        return []
    weighted = [i for i, layer in enumerate(figures.layers) if layer.is_weighted]
    hidden = figures.layers[: weighted[-1]] if weighted else []  # a saturated output is a confident one
    dead = [layer for layer in figures.layers if layer.dead is not None and layer.dead > DEAD]
    saturated = [layer for layer in hidden if layer.saturated is not None and layer.saturated > SATURATED]
    sentences = []
    if dead:
        sentences.append(
            f"{_shares(dead, lambda layer: layer.dead)} of the ReLU units are dead: no sample makes them positive, "
            "and their gradient is 0. Lower the learning rate, use He initialisation (nn.init.kaiming_normal_) "
            "with zero biases, or nn.LeakyReLU or nn.ELU."
        )
    if saturated:
        sentences.append(
            f"{_shares(saturated, lambda layer: layer.saturated)} of the activations are saturated: their derivative "
            "is nearly 0. Use Glorot initialisation (nn.init.xavier_normal_) and standardised inputs, "
            "batch normalisation, or nn.ReLU."
        )
    return sentences


def _flow(figures: Pass) -> list[str]:
    """Return what is to say of δ, going backward, and of a, going forward."""
    weighted = [layer for layer in figures.layers if layer.is_weighted]
    if len(weighted) < 2:
        return []
    first, last = weighted[0], weighted[-1]
    sentences = []
    if first.delta < VANISHING * last.delta or last.delta == 0.0 < figures.loss:
        falls = f"falls by {first.delta / last.delta:.0e}" if first.delta else "falls to 0"
        sentences.append(
            f"The gradient norm (δ) {falls} from the last layer, {_called(last)}, to the first, {_called(first)}: "
            "it vanishes. Use ReLU with He initialisation (nn.init.kaiming_normal_), batch normalisation, "
            "or residual connections (nn.Residual)."
        )
    elif first.delta > EXPLODING * last.delta:
        sentences.append(
            f"The gradient norm (δ) grows by {first.delta / last.delta:.0e} from the last layer, {_called(last)}, "
            f"to the first, {_called(first)}: it explodes. Use smaller initial weights (He or Glorot, nn.init), "
            "batch normalisation, or clip_norm."
        )
    largest = max(weighted[:-1], key=lambda layer: layer.std)
    if largest.std > ACTIVATIONS_GROW * max(weighted[0].std, 1.0):
        sentences.append(
            f"Activations grow to a standard deviation of {largest.std:.0e} at {_called(largest)}: use smaller initial "
            "weights (He or Glorot, nn.init), or batch normalisation."
        )
    return sentences


def _steps(figures: Pass) -> list[str]:
    updated = [layer for layer in figures.layers if layer.is_weighted and layer.update is not None]
    if not updated:
        return []
    largest = max(updated, key=lambda layer: layer.update or 0.0)
    change = largest.update or 0.0
    if change > LARGE_UPDATE:
        much = f"{change:.0%} of their size" if change < 10.0 else f"{change:.0e} times their size"
        return [f"One step changes the weights of {_called(largest)} by {much}: lower the learning rate, or clip_norm."]
    if change < SMALL_UPDATE and figures.gain < SMALL_UPDATE:
        return [
            f"One step changes no layer's weights by more than {change:.0e} of their size: raise the learning rate, "
            "unless the training has converged."
        ]
    return []


def _left_out(figures: Pass) -> list[str]:
    sentences = []
    if figures.unused:
        sentences.append(
            f"The loss does not depend on {_listed(figures.unused)}: use these parameters in forward, or remove them."
        )
    if figures.not_optimized:
        sentences.append(
            f"The optimiser does not have {_listed(figures.not_optimized)}: make it with model.parameters(), "
            "or hold these parameters fixed with requires_grad_(False)."
        )
    return sentences


def _called(layer: Layer) -> str:
    return f"`{layer.name}` ({layer.kind})"


def _listed(names: list[str]) -> str:
    shown = [f"`{name}`" for name in names[:3]]
    return ", ".join([*shown, f"{len(names) - 3} more"] if len(names) > 3 else shown)


def _shares(layers: list[Layer], share: Callable[[Layer], float | None]) -> str:
    shown = [f"{share(layer):.0%} in {_called(layer)}" for layer in layers[:3]]
    return ", ".join([*shown, f"and more in {len(layers) - 3} other layers"] if len(layers) > 3 else shown)
