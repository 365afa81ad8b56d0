"""How the workloads are measured: one process per library, rounds interleaved across them."""
