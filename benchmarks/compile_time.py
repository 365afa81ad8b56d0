"""What the first step costs: a new model, recorded, compiled, run once. By hand: the buffers, and one step."""

from __future__ import annotations

from functools import partial

from benchmarks.harness.workload import BY_HAND, COMPILED, EAGER, Goal, Limit, Run, Workload
from benchmarks.mlp_step import CONTENDERS, NETWORKS

workload = Workload(
    "compile-time",
    f"from the new model to the end of its first step, MLP {NETWORKS[0].name}, batch {NETWORKS[0].batch}, float32",
    tolerance=2e-4,  # float32
    goals=(Goal("jax.jit", 1 / 10, issue=5, subject=COMPILED),),
    limits=(Limit(0.020, issue=5),),
)


def first_step(contender: str) -> Run:
    """Return a run that builds all anew, so that nothing compiled before serves again, and does one step."""
    build = CONTENDERS[contender]
    return lambda: build(NETWORKS[0])()


for contender in (BY_HAND, EAGER, COMPILED, "PyTorch eager", "jax.jit", "jax.jit flat"):
    workload.contender(contender)(partial(first_step, contender))
