"""The page as a reader uses it, in Chromium: steps, keys, slider, both widths, light and dark, what is spoken.

Skipped where Chromium, its driver or selenium is missing (on Debian: apt-get install chromium chromium-driver).
"""

import json
import os
import re
import shutil

import numpy as np
import pytest

import autodiff as ad
from autodiff.readers.layouts import brief
from autodiff.readers.sweeps import adjoints
from tests.test_page import HOSTILE, NETWORK, TEXTBOOK, network, textbook

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
MISSING = [name for name, path in (("chromium", CHROMIUM), ("chromedriver", DRIVER)) if path is None]
# In CI this says that they are there: then a browser test that is skipped is a failure.
REQUIRED = os.environ.get("AUTODIFF_BROWSER") == "required"

pytestmark = pytest.mark.skipif(bool(MISSING) and not REQUIRED, reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    if REQUIRED:
        assert MISSING == []
    else:
        pytest.importorskip("selenium", reason="not installed: selenium")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",  # which needs rights that containers do not have; the pages are our own
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


class Page:
    """A page in the browser."""

    def __init__(self, driver, path):
        self.driver = driver
        self.url = path.as_uri()

    def load(self, width=1280, height=900, dark=False, reduced_motion=True, script=True):
        command = self.driver.execute_cdp_cmd
        sizes = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        command("Emulation.setDeviceMetricsOverride", sizes)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
        ]
        command("Emulation.setEmulatedMedia", {"features": features})
        command("Emulation.setScriptExecutionDisabled", {"value": not script})
        for log in ("browser", "performance"):
            self.driver.get_log(log)  # what was before
        self.driver.get(self.url)

    def run(self, script, *args):
        return self.driver.execute_script(script, *args)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector):
        (element,) = self.all(selector)
        return element

    def press(self, *keys):
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def choose(self, view):
        self.run("document.querySelector(`[name=view][value=${arguments[0]}]`).click()", view)

    def slide(self, to):
        self.run(
            "const s = document.getElementById('slider'); s.value = arguments[0];"
            "s.dispatchEvent(new Event('input', {bubbles: true}))",
            to,
        )

    def numbers(self, mode, side):
        """Return name -> number as the table shows them, in the order of the rows; those that are visible."""
        return self.run(
            """
            const cells = document.querySelectorAll(`[data-mode=${arguments[0]}] td.equation.${arguments[1]}`);
            return [...cells]
              .filter((cell) => cell.textContent && getComputedStyle(cell.nextSibling).visibility === "visible")
              .map((cell) => [cell.textContent.split(" = ")[0], cell.nextElementSibling.textContent])
            """,
            mode,
            side,
        )

    def state(self):
        """Return all that changes from step to step."""
        return self.run(
            """
            const classes = (element) => [...element.classList].sort().join(" ");
            const shown = (element) => `${element.tagName} ${element.dataset.edge ?? ""} ${classes(element)}`;
            document.querySelectorAll(".scroll").forEach((frame) => { frame.scrollTop = frame.scrollLeft = 0; });
            const edges = [...document.querySelectorAll("[data-edge]")].map(shown).sort(); // lit ones are drawn last
            const others = [...document.querySelectorAll("[class]:not([data-edge])")].map(shown);
            return [document.querySelector("main").innerText, edges, others];
            """
        )

    def complaints(self):
        """Return what stands on the console."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Return what was loaded, but for the browser's own start page."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        urls = {each["request"]["url"] for each in sent if not each["documentURL"].startswith("chrome:")}
        return urls - {"data:,"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the files: the textbook's function, and a network of arrays."""
    folder = tmp_path_factory.mktemp("pages")
    ad.record(textbook, *TEXTBOOK).to_html(folder / "textbook.html")
    ad.record(network, *NETWORK).to_html(folder / "network.html")
    return folder


@pytest.fixture
def trace(driver, pages):
    page = Page(driver, pages / "textbook.html")
    page.load()
    return page


@pytest.fixture
def array_trace(driver, pages):
    page = Page(driver, pages / "network.html")
    page.load()
    return page


LENGTH = 17  # steps of the textbook's function in reverse mode: inputs, 5 values, y, seed, 8 terms, gradient
RIGHT, LEFT, HOME, END, TAB = "\ue014", "\ue012", "\ue011", "\ue010", "\ue004"


def test_a_walk_through_the_textbook_shows_the_engines_numbers(trace):
    graph = ad.record(textbook, *TEXTBOOK)
    assert trace.numbers("reverse", "value") == [["v₋₁", "2"], ["v₀", "5"]]
    for position in range(1, LENGTH):
        trace.one("#next").click()
        assert trace.text("#position") == f"{position + 1} / {LENGTH}"
        shown = trace.numbers("reverse", "value") + trace.numbers("reverse", "derivative")
        assert len(shown) == min(position + 2, 8) + max(position - 6, 0) + (position == LENGTH - 1)  # two inputs in one
    assert [number for _, number in trace.numbers("reverse", "value")] == [
        *[brief(node.value) for node in graph], brief(textbook(*TEXTBOOK)),
    ]  # fmt: skip
    _, terms = adjoints(graph)
    read_upwards = trace.numbers("reverse", "derivative")[::-1]
    assert read_upwards[1:-2] == [[f"v̄{term.operand.symbol[1:]}", brief(term.total)] for term in terms]
    gradient = ad.grad(textbook, argnum=(0, 1))(*TEXTBOOK)
    assert read_upwards[-2:] == [["x̄2", brief(gradient[1])], ["x̄1", brief(gradient[0])]]
    assert trace.text("[data-mode=reverse] .found") == "Found: ∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert trace.complaints() == []
    assert trace.requests() == {trace.url}


def test_the_current_rule_box_and_row_light_up(trace):
    trace.slide(13)
    assert trace.text("[data-mode=reverse] .equations") == "v̄₀ = v̄₃ · cos(v₀) = −1 · cos(5) = −0.284"
    pane = "[data-mode=reverse]"
    assert [box.text.split("\n")[0].split(" ")[0] for box in trace.all(f"{pane} .node.lit")] == ["x2", "v₃"]
    assert "v̄₀ = −0.284" in trace.one(f"{pane} .node.current").text
    assert len(trace.all(f"{pane} .edge.lit.back")) == 1
    assert trace.one(f"{pane} [aria-current=step]").text.split("\n")[0].startswith("v₃ = sin(v₀)")
    assert [cell.text for cell in trace.all(f"{pane} td.current")] == ["v̄₀ = v̄₃ · cos(v₀)", "−0.284"]


@pytest.mark.parametrize("view", ["reverse", "forward", "both"])
def test_back_is_where_one_came_from(trace, view):
    trace.choose(view)
    trace.slide(1)  # from now on steps are announced
    length = int(trace.text("#position").split(" / ")[1])
    forwards = [trace.state()]
    for _ in range(length - 1):
        trace.one("#next").click()
        forwards.append(trace.state())
    assert len({str(state) for state in forwards}) == length
    trace.one("#next").click()  # the end stays the end
    backwards = [trace.state()]
    for _ in range(length - 1):
        trace.one("#back").click()
        backwards.append(trace.state())
    assert backwards[::-1] == forwards
    trace.slide(length // 2)
    assert trace.state() == forwards[length // 2 - 1]
    trace.one("#last").click()
    assert trace.state() == forwards[-1]
    trace.one("#first").click()
    assert trace.state() == forwards[0]
    assert trace.complaints() == []


def test_forward_mode_has_a_direction_for_each_input(trace):
    trace.choose("forward")
    trace.press(END)  # on the chosen view: nothing
    trace.run("document.activeElement.blur()")
    trace.press(END)
    tangents = [
        ["v̇₋₁", "1"],
        ["v̇₀", "0"],
        ["v̇₁", "0.5"],
        ["v̇₂", "5"],
        ["v̇₃", "0"],
        ["v̇₄", "5.5"],
        ["v̇₅", "5.5"],
        ["ẏ", "5.5"],
    ]
    assert trace.numbers("forward", "derivative") == tangents
    trace.one("#seed option:nth-child(2)").click()
    assert [number for _, number in trace.numbers("forward", "derivative")] == [
        "0", "1", "0", "2", "0.284", "2", "1.716", "1.716",
    ]  # fmt: skip
    assert trace.text("[data-mode=forward] .found") == "Found: ∂y/∂x2 = 1.716"


def test_side_by_side_counts_operations(trace):
    trace.choose("both")
    counts = "return ['forward', 'reverse'].map((m) => document.querySelector(`[data-mode=${m}] .total`).textContent)"
    assert trace.run(counts) == ["0", "0"]
    trace.slide(LENGTH)
    assert trace.text("[data-mode=reverse] .found") == "Found: ∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert trace.text("[data-mode=forward] .found") == "Found: ∂y/∂x1 = 5.5"  # and the second sweep has begun
    assert trace.run("return document.getElementById('seed').value") == "1"
    trace.run("document.activeElement.blur()")
    trace.press(END)
    assert trace.run(counts) == ["23", "13"]
    assert trace.text("[data-mode=forward] .found") == "Found: ∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert "2 sweeps, one per input: 5 + 2 × 9 = 23 operations" in trace.text("#comparison")
    assert "1 sweep, one per result: 5 + 1 × 8 = 13 operations" in trace.text("#comparison")
    trace.choose("reverse")
    trace.choose("forward")  # the direction can be chosen again
    assert trace.run("return document.getElementById('seed').disabled") is False


def test_keys_alone_reach_everything(trace):
    reached = []
    for _ in range(9):
        trace.press(TAB)
        reached.append(
            trace.run(
                """
                const element = document.activeElement;
                const style = getComputedStyle(element.name === "view" ? element.nextElementSibling : element);
                const outlined = parseFloat(style.outlineWidth) > 2 && style.outlineStyle !== "none";
                return [element.id || element.name || element.getAttribute("aria-label"), outlined];
                """
            )
        )
    assert [name for name, _ in reached[:8]] == [
        "view", "first", "back", "next", "last", "slider", "Picture, Reverse mode", "Table, Reverse mode",
    ]  # fmt: skip
    assert all(visible for _, visible in reached[:8])
    trace.press(RIGHT, RIGHT, RIGHT)
    assert trace.text("#position") == f"4 / {LENGTH}"
    trace.press(LEFT)
    assert trace.text("#position") == f"3 / {LENGTH}"
    trace.press(END)
    assert trace.text("#position") == f"{LENGTH} / {LENGTH}"
    trace.press(HOME)
    assert trace.text("#position") == f"1 / {LENGTH}"
    trace.run("document.getElementById('slider').focus()")
    trace.press(RIGHT)
    assert trace.text("#position") == f"2 / {LENGTH}"  # one step, not two
    trace.run("document.querySelector('[name=view]:checked').focus()")
    trace.press(RIGHT)
    assert trace.run("return document.querySelector('[name=view]:checked').value") == "forward"


def test_what_is_spoken(trace):
    status = trace.one("#announcement")
    assert status.get_attribute("aria-live") == "polite" and status.aria_role == "status"
    trace.slide(15)
    assert trace.text("#announcement") == (
        "Step 15 of 17. Adjoints: adjoint of v0 = adjoint of v0 + adjoint of v2 · v-1 = −0.284 + 1 · 2 = 1.716. "
        "Chain rule through v₂ = v₋₁ · v₀, to v₀ (x2). The term is added: this value is used more than once."
    )
    assert trace.one("#slider").get_attribute("aria-valuetext") == "Step 15 of 17"
    nodes = trace.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    spoken = {
        (node["role"]["value"], node["name"]["value"]) for node in nodes if not node["ignored"] and "name" in node
    }
    assert spoken >= {
        ("button", "First step"), ("button", "Step back"), ("button", "Step forward"), ("button", "Last step"),
        ("slider", "Step"), ("radio", "Reverse"), ("radio", "Forward"), ("radio", "Side by side"),
        ("table", "Evaluation trace, reverse mode"), ("group", "View"), ("group", "Picture, Reverse mode"),
        ("image", "Graph of y = textbook(x1, x2): 2 inputs, 5 operations"), ("cell", "v₁ = ln(v₋₁)"),
    }  # fmt: skip
    nameless = [n["role"]["value"] for n in nodes if not n["ignored"] and not n.get("name", {}).get("value")]
    assert not set(nameless) & {"button", "slider", "radio", "combobox", "table", "image", "region"}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("view", ["reverse", "forward", "both"])
@pytest.mark.parametrize("name", ["trace", "array_trace"])
def test_nothing_sticks_out(name, view, width, request):
    page = request.getfixturevalue(name)
    page.load(width=width)
    page.choose(view)
    length = int(page.text("#position").split(" / ")[1])
    for position in (1, length // 2, length):
        page.slide(position)
        assert page.run("return document.documentElement.scrollWidth") <= width
        sizes = page.run(
            """
            return [...document.querySelectorAll("button, #slider, .views label, .rule, .scroll, #comparison")]
              .filter((element) => element.offsetParent).map((element) => element.getBoundingClientRect().toJSON())
            """
        )
        assert sizes and all(size["left"] >= 0 and size["right"] <= width and size["height"] >= 24 for size in sizes)
        wide = "return [...document.querySelectorAll('.listing')].map((frame) => frame.scrollWidth - frame.clientWidth)"
        assert page.run(wide) == [0, 0]
        outside = page.run(
            """
            return [...document.querySelectorAll(".pane:not([hidden]) .drawing")].flatMap((frame) => {
              const box = frame.querySelector(".node.current").getBoundingClientRect();
              const around = frame.getBoundingClientRect();
              const inside = box.top >= around.top - 1 && box.bottom <= around.bottom + 1;
              return inside ? [] : [[frame.getAttribute("aria-label"), box.toJSON(), around.toJSON()]];
            })
            """
        )
        assert outside == []
    texts = page.run(
        """
        return [...document.querySelectorAll(".pane:not([hidden]) .node")].filter((node) => {
          const box = node.querySelector("rect").getBBox();
          return [...node.querySelectorAll("text")].some((text) => text.getBBox().width > box.width - 6);
        }).map((node) => node.textContent)
        """
    )
    assert texts == []
    assert page.complaints() == []


def test_arrays_end_at_the_engines_numbers(array_trace):
    array_trace.press(END)
    gradient = ad.grad(network, argnum=tuple(range(6)))(*NETWORK)
    names = ["X", "W1", "b1", "W2", "b2", "target"]
    expected = ", ".join(f"∂y/∂{name} = {brief(part)}" for name, part in zip(names, gradient, strict=True))
    assert array_trace.text("[data-mode=reverse] .found") == f"Found: {expected}"
    array_trace.choose("both")
    assert "by 25 inputs: forward mode takes 25 sweeps" in array_trace.text("#comparison")
    assert array_trace.requests() == {array_trace.url}


def luminance(colour):
    channels = np.array([int(part) / 255 for part in re.findall(r"\d+", colour)[:3]])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_are_readable(trace, dark):
    trace.load(dark=dark)
    paper = luminance(trace.run("return getComputedStyle(document.body).backgroundColor"))
    assert (paper < 0.1) == dark
    for position in (3, 13, LENGTH):
        trace.slide(position)
        pairs = trace.run(
            """
            const seen = [];
            for (const element of document.querySelectorAll("body *")) {
              const svg = element instanceof SVGElement;
              if (svg ? element.tagName !== "text" : !element.offsetParent) continue;
              if (![...element.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
              const style = getComputedStyle(element);
              if (style.visibility === "hidden" || element.closest(".spoken") || element.closest("[hidden]")) continue;
              let behind = svg ? getComputedStyle(element.parentNode.querySelector("rect")).fill : "";
              for (let at = element; !svg && at; at = at.parentElement) {
                behind = getComputedStyle(at).backgroundColor;
                if (behind !== "rgba(0, 0, 0, 0)") break;
              }
              seen.push([element.textContent, svg ? style.fill : style.color, behind]);
            }
            return seen;
            """
        )
        assert len(pairs) > 30
        for text, ink, behind in pairs:
            darker, lighter = sorted([luminance(ink), luminance(behind)])
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (text, ink, behind)


@pytest.mark.parametrize("reduced", [False, True])
def test_motion_is_reduced_where_that_is_asked_for(trace, reduced):
    trace.load(reduced_motion=reduced)
    moving = trace.run(
        "const moves = (element) => parseFloat(getComputedStyle(element).transitionDuration) > 0;"
        "return [...document.querySelectorAll('*')].filter(moves).length"
    )
    assert (moving == 0) == reduced


def test_labels_are_shown_as_they_are(driver, tmp_path):
    graph = ad.record(lambda x: np.sin(ad.label(x * 2, HOSTILE)), 1.0)
    graph.inputs[0].label = HOSTILE
    graph.to_html(tmp_path / "hostile.html")
    page = Page(driver, tmp_path / "hostile.html")
    page.load()
    page.press(END)
    assert page.text("[data-mode=reverse] .found") == f"Found: ∂y/∂{HOSTILE} = {brief(2 * np.cos(2.0))}"
    assert page.driver.title.endswith(f"({HOSTILE})")
    assert {element.get_attribute("class") for element in page.all("b")} == {"label"}
    assert page.text("[data-mode=reverse] b.label") == HOSTILE
    assert page.complaints() == []


def test_without_a_script_the_trace_is_complete(driver, pages):
    page = Page(driver, pages / "textbook.html")
    try:
        page.load(script=False)
        shown = [cell.text for cell in page.all("[data-mode=reverse] td.number")]
        assert "11.652" in shown and "1.716" in shown and "−0.284" in shown
        assert "Without JavaScript" in page.one("main").text
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
