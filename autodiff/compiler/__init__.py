"""From the recorded graph to straight-line NumPy source.

- `steps`: the graph as a list of steps, each one NumPy call
- `passes`: fewer steps with the same bits
- `buffers`: which memory each step writes to
- `pieces`: long elementwise stretches in cache-sized pieces, on several threads
- `naming`, `expressions`, `emission`: the steps as source; `scalars`: that of single numbers
- `listing`: the text with all that it needs to run; `checked`: a version of it that looks for NaN and infinities
- `program`: one program, the functions that run it, and what it costs
- `compiled`: `ad.compile`, one program for each signature (`signatures`); `pickling`: what of it goes into a pickle
- `generators`: random numbers that are drawn anew; `verified`: whether a function does nothing but return results
- `stateful`: with tensors and arrays that a function reads and changes, and its backward pass
- `in_place`: what follows it, such as an optimiser's update: procedures that change arrays in place
"""
