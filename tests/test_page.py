"""The page to step through a trace: what it holds, and what a reader sees in a browser."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.readers.layouts import brief
from autodiff.readers.notation import number
from autodiff.readers.page.directions import entries, seeds
from autodiff.readers.page.layout import GAP, _apart, _crossings, _order, _Place, layered
from autodiff.readers.page.picture import edges_of
from autodiff.readers.page.steps import DERIVATIVE, PRIMAL, Forward, Reverse
from autodiff.readers.sweeps import adjoints, tangents

ROOT = Path(__file__).parent.parent
HOSTILE = "</script><b>&\"'<!--]]>${x}$title\\u0041"


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def network(X, W1, b1, W2, b2, target):
    hidden = np.tanh(X @ W1 + b1)
    return np.mean((hidden @ W2 + b2 - target) ** 2)


RNG = np.random.default_rng(0)
NETWORK = (
    RNG.normal(size=(4, 2)), RNG.normal(size=(2, 3)), np.zeros(3), RNG.normal(size=(3, 1)), np.zeros(1),
    np.ones((4, 1)),
)  # fmt: skip
TEXTBOOK = (2.0, 5.0)


def reverse(graph, seed=None):
    return Reverse(graph, edges_of(graph), seed).sweep().steps


def forward(graph, which=0):
    return Forward(graph, edges_of(graph)).sweep(*seeds(graph)[which]).steps


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="trace">(.*?)</script>', page, re.DOTALL)[1])


# --- the steps ---------------------------------------------------------------------------------------------


def test_the_textbook_backwards():
    steps = reverse(ad.record(textbook, *TEXTBOOK))
    assert [step.phase for step in steps] == [
        "Inputs", *["Values"] * 5, "Result", "Seed", *["Adjoints"] * 8, "Gradient",
    ]  # fmt: skip
    lines = [(step.equations[0].name, step.equations[0].value) for step in steps if step.phase == "Adjoints"]
    assert lines == [
        ("v̄₄", "1"), ("v̄₃", "−1"), ("v̄₁", "1"), ("v̄₂", "1"), ("v̄₀", "−0.284"), ("v̄₋₁", "5"), ("v̄₀", "1.716"),
        ("v̄₋₁", "5.5"),
    ]  # fmt: skip
    assert steps[-1].found == [("∂y/∂x1", "5.5"), ("∂y/∂x2", "1.716")]


def test_the_textbook_forwards_beside_the_values():
    graph = ad.record(textbook, *TEXTBOOK)
    for which, expected in enumerate([["0.5", "5", "0", "5.5", "5.5"], ["0", "2", "0.284", "2", "1.716"]]):
        steps = forward(graph, which)
        assert [step.equations[0].value for step in steps if step.phase == "Tangents"] == expected
        assert [step.equations[0].side for step in steps] == [PRIMAL, DERIVATIVE] * 7
        assert steps[-1].found == [(f"∂y/∂x{which + 1}", expected[-1])]


def test_operations_are_those_of_the_rules():
    graph = ad.record(textbook, *TEXTBOOK)

    def counted(steps, side):
        return sum(step.operations for step in steps if step.equations[0].side == side)

    assert counted(reverse(graph), PRIMAL) == counted(forward(graph), PRIMAL) == 5
    assert counted(forward(graph), DERIVATIVE) == 1 + 3 + 2 + 1 + 2  # ln′ / · two products and a sum / sin / + / −, +
    assert counted(reverse(graph), DERIVATIVE) == 1 + 2 + (1 + 2) + 2  # −, sin, · with one sum, ln with one sum


def double(x):
    return np.sum(x * x)


def parts(x):
    low, high = np.split(x, 2)
    return np.sum(low * np.exp(high))


def nested(p):
    return p["a"] * np.sin(p["b"][0])


def repeated(x):
    return np.tanh(x) * np.tanh(x) + x


PROGRAMS = {
    "textbook": (textbook, TEXTBOOK),
    "network": (network, NETWORK),
    "x·x": (double, (np.arange(3.0),)),
    "several results": (parts, (np.arange(4.0),)),
    "containers": (nested, ({"a": 2.0, "b": [0.5]},)),
    "identity": (lambda x: x, (2.0,)),
    "no use": (lambda x, _y: x * 3, (2.0, 1.0)),
    "constant part": (lambda x: np.floor(x) + x, (2.5,)),
    "second derivative": (ad.grad(repeated), (0.3,)),
    "one function twice": (repeated, (0.3,)),
    "complex": (lambda x: np.real(np.exp(1j * x)), (0.3,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_line_appears_once_and_the_boxes_end_at_the_engines_numbers(name):
    f, args = PROGRAMS[name]
    graph = ad.record(f, *args)
    bars, terms = adjoints(graph)
    steps = reverse(graph)
    lines = [(equation.row, equation.side) for step in steps for equation in step.equations]
    assert len(lines) == len(set(lines))
    parts_of_results = sum(node.kind == "output" and node in bars for node in graph)
    assert sum(step.phase == "Adjoints" for step in steps) == len(terms) + parts_of_results
    shown = {(node, side): text for step in steps for node, side, text in step.shows}
    for place, node in enumerate(graph):
        assert (place, PRIMAL) in shown
        if node in bars and not isinstance(node.value, (tuple, list)):
            assert shown[place, DERIVATIVE].partition(" = ")[2] in (
                number(bars[node]),
                f"[{'×'.join(map(str, node.shape))}]",
            )
    for which, (_, seed, _) in enumerate(seeds(graph)):
        dots = tangents(graph, dict(zip(graph.inputs, seed, strict=True)))
        values = {step.nodes[0]: step.equations[0].value for step in forward(graph, which) if step.phase == "Tangents"}
        assert values == {place: brief(dots[node]) for place, node in enumerate(graph) if not node.is_input}
    assert graph.to_html() == graph.to_html()


def test_seeds_are_entries_while_they_are_few():
    graph = ad.record(lambda x, w: np.sum(x) * w, np.zeros(3), 2.0)
    assert [name for name, _, _ in seeds(graph)] == ["x[0]", "x[1]", "x[2]", "w"]
    assert entries(graph) == 4
    assert [name for name, _, _ in seeds(ad.record(network, *NETWORK))][:2] == [
        "X, all entries alike",
        "W1, all entries alike",
    ]


def test_parameters_are_called_as_in_their_model():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 2, rng=rng), nn.Tanh(), nn.Linear(2, 1, rng=rng))
    steps = reverse(ad.record(lambda x: np.sum(model(x)), np.ones((1, 2))))
    names = ["∂y/∂x", "∂y/∂0.weight", "∂y/∂0.bias", "∂y/∂2.weight", "∂y/∂2.bias"]
    assert [name for name, _ in steps[-1].found] == names


def test_several_results_need_their_adjoints():
    graph = ad.record(lambda x, y: (x * y, np.sin(x)), 2.0, 3.0)
    with pytest.raises(ValueError, match="one result"):
        graph.to_html()
    found = dict(reverse(graph, seed=(1.0, 2.0))[-1].found)
    assert found == {"x̄": number(3 + 2 * np.cos(2.0)), "ȳ": "2"}
    assert data_of(graph.to_html(seed=(1.0, 2.0)))["results"] == 2


# --- the file ----------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """The elements of a page with their attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.text = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)


def test_it_is_written_as_returned(tmp_path):
    graph = ad.record(textbook, *TEXTBOOK)
    assert graph.to_html(tmp_path / "trace.html") is None
    assert (tmp_path / "trace.html").read_bytes().decode() == graph.to_html()
    assert graph.to_html(mode="both") != graph.to_html()


def test_it_loads_nothing():
    page = ad.record(network, *NETWORK).to_html()
    assert not re.search(r"https?:|//[a-z]|url\(|@import", page.replace("// ", ""))
    elements = Elements(page).found
    assert not {tag for tag, _ in elements} & {
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "audio",
        "video",
        "use",
        "image",
    }
    assert [attributes["href"] for _, attributes in elements if "href" in attributes] == ["data:,"]
    assert not [attributes for _, attributes in elements if "src" in attributes or "style" in attributes]


def test_the_same_bytes_in_every_process():
    code = (
        "import numpy as np, autodiff as ad;"
        "print(ad.record(lambda x, y: np.sin(x * y) + x / y, 1.0, np.arange(1.0, 4.0)).to_html(seed=np.ones(3)))"
    )
    pages = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, cwd=ROOT)
        pages.add(run.stdout)
    assert len(pages) == 1


@pytest.mark.parametrize(
    "label", [HOSTILE, "a\u2028b\u202ec\x00d\ud800", "<script>alert(1)</script>", "😀" * 30, "x\ny"]
)
def test_labels_are_data(label, tmp_path):
    graph = ad.record(lambda x: np.sin(ad.label(x * 2, label)), 1.0)
    graph.inputs[0].label = label
    plain = ad.record(lambda x: np.sin(ad.label(x * 2, "a")), 1.0)
    graph.to_html(tmp_path / "trace.html")  # it can be written
    page = graph.to_html()
    tags = [tag for tag, _ in Elements(page).found]
    assert tags == [tag for tag, _ in Elements(plain.to_html()).found]
    shown = "".join([c if c.isprintable() else "\ufffd" for c in " ".join(label.split())])
    assert json.dumps(data_of(page), ensure_ascii=False).count(json.dumps(shown, ensure_ascii=False)[1:-1]) >= 3
    assert shown in "".join(Elements(page).text)


def test_what_is_wrong_is_said():
    graph = ad.record(textbook, *TEXTBOOK)
    with pytest.raises(ValueError, match="to_html: mode is one of reverse, forward, both; got 'backward'"):
        graph.to_html(mode="backward")
    with pytest.raises(ValueError, match=r"got 7, the limit is 6.*graph\.draw\(\), which folds"):
        graph.to_html(limit=6)
    with pytest.raises(ValueError, match="a gradient needs a scalar result"):
        ad.record(np.sin, np.arange(3.0)).to_html()


# --- the picture -------------------------------------------------------------------------------------------


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    edges = []
    for head in range(1, count):
        tails = draw(st.lists(st.integers(0, head - 1), max_size=3))
        edges += [(tail, head) for tail in tails]
    return draw(st.lists(st.integers(40, 200), min_size=count, max_size=count)), edges


def points(path):
    """Return points along the course of an arrow."""
    numbers = {"M": 2, "C": 6, "V": 1}
    x = y = 0.0
    found = []
    for letter, rest in re.findall(r"([MCV])([^MCV]*)", path):
        values = list(map(float, rest.split()))
        assert len(values) == numbers[letter]
        if letter == "C":
            for t in np.linspace(0, 1, 21):
                weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]
                found.append((np.dot(weights, [x, *values[::2]]), np.dot(weights, [y, *values[1::2]])))
        elif letter == "V":
            found += [(x, y + (values[0] - y) * t) for t in np.linspace(0, 1, 5)]
        x, y = (x, values[0]) if letter == "V" else values[-2:]
    return found


@given(graphs())
def test_boxes_are_apart_and_arrows_run_down_beside_them(graph):
    widths, edges = graph
    drawing = layered(widths, 50, edges)
    corners = drawing.corners
    for one in range(len(widths)):
        assert corners[one][0] >= 0 and corners[one][0] + widths[one] <= drawing.width
        assert corners[one][1] >= 0 and corners[one][1] + 50 <= drawing.height
        for other in range(one):
            same_row = corners[one][1] == corners[other][1]
            left, right = sorted((one, other), key=lambda box: corners[box][0])
            assert not same_row or corners[left][0] + widths[left] + GAP <= corners[right][0] + 0.2
    for (tail, head), arrow in zip(edges, drawing.arrows, strict=True):
        assert corners[tail][1] + 50 == arrow.start[1] < arrow.end[1] == corners[head][1]
        assert corners[head][0] < arrow.end[0] < corners[head][0] + widths[head]
        for x, y in points(arrow.path):
            for (left, top), width in zip(corners, widths, strict=True):
                assert not (left + 1 < x < left + width - 1 and top + 1 < y < top + 49)


def test_arrows_that_need_not_cross_do_not():
    rows = [[_Place(row, 50.0, True) for _ in range(4)] for row in range(3)]
    for upper, lower in pairwise(rows):
        for place, other in zip(upper, reversed(lower), strict=True):
            place.below.append(other)
            other.above.append(place)
    for row in rows:
        for order, place in enumerate(row):
            place.order = order
    assert _crossings(rows) == 12
    _order(rows)
    assert _crossings(rows) == 0


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 5)), min_size=1, max_size=6))
def test_places_in_a_row_are_the_nearest_to_the_wishes(wishes_and_weights):
    wishes, weights = map(np.array, zip(*wishes_and_weights, strict=True))
    row = [_Place(0, 10.0, True) for _ in wishes]
    x = np.array(_apart(row, wishes, weights))
    assert (np.diff(x) >= 10 + GAP - 1e-9).all()

    def distance(x):
        return np.sum(weights * (x - wishes) ** 2)

    for start in range(len(x)):  # no group of neighbours that touch wants to move either way
        for stop in range(start + 1, len(x) + 1):
            for move in (-1e-3, 1e-3):
                moved = x.copy()
                moved[start:stop] += move
                if (np.diff(moved) >= 10 + GAP - 1e-9).all():
                    assert distance(moved) >= distance(x) - 1e-9
