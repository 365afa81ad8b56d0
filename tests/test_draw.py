"""Pictures: their DOT text, what is folded, and what happens without Graphviz."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.graph import Graph
from autodiff.readers import rendering
from autodiff.readers.grouping import group, in_order
from autodiff.tape_graph import read_tape

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def baydin(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def texts(picture):
    """Return what a reader sees in each box, and on the arrows."""
    boxes = re.findall(r"^\s+(\w+) \[label=<(.*)>\]$", picture.source, flags=re.MULTILINE)
    plain = {key: re.sub(r"<[^>]*>", " ", label).replace("&#160;", " ") for key, label in boxes}
    shown = {key: " ".join(text.split()) for key, text in plain.items()}
    found = re.findall(r"^\s+(\w+) -> (\w+)(?: \[(.*)\])?$", picture.source, flags=re.MULTILINE)
    labels = [re.search(r'label="([^"]*)"', options) for _, _, options in found]
    arrows = {
        (tail, head): label[1].strip() if label else "" for (tail, head, _), label in zip(found, labels, strict=True)
    }
    return shown, arrows


def caption(picture):
    label = re.search(r"graph \[.*label=<(.*?)</TABLE>> labelloc", picture.source)
    return " ".join(re.sub(r"<[^>]*>", " ", label[1]).split())


# --- operations -------------------------------------------------------------------


def test_a_recorded_function_shows_formulas_values_and_gradients():
    boxes, arrows = texts(ad.record(baydin, 2.0, 5.0).draw())
    assert boxes == {
        "vm1": "x1 v₋₁ value 2 gradient 5.5",
        "v0": "x2 v₀ value 5 gradient 1.716",
        "v1": "v₁ = ln(x1) value 0.693 gradient 1",
        "v2": "v₂ = x1 · x2 value 10 gradient 1",
        "v3": "v₃ = sin(x2) value −0.959 gradient −1",
        "v4": "v₄ = v₁ + v₂ value 10.693 gradient 1",
        "v5": "v₅ = v₄ − v₃ value 11.652 gradient 1",
    }
    assert set(arrows) == {
        ("vm1", "v1"), ("vm1", "v2"), ("v0", "v2"), ("v0", "v3"),
        ("v1", "v4"), ("v2", "v4"), ("v3", "v5"), ("v4", "v5"),
    }  # fmt: skip


def test_the_dot_text():
    """A snapshot: whoever changes how pictures look sees here what changed."""
    source = ad.record(lambda x: np.exp(x), 0.0).draw(gradients=False).source
    box = 'CELLBORDER="0" CELLSPACING="0" CELLPADDING="3"><TR><TD>&#160;'
    assert source.split("\n", 4)[4] == (
        f'\tv0 [label=<<TABLE BGCOLOR="#cfe3f8" COLOR="#2f6ea5" BORDER="2" {box}<B>x</B>  '
        '<FONT COLOR="#4a525c" POINT-SIZE="10">v₀</FONT>&#160;</TD></TR>'
        "<TR><TD>&#160;value 0&#160;</TD></TR></TABLE>>]\n"
        f'\tv1 [label=<<TABLE BGCOLOR="#a9d8b0" COLOR="#1d6b34" BORDER="3" STYLE="rounded" {box}'
        "<B>v₁ = exp(x)</B>&#160;</TD></TR><TR><TD>&#160;value 1&#160;</TD></TR></TABLE>>]\n"
        "\tv0 -> v1\n"
        "}\n"
    )


def test_the_multiplicity_stands_on_the_arrow():
    assert texts(ad.record(lambda x: x * x, 3.0).draw())[1] == {("v0", "v1"): "×2"}


def test_names_stand_in_formulas_only_if_they_are_unambiguous():
    def f(x):
        y = np.sin(x)
        z = np.cos(y)
        z = np.exp(z)
        return z * y

    boxes, _ = texts(ad.record(f, 1.0).draw(gradients=False))
    assert boxes["v3"].startswith("z = exp(v₂)")
    assert boxes["v4"].startswith("v₄ = v₃ · y")


def test_a_recorded_gradient_distinguishes_the_sweep_back():
    graph = ad.record(ad.grad(lambda x: np.sum(np.sin(x) * x)), np.ones(3))
    assert "backward" in caption(graph.draw())
    assert "backward" not in caption(ad.record(baydin, 2.0, 5.0).draw())


def test_what_is_not_differentiable_has_a_dash_and_no_influence_is_zero():
    boxes, _ = texts(ad.record(lambda x, _y: np.where(x > 1.0, x, 0.0), 2.0, 3.0).draw())
    assert next(text for text in boxes.values() if ">" in text or "&gt;" in text).endswith("gradient –")
    assert boxes["v0"] == "_y v₀ value 3 gradient 0"


def test_several_results_have_a_box_each():
    boxes, _ = texts(ad.record(np.linalg.qr, np.eye(3) + 1.0).draw())
    assert boxes["v1"].endswith("2 results") and "v₁[0]" in boxes["v2"] and "v₁[1]" in boxes["v3"]


# --- tensors ----------------------------------------------------------------------


def eager():
    x1, x2 = (ad.tensor(v, requires_grad=True, name=n) for v, n in ((2.0, "x1"), (5.0, "x2")))
    y = baydin(x1, x2)
    y.name = "y"
    return x1, x2, y


def test_a_tensor_shows_dashes_before_backward_and_gradients_after():
    x1, x2, y = eager()
    before, _ = texts(ad.draw(y))
    assert all(text.endswith("gradient –") for text in before.values())
    y.backward()
    after, _ = texts(ad.draw(y))
    assert after["vm1"] == "x1 v₋₁ value 2 gradient 5.5"
    assert after["v0"] == "x2 v₀ value 5 gradient 1.716"
    assert sorted(text.split(" = ", 1)[1] for key, text in after.items() if key in ("v1", "v2", "v4")) == [
        "ln(x1) value 0.693 gradient 1",
        "sin(x2) value −0.959 gradient −1",
        "x1 · x2 value 10 gradient 1",
    ]
    assert after["v5"] == "y = v₃ − v₄ v₅ value 11.652 gradient 1"
    x1.zero_grad()
    x2.zero_grad()
    assert texts(ad.draw(y))[0] == before


def test_drawing_changes_nothing():
    x1, _, y = eager()
    y.backward()
    gradient = x1.grad.copy()
    ad.draw(y)
    assert x1.grad == gradient
    y.backward()
    assert x1.grad == 2 * gradient


def test_an_input_with_more_than_this_gradient_is_explained():
    _, _, y = eager()
    y.backward()
    assert "adds up" not in ad.draw(y).source
    y.backward()
    picture = ad.draw(y)
    assert texts(picture)[0]["vm1"].endswith("gradient 11")
    assert "Inputs show .grad, which adds up over backward passes" in caption(picture)


def test_constants_are_shown_where_they_are_numbers():
    x = ad.tensor(2.0, requires_grad=True, name="x")
    boxes, _ = texts(ad.draw(3.0 * x + 1.5))
    assert boxes["v1"].startswith("v₁ = 3 · x") and boxes["v2"].startswith("v₂ = v₁ + 1.5")


def test_intermediate_arrays_have_their_shape_although_the_tape_does_not_keep_them():
    w = ad.tensor(np.ones((3, 2)), requires_grad=True, name="w")
    loss = np.sum(np.ones((5, 3)) @ w + 1.0)
    boxes, _ = texts(ad.draw(loss))
    assert boxes["v1"] == "v₁ = [5×3] @ w shape 5×2 gradient –"
    loss.backward()
    assert texts(ad.draw(loss))[0]["v1"] == "v₁ = [5×3] @ w shape 5×2 gradient of norm 3.162"


def test_gradients_inside_equal_those_of_ad_grad():
    rng = np.random.default_rng(0)
    w = ad.tensor(rng.normal(size=(3, 3)), requires_grad=True)
    q, r = np.linalg.qr(w)
    loss = np.sum(np.sin(q) * r)
    loss.backward()
    tape = read_tape(loss, 100)
    found = [tape.gradients[node] for node in tape.graph if node.kind == "output"]
    expected = ad.grad(lambda q, r: np.sum(np.sin(q) * r), (0, 1))(q.numpy(), r.numpy())
    assert all(np.allclose(a, b, rtol=1e-14) for a, b in zip(found, expected, strict=True))
    assert not tape.summed


def test_inputs_show_what_was_computed_with_even_after_an_update():
    w = ad.tensor(2.0, requires_grad=True, name="w")
    loss = w * w
    loss.backward()
    with ad.no_grad():
        w -= 0.5
    boxes, _ = texts(ad.draw(loss))
    assert boxes["v0"] == "w v₀ value 2 gradient 4"
    assert boxes["v1"].endswith("value 4 gradient 1")


def test_an_input_that_is_gone_is_drawn_without_its_number():
    def loss():
        return ad.tensor(2.0, requires_grad=True, name="gone") + 1.0

    assert texts(ad.draw(loss()))[0]["v0"] == "gone v₀ value not kept gradient –"


def test_names_given_to_results_are_found_and_removed():
    x = ad.tensor(2.0, requires_grad=True, name="x")
    z = ad.label(np.sin(x), "z1")
    assert "z1 = sin(x)" in texts(ad.draw(z * 2.0))[0]["v1"]
    z.name = None
    assert "z1" not in ad.draw(z * 2.0).source


def test_models_computed_eagerly_have_their_parameters():
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=0))
    loss = nn.MSELoss()(model(np.ones((4, 2))), np.zeros((4, 1)))
    loss.backward()
    picture = ad.draw(loss)
    assert "parameter" in caption(picture)
    shown = "\n".join(texts(picture)[0].values())
    assert shown.count("weight v") == 2 and shown.count("bias v") == 2 and "gradient –" not in shown
    assert "draw ad.record(f, *args) to see them" in caption(ad.draw(loss, view="model"))


def test_the_step_does_not_keep_arrays_for_pictures():
    x = ad.tensor(np.ones(1000), requires_grad=True)
    assert ad.retained(np.add(x, np.ones(1000)) + 1.0) == []


# --- models -----------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self, size, rng):
        self.inner = nn.Linear(size, size, rng=rng)

    def forward(self, x):
        return x + np.tanh(self.inner(x))


class Residual(nn.Module):
    def __init__(self, blocks):
        self.embed = nn.Linear(3, 8, rng=0)
        self.blocks = [Block(8, i) for i in range(blocks)]

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return x


def test_modules_are_boxes_with_parameters_and_shapes():
    model = nn.Sequential(nn.Linear(4, 6, rng=0), nn.ReLU(), nn.Linear(6, 2, rng=0))
    picture = ad.record(lambda x: model(x), np.ones((5, 4))).draw(view="model")
    boxes, arrows = texts(picture)
    assert set(boxes.values()) == {
        "x [5×4]", "Linear 0 30 parameters", "ReLU 1", "Linear 2 14 parameters", "result [5×2]",
    }  # fmt: skip
    assert list(arrows.values()) == ["[5×4]", "[5×6]", "[5×6]", "[5×2]"]
    assert "44 parameters" in caption(picture) and "Sequential" in picture.source


def test_repeated_modules_are_rolled():
    graph = ad.record(Residual(12), np.ones((5, 3)))
    boxes, _ = texts(graph.draw(depth=2))
    assert set(boxes.values()) == {
        "x [5×3]", "Linear embed 32 parameters", "Block × 12 blocks.0 72 parameters each", "result [5×8]",
    }  # fmt: skip
    assert "Modules are opened 2 of 3 levels deep: depth=3 opens more" in caption(graph.draw(depth=2))
    assert [text for text in texts(graph.draw(depth=1))[0].values() if "Residual" in text] == [
        "Residual 896 parameters"
    ]
    opened = graph.draw()  # around the connections of each block, too
    assert len(texts(opened)[0]) == 3 + 2 and "repeated × 12" in opened.source


def test_repeated_stretches_are_framed():
    def f(x):
        for _ in range(50):
            x = np.tanh(np.array([[0.5, 0.2], [0.1, 0.7]]) @ x)
        return x

    picture = ad.record(f, np.ones(2)).draw()
    assert len(texts(picture)[0]) == 4 and "repeated × 50" in picture.source


def test_a_cell_called_in_a_loop_is_rolled_and_its_parameters_are_shared():
    cell = nn.Linear(3, 2, rng=0)

    def f(steps):
        h = np.zeros((1, 2))
        for t in range(20):
            h = np.tanh(cell(np.concatenate([steps[t], h], axis=1)))
        return h

    picture = ad.record(f, np.ones((20, 1, 1))).draw()
    assert "repeated × 19" in picture.source and "shared with other boxes" in picture.source
    assert "8 parameters" in caption(picture)


def test_elementwise_operations_and_reshapes_are_folded_in_the_model_view():
    def f(x):
        a = np.sin(x) * 2.0 + np.cos(x)
        return np.sum(np.reshape(a, (2, 3)) @ np.ones(3))

    boxes, arrows = texts(ad.record(f, np.ones(6)).draw(view="model"))
    assert list(boxes.values()) == [
        "x [6]", "sin, cos, multiply, add a 4 elementwise operations", "matmul", "sum", "result 13.339",
    ]  # fmt: skip
    assert arrows["b0", "b1"] == "[6] ×2" and arrows["b1", "b2"] == "[2×3]"


def test_boxes_never_form_a_circle():
    """A module used at two places, with operations between them that read the first and feed the second."""
    shared = nn.Linear(3, 3, rng=0)

    class Twice(nn.Module):
        def __init__(self):
            self.layer = shared

        def forward(self, x):
            return self.layer(np.sort(self.layer(x)))

    graph = ad.record(Twice(), np.ones((2, 3)))
    groups = group(graph, 2)
    assert len(in_order(groups)) == len(groups) == 4  # x, layer, sort, layer
    assert len(group(graph, 1)) == 2


def test_one_call_is_one_box_although_a_part_of_it_reads_an_early_value():
    class Gate(nn.Module):
        def forward(self, early, late):
            return np.tanh(early) @ np.cos(late).T

    class Whole(nn.Module):
        def __init__(self):
            self.first, self.gate = nn.Linear(3, 3, rng=0), Gate()

        def forward(self, x):
            return self.gate(x, self.first(x))

    boxes, _ = texts(ad.record(Whole(), np.ones((2, 3))).draw(view="model"))
    assert sum("Gate" in text for text in boxes.values()) == 1


def test_what_is_read_later_ends_a_repetition():
    def f(x):
        for i in range(20):
            x = np.sort(x)
            if i == 9:
                middle = x
        return x @ middle

    picture = ad.record(f, np.ones(3)).draw(view="model")
    assert [text for text in texts(picture)[0].values() if "sort" in text] == ["sort × 10", "sort × 10"]


def test_many_inputs_in_containers_are_counted_in_the_boxes():
    def f(weights, x):
        for w in weights:
            x = np.tanh(x @ w)
        return x

    boxes, _ = texts(ad.record(f, [np.ones((2, 2)) / 4] * 12, np.ones((5, 2))).draw(view="model"))
    assert any("4 parameters" in text for text in boxes.values()) and not any(
        "weights" in text for text in boxes.values()
    )


# --- size -------------------------------------------------------------------------


def tangle(x, operations=400):
    """Much that cannot be folded."""
    rng = np.random.default_rng(0)
    values = [x]
    for _ in range(operations):
        i, j = rng.integers(max(0, len(values) - 20), len(values), 2)
        values.append(values[i] @ values[j])
    return values[-1]


def test_what_is_above_the_budget_is_folded_and_the_caption_says_so():
    picture = ad.record(tangle, np.eye(2)).draw(max_nodes=50)
    assert len(texts(picture)[0]) == 50
    assert "boxes in the middle are drawn as one: max_nodes=402 shows all" in caption(picture)
    assert len(texts(ad.record(tangle, np.eye(2)).draw(max_nodes=402))[0]) == 402


def test_ten_thousand_operations_are_drawn_folded():
    graph = ad.record(lambda x: tangle(x, 10_000), np.eye(2))
    picture = graph.draw()
    assert len(texts(picture)[0]) == 150


def test_a_million_operations_are_refused_without_recursion():
    program = """
import autodiff as ad
y = ad.tensor(0.5, requires_grad=True)
for _ in range(1_000_000):
    y = y * 1.0000001
try:
    ad.draw(y)
except ValueError as refused:
    print(refused)
"""  # in a process of its own, whose memory nobody else has to hold
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    assert shown.startswith("draw: a picture is made of at most 20,000 nodes; got a tensor with more behind it.")


def test_large_graphs_are_refused_with_the_option_to_use():
    graph = ad.record(tangle, np.eye(2))
    with pytest.raises(ValueError, match=r"at most 100 nodes; got 401\. .* raise `limit`"):
        graph.draw(limit=100)
    with pytest.raises(ValueError, match=r"at most max_nodes=150 operations are drawn.*view=\"model\""):
        graph.draw(view="operations")


# --- text -------------------------------------------------------------------------

HOSTILE = "<b>&\"'</TD>\x00\n\\N\\l\\G ]]> --> \ud800 \x7f"


@pytest.mark.parametrize("view", ["operations", "model"])
def test_names_are_data(view):
    x = ad.tensor(2.0, requires_grad=True, name=HOSTILE)
    picture = ad.draw(x * x, view=view)
    assert "<b>" not in picture.source and "&lt;b&gt;&amp;&quot;" in picture.source
    assert all(c.isprintable() or c in "\n\t\u200b" for c in picture.source)
    if shutil.which("dot"):
        root = xml.etree.ElementTree.fromstring(picture.render("svg"))
        seen = " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "<b>&\"'</TD>" in seen and "N" in seen.split("\\")[1]


def test_hostile_module_names_and_titles():
    model = nn.ModuleDict({'<b>&"': nn.Linear(2, 2, rng=0)})

    def f(x):
        with ad.scope('<i>&"\\'):
            return model['<b>&"'](x) @ np.ones(2)

    f.__name__ = "<u>&"
    picture = ad.record(f, np.ones(2)).draw(view="model")
    assert not re.search("<[iu]>", picture.source) and "&lt;i&gt;" in picture.source and "&lt;u&gt;" in picture.source
    if shutil.which("dot"):
        xml.etree.ElementTree.fromstring(picture.render("svg"))


def test_long_names_are_cut():
    x = ad.tensor(2.0, requires_grad=True, name="x" * 500)
    assert "x" * 59 + "…" in ad.draw(x * 2.0).source and "x" * 60 not in ad.draw(x * 2.0).source


def test_the_same_graph_gives_the_same_text_in_another_process():
    program = """
import sys, numpy as np, autodiff as ad, nn
model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=0))
x = ad.tensor(np.ones((3, 3)), requires_grad=True)
pictures = [ad.record(model, np.ones((4, 2))).draw(view=view) for view in ("model", "operations")]
pictures.append(ad.draw(ad.checkpoint(lambda a: np.sum(a * a))(x)))
sys.stdout.buffer.write("".join(picture.source for picture in pictures).encode())
"""
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(runs) == 1 and b"Linear" in runs.pop()


# --- files and notebooks ----------------------------------------------------------


@needs_dot
@pytest.mark.parametrize(
    ("format", "begin"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph")]
)
def test_files(format, begin, tmp_path):
    graph = ad.record(baydin, 2.0, 5.0)
    for name in ("a", "b"):
        graph.draw(tmp_path / f"{name}.{format}")
    assert (tmp_path / f"a.{format}").read_bytes().startswith(begin)
    assert (tmp_path / f"a.{format}").read_bytes() == (tmp_path / f"b.{format}").read_bytes()
    ad.draw(graph, str(tmp_path / "c"), format=format)
    assert (tmp_path / "c").read_bytes() == (tmp_path / f"a.{format}").read_bytes()


@needs_dot
def test_the_pictures_of_the_documentation(tmp_path):
    folder = Path(__file__).parent.parent / "docs"
    subprocess.run([sys.executable, folder / "pictures.py", tmp_path], check=True)
    assert {path.name for path in tmp_path.glob("*.svg")} == {path.name for path in folder.glob("*.svg")}


@needs_dot
def test_svg_follows_the_page_into_the_dark_and_asks_for_nothing():
    svg = ad.record(baydin, 2.0, 5.0).draw().render("svg").decode()
    assert "@media (prefers-color-scheme: dark)" in svg and "<!--" not in svg
    assert {tag for tag in re.findall(r'(?:href|src|url\()="?([^"]*)', svg) if "http" in tag} == set()
    assert len(re.findall(r'fill="#57606b"|stroke="#57606b"', svg)) > 8  # what the style sheet exchanges is there


def without(monkeypatch, dot=True, pygraphviz=True):
    if dot:
        monkeypatch.setattr(rendering.shutil, "which", lambda _: None)
    if pygraphviz:
        monkeypatch.setitem(sys.modules, "pygraphviz", None)


def test_without_dot_pygraphviz_draws(monkeypatch):
    pytest.importorskip("pygraphviz")
    without(monkeypatch, pygraphviz=False)
    picture = ad.record(baydin, 2.0, 5.0).draw()
    assert picture.render("svg").startswith(b"<svg") and picture.render("png").startswith(b"\x89PNG")
    assert "ln(x1)" in picture.render("svg").decode()


def test_without_both_there_is_one_error_with_the_install_line(monkeypatch, tmp_path):
    without(monkeypatch)
    graph = ad.record(baydin, 2.0, 5.0)
    with pytest.raises(ImportError, match=r"`dot` on the PATH or pygraphviz; got none.*'autodiff-nn\[viz\]', or"):
        graph.draw(tmp_path / "a.svg")
    assert not (tmp_path / "a.svg").exists()
    graph.draw(tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text().startswith("digraph")


def test_notebooks_never_raise(monkeypatch):
    graph = ad.record(baydin, 2.0, 5.0)
    loss = eager()[2]
    if shutil.which("dot"):
        assert graph._repr_html_().startswith("<svg")
        assert set(graph.draw()._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}
    without(monkeypatch)
    assert graph.draw()._repr_svg_() is None
    assert "<table" in graph._repr_html_() and "<table" in graph.draw()._repr_mimebundle_()["text/html"]
    assert "tensor" in ad.draw(loss)._repr_html_()
    monkeypatch.setattr(Graph, "active_operands", None)
    assert graph._repr_html_() == "<pre>&lt;Graph of baydin: 2 inputs, 5 operations&gt;</pre>"
    assert ad.record(tangle, np.eye(2))._repr_html_().startswith("<pre>")


def test_graphviz_reports_its_own_errors():
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed")
    with pytest.raises(RuntimeError, match=r"draw: Graphviz failed; got .*syntax error"):
        rendering.render("digraph {", "svg")


# --- refusals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"view": "tree"}, r"draw: no such view; got 'tree'\. Choose 'operations' or 'model'"),
        ({"direction": "up"}, r"draw: no such direction; got 'up'\. Choose 'right' or 'down'"),
        ({"format": "bmp"}, r"draw: no such format; got 'bmp'\. Choose one of svg, png, pdf, dot"),
        ({"path": "a.bmp"}, r"draw: no such format; got 'bmp'"),
        ({"path": "a.png", "format": "svg"}, r"the suffix of the file tells another format; got \.png and 'svg'"),
        ({"depth": 0}, r"draw: `depth` is an integer of at least 1; got 0"),
        ({"max_nodes": 3}, r"draw: `max_nodes` is an integer of at least 10; got 3"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        ad.record(baydin, 2.0, 5.0).draw(**options)


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(TypeError, match=r"draw: takes a tensor or a graph; got a list"):
        ad.draw([1.0])
    with pytest.raises(ValueError, match=r"draw: nothing was recorded; got a tensor that depends on no input"):
        ad.draw(ad.tensor(1.0))
    with pytest.raises(ValueError, match=r"draw: the tensor belongs to a transformation that is still running"):
        ad.grad(lambda x: ad.draw(x * x) or x)(1.0)
