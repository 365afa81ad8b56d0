"""The directions of the imports: the engine knows no rule and no reader, `nn` only public names."""

import ast
from pathlib import Path

import pytest

import autodiff as ad

ROOT = Path(__file__).resolve().parent.parent
ENGINE = {
    "operands", "dispatch", "primitives", "arraylike", "assignment", "residuals", "tape", "tensor", "boundary",
    "retained", "reverse", "forward", "batch", "transforms", "jacobians", "complex_derivatives", "tree", "anomaly",
    "source", "switches",
}  # fmt: skip
READERS = {"readers", "graph", "record", "recorder", "compiler"}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "core", "tools"}
COMPATIBILITY = {
    "autodiff/misc", "autodiff/core.py",  # names that HIPS autograd's programs import
    "nn/utils.py",  # torch.nn.utils.clip_grad_norm_ and the like, as PyTorch's programs spell them
}  # fmt: skip


def modules(package):
    return sorted(p for p in (ROOT / package).rglob("*.py") if "__pycache__" not in p.parts)


def imports(path):
    """Return every imported name in full, function-level imports included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            base = ".".join([*package, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def within(name, package):
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_imports_neither_rules_nor_readers(name):
    allowed = {f"autodiff.{module}" for module in ENGINE}
    for imported in imports(ROOT / "autodiff" / f"{name}.py"):
        if within(imported, "autodiff"):
            ours = any(within(imported, module) for module in allowed)
            package = imported.removeprefix("autodiff.") in ENGINE  # `from autodiff import anomaly`
            assert ours or package, f"{name}.py imports {imported}"
        assert not within(imported, "nn"), f"{name}.py imports {imported}"


def test_the_rules_import_no_reader():
    for path in modules("autodiff/rules"):
        for imported in imports(path):
            assert not any(within(imported, f"autodiff.{reader}") for reader in READERS), f"{path.name}: {imported}"
            assert not within(imported, "nn")


def test_nn_imports_only_public_names_of_autodiff():
    public = set(ad.__all__)
    for path in modules("nn"):
        for imported in imports(path):
            if within(imported, "autodiff") and imported != "autodiff":
                _, name, *deeper = imported.split(".")
                assert name in public and not deeper, f"{path.relative_to(ROOT)} imports {imported}"


def test_nn_uses_no_private_attribute_of_autodiff():
    for path in modules("nn"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ad":
                assert node.attr in [*ad.__all__, "__version__"], f"{path.relative_to(ROOT)}: ad.{node.attr}"


def test_autodiff_loads_nothing_heavy():
    heavy = {"scipy", "sympy", "matplotlib", "pygraphviz", "torch", "jax", "sklearn", "graphviz", "tqdm"}
    for name in sorted(ENGINE):
        for imported in imports(ROOT / "autodiff" / f"{name}.py"):
            assert imported.split(".")[0] not in heavy


@pytest.mark.parametrize("package", ["autodiff", "nn", "tests"])
def test_every_file_is_named_for_what_it_holds(package):
    for path in modules(package):
        for part in path.relative_to(ROOT).with_suffix("").parts:
            allowed = any(str(path.relative_to(ROOT)).startswith(name) for name in COMPATIBILITY)
            assert part.strip("_") not in VAGUE or allowed, path
            assert not part[-1].isdigit() or part in ("log2", "exp2", "chi2"), path


def test_the_public_names_exist_and_are_documented():
    for name in ad.__all__:
        assert getattr(ad, name).__doc__, name


@pytest.mark.parametrize("package", ["autodiff", "nn"])
def test_every_module_opens_by_saying_what_it_is(package):
    for path in modules(package):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
