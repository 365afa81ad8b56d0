"""A diagram of boxes and arrows, and its text in Graphviz's DOT language.

Whatever a user names, `<b>&"` included, is data: it is escaped here and nowhere else. Colours
are given once, light; on a dark page a style sheet in the SVG exchanges ink and paper, the boxes
stay light. In greyscale the roles differ by brightness, corners and border.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

INK, PAPER, TEXT, QUIET = "#57606b", "#fefefe", "#1c2128", "#4a525c"
DARK_INK, DARK_PAPER = "#aab4c0", "#16191e"
FONT = "Helvetica,Arial,sans-serif"


class Role(NamedTuple):
    """How boxes of one kind look."""

    fill: str
    border: str
    style: str = "rounded"
    width: int = 1


ROLES = {
    "input": Role("#cfe3f8", "#2f6ea5", "", 2),
    "parameter": Role("#f6cf96", "#9a5b00", "", 1),
    "operation": Role("#f5f5f2", "#6a6a66"),
    "module": Role("#e3dcf2", "#5f4b9a"),
    "backward": Role("#f3d3dc", "#a03a5b", "rounded,dashed"),
    "result": Role("#a9d8b0", "#1d6b34", "rounded", 3),
    "folded": Role("#d9d9d4", "#55554f", "rounded,dashed"),
}
"""By role; a role that occurs stands in the legend."""


class Line(NamedTuple):
    """A line of text in a box."""

    text: str
    style: str = "plain"  # "title", "plain" or "quiet"
    aside: str = ""  # after a title


@dataclass
class Box:
    """A node of the diagram: its role, and lines of text."""

    key: str
    role: str
    lines: Sequence[Line]
    group: tuple[str, ...] = ()  # the frames around it, outermost first


class Arrow(NamedTuple):
    """An edge of the diagram."""

    tail: str
    head: str
    label: str = ""
    straight: bool = False  # whether it is part of the spine of the picture


@dataclass
class Diagram:
    """Boxes, arrows, frames around boxes, and what is to be said below."""

    title: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    frames: dict[tuple[str, ...], str] = field(default_factory=dict)  # their titles
    caption: list[str] = field(default_factory=list)
    direction: str = "down"

    def to_dot(self) -> str:
        """Return the diagram in the DOT language."""
        import graphviz

        dot = graphviz.Digraph(
            graph_attr={
                "rankdir": "TB" if self.direction == "down" else "LR",
                "bgcolor": PAPER,
                "fontname": FONT,
                "fontsize": "11",
                "label": self._legend(),
                "labelloc": "b",
                "nodesep": "0.25",
                "ranksep": "0.4",
                "pad": "0.15",
            },
            node_attr={"shape": "plain", "fontname": FONT, "fontsize": "12", "fontcolor": TEXT},
            edge_attr={
                "fontname": FONT, "fontsize": "10", "fontcolor": INK, "color": INK, "arrowsize": "0.7",
                "penwidth": "1.1",
            },
        )  # fmt: skip
        self._write_group(dot, (), graphviz)
        for arrow in self.arrows:
            attributes = {"label": f" {escaped(arrow.label)} "} if arrow.label else {}
            if arrow.straight:
                attributes["weight"] = "8"
            dot.edge(arrow.tail, arrow.head, **attributes)
        return dot.source

    def _write_group(self, dot: Any, group: tuple[str, ...], graphviz: Any) -> None:
        """Write the boxes that stand in a frame, and the frames inside it."""
        for box in self.boxes:
            if box.group == group:
                dot.node(box.key, _table(box))
        depth = len(group) + 1
        inner = dict.fromkeys(
            box.group[:depth] for box in self.boxes if len(box.group) >= depth and box.group[: depth - 1] == group
        )
        for frame in inner:
            number = list(self.frames).index(frame)
            title = escaped(self.frames[frame])
            room = "&#160;" * round(2.4 * len(title))  # so that an arrow into the middle passes by the title
            attributes = {
                "label": f"<{_font(title + room, INK, 11)}>", "color": INK, "style": "rounded,dashed",
                "fontname": FONT, "labelloc": "t", "labeljust": "l", "margin": "12",
            }  # fmt: skip
            with dot.subgraph(name=f"cluster_{number}", graph_attr=attributes) as inside:
                self._write_group(inside, frame, graphviz)

    def _legend(self) -> str:
        """Return the caption, and what the colours mean, as a label."""
        roles = [role for role in ROLES if any(box.role == role for box in self.boxes)]
        swatches = "".join(
            f'<TD BGCOLOR="{ROLES[role].fill}" COLOR="{ROLES[role].border}" BORDER="{ROLES[role].width}"'
            f'{_style(role)} FIXEDSIZE="TRUE" WIDTH="{22 + 7 * len(role)}" HEIGHT="24">{_font(role, TEXT, 10)}</TD>'
            for role in roles
        )  # fmt: skip
        rows = [f"<TR><TD>{_font(escaped(line, 120), INK, 10)}</TD></TR>" for line in self.caption]
        if len(roles) > 1:
            legend = f'<TABLE BORDER="0" CELLSPACING="6" CELLPADDING="3"><TR><TD></TD>{swatches}<TD></TD></TR></TABLE>'
            rows.insert(0, f"<TR><TD>{legend}</TD></TR>")
        return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>>' if rows else ""


def _table(box: Box) -> str:
    """Return a box as Graphviz's HTML-like label."""
    role = ROLES[box.role]
    rows = "".join(f"<TR><TD>&#160;{_text(line)}&#160;</TD></TR>" for line in box.lines)
    return (
        f'<<TABLE BGCOLOR="{role.fill}" COLOR="{role.border}" BORDER="{role.width}"{_style(box.role)} '
        f'CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">{rows}</TABLE>>'
    )


def _style(role: str) -> str:
    style = ROLES[role].style
    return f' STYLE="{style}"' if style else ""


def _text(line: Line) -> str:
    text = escaped(line.text)
    if line.style == "title":
        aside = f"  {_font(escaped(line.aside), QUIET, 10)}" if line.aside else ""
        return f"<B>{text}</B>{aside}"
    return _font(text, QUIET, 10) if line.style == "quiet" else text


def _font(text: str, colour: str, size: int) -> str:
    return f'<FONT COLOR="{colour}" POINT-SIZE="{size}">{text}</FONT>'


def escaped(text: str, length: int = 60) -> str:
    """Return a user's text as data for Graphviz: short, on one line, without markup or control characters."""
    text = re.sub(r"\s+", " ", text)
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    if len(text) > length:
        text = f"{text[: length - 1]}…"
    text = text.replace("\\", "\\\u200b")  # a space of no width: \N would be the name of the box
    return html.escape(text) or " "


def dark_mode(svg: str) -> str:
    """Return an SVG that exchanges ink and paper where the reader's page is dark."""
    style = (
        "<style>@media (prefers-color-scheme: dark) {"
        f'svg.autodiff [fill="{INK}"] {{fill: {DARK_INK}}} svg.autodiff [stroke="{INK}"] {{stroke: {DARK_INK}}} '
        f'svg.autodiff [fill="{PAPER}"] {{fill: {DARK_PAPER}}}'
        "}</style>"
    )
    svg = re.sub(r"<!--.*?-->\n?", "", svg[svg.index("<svg") :], flags=re.DOTALL)  # versions, and names once more
    return re.sub(r"<svg([^>]*)>", rf'<svg class="autodiff"\1>{style}', svg, count=1)
