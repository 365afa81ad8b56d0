"""What is installed: the version, the type marker, and what an import loads."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import autodiff as ad

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def loaded_by(statement):
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(run.stdout.split())


def test_imports_load_numpy_and_nothing_heavy():
    installed = {name.partition(".")[0] for name in importlib.metadata.packages_distributions()}
    allowed = {"numpy", "autodiff", "nn"} | loaded_by("import numpy")
    assert not loaded_by("import autodiff, nn") & (installed - allowed)


def test_the_installed_version_is_the_one_in_the_source():
    try:
        installed = importlib.metadata.version(PROJECT["project"]["name"])
    except importlib.metadata.PackageNotFoundError:  # the tests run from the source tree alone
        installed = ad.__version__
    assert installed == ad.__version__


def test_both_packages_are_typed_and_packaged():
    for package in ("autodiff", "nn"):
        assert (ROOT / package / "py.typed").exists()
        assert f"{package}*" in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]


def test_the_extra_all_has_every_other_one():
    extras = PROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(everything.partition("[")[2].rstrip("]").split(","))
    assert named == set(extras) - {"all"}
