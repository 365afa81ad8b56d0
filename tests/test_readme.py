"""The README is true: its Python runs and prints what it says, its commands exist, its links lead somewhere."""

import contextlib
import io
import linecache
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def blocks(text):
    """Return (language, content) of every fenced block, in order."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def assert_true(page, name):
    """Assert that every Python block of a page prints the text that follows it; return how many there are."""
    namespace = {"__name__": name}
    found = blocks(page)
    checked = 0
    for (language, code), (next_language, output) in zip(found, [*found[1:], ("", "")], strict=True):
        if language == "python":
            filename = f"<{name}, block {checked}>"
            linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)  # as notebooks do
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, filename, "exec"), namespace)
            assert next_language == "text", f"no output is shown for:\n{code}"
            assert printed.getvalue() == output
            checked += 1
    return checked


def test_every_python_block_prints_what_follows_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where files are saved
    assert assert_true(README, "README.md") >= 2


def test_the_first_block_is_the_two_commands():
    language, commands = blocks(README)[0]
    assert language == "sh"
    assert [line.split("#")[0].split() for line in commands.splitlines()] == [["make", "demo"], ["make", "test"]]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_extras_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for target in re.findall(r"^make (\w+)", text, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"make {target}"
    for extra in re.findall(r'"\.\[(\w+)\]"', text):
        assert extra in extras
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / path).exists(), path


def test_the_map_of_the_tree_names_what_is_there():
    tree = next(content for language, content in blocks(README) if content.startswith("autodiff/ "))
    folder = ROOT
    for line in tree.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            folder = ROOT / name
            assert folder.is_dir(), name
        else:
            assert (folder / name).exists(), line
