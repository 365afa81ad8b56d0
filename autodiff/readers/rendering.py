"""From DOT text to pictures: by `dot` on the PATH, else by pygraphviz."""

from __future__ import annotations

import re
import shutil
import subprocess

from autodiff.extras import required
from autodiff.readers.diagram import dark_mode

FORMATS = ("svg", "png", "pdf", "dot")
RESOLUTION = "144"  # dots per inch, of PNG


def render(source: str, format: str) -> bytes:
    """Return DOT text as a picture in the format "svg", "png", "pdf", or as it is ("dot").

    Raises
    ------
    ImportError
        If neither Graphviz nor pygraphviz is installed; "dot" needs neither.
    """
    if format == "dot":
        return source.encode()
    picture = _by_dot(source, format) if shutil.which("dot") else _by_pygraphviz(source, format)
    if format == "pdf":  # has the date in it: same graph, same bytes
        picture = re.sub(rb"/CreationDate \(D:\d{14}", b"/CreationDate (D:" + b"20000101000000", picture)
    return dark_mode(picture.decode()).encode() if format == "svg" else picture


def _by_dot(source: str, format: str) -> bytes:
    resolution = [f"-Gdpi={RESOLUTION}"] if format == "png" else []
    done = subprocess.run(
        ["dot", f"-T{format}", *resolution],
        input=source.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode or not done.stdout:
        raise RuntimeError(
            f"draw: Graphviz failed; got {done.stderr.decode(errors='replace').strip() or 'no picture'!r}. "
            'Look at the text it was given: draw(..., format="dot").'
        )
    return done.stdout


def _by_pygraphviz(source: str, format: str) -> bytes:
    pygraphviz = required(
        "pygraphviz",
        "viz",
        "draw",
        needs="Graphviz, `dot` on the PATH or pygraphviz",
        instead='apt install graphviz; format="dot" needs neither',
    )
    drawing = pygraphviz.AGraph(string=source)
    if format == "png":
        drawing.graph_attr["dpi"] = RESOLUTION
    drawn: bytes = drawing.draw(format=format, prog="dot")
    return drawn
