"""The diagnosis as an object: a table, sentences, a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from textwrap import fill
from typing import Any

from nn.diagnosis.measure import Layer

# heading, and how a layer's entry is written
COLUMNS: list[tuple[str, Callable[[Layer], str]]] = [
    ("layer", lambda layer: f"{layer.name} ({layer.kind})"),
    ("mean a", lambda layer: f"{layer.mean:.2g}"),
    ("std a", lambda layer: f"{layer.std:.2g}"),
    ("|δ|", lambda layer: f"{layer.delta:.1e}"),
    ("|∇w|", lambda layer: _or_blank(layer.gradient, ".1e")),
    ("rms w", lambda layer: _or_blank(layer.weight, ".2g")),
    ("|Δw|/|w|", lambda layer: _or_blank(layer.update, ".1e")),
    ("dead", lambda layer: _or_blank(layer.dead, ".0%")),
    ("saturated", lambda layer: _or_blank(layer.saturated, ".0%")),
]


@dataclass
class Diagnosis:
    """What `nn.diagnose` found; true if there is no finding.

    Attributes
    ----------
    findings : list of str
        A sentence for each thing that is wrong, with its remedy.
    layers : list of Layer
        The figures of each layer, in the order in which they were called.
    loss : float
        The loss of the batch.
    inputs, targets : list of dict, dict
        Shape, smallest and largest value, mean and standard deviation, for each input; `classes` (how many
        samples each has) where the targets are labels.
    step : str
        Which step |Δw| is of.
    """

    findings: list[str]
    layers: list[Layer]
    loss: float
    inputs: list[dict[str, Any]]
    targets: dict[str, Any]
    step: str

    def __bool__(self) -> bool:
        return not self.findings

    def __str__(self) -> str:
        rows = [[heading for heading, _ in COLUMNS]]
        rows += [[entry(layer) for _, entry in COLUMNS] for layer in self.layers]
        used = [k for k in range(len(COLUMNS)) if any(row[k] for row in rows[1:]) or k < 4]
        widths = {k: max([len(row[k]) for row in rows]) for k in used}
        lines = ["  ".join([row[k].rjust(widths[k]) if k else row[k].ljust(widths[k]) for k in used]) for row in rows]
        lines.insert(1, "-" * len(lines[0]))
        summary = [
            f"loss {self.loss:.4g}; inputs {', '.join(map(_data, self.inputs))}; targets {_data(self.targets)}",
            f"a: output; δ = ∂C/∂a; Δw: {self.step}",
        ]
        sentences = self.findings or ["Nothing stands out."]
        return "\n".join([*lines, *summary, "", *[fill(f"- {s}", 110, subsequent_indent="  ") for s in sentences]])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, numbers and text, ready for `json.dumps`."""
        layers = [
            {name: value for name, value in asdict(layer).items() if name != "feature_scale"} for layer in self.layers
        ]
        return {
            "healthy": bool(self),
            "findings": list(self.findings),
            "loss": self.loss,
            "inputs": [dict(data) for data in self.inputs],
            "targets": dict(self.targets),
            "step": self.step,
            "layers": layers,
        }

    def plot(self, path: Any = None) -> Any:
        """Return a figure of the gradient, the activations, the updates and the silent units, layer by layer.

        Parameters
        ----------
        path : str or path, optional
            Where to save it; its suffix names the format.

        Raises
        ------
        ModuleNotFoundError
            Without matplotlib, the extra `viz`.
        """
        from nn.diagnosis.plot import draw

        return draw(self, path)


def _or_blank(value: float | None, spec: str) -> str:
    return "" if value is None else format(value, spec)


def _data(data: dict[str, Any]) -> str:
    text = f"{tuple(data['shape'])}"
    if "classes" in data:
        return f"{text} of {len(data['classes'])} classes"
    return f"{text} from {data['min']:.3g} to {data['max']:.3g}" if data["min"] is not None else text
