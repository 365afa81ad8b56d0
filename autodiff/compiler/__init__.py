"""From the recorded graph to straight-line NumPy source.

lowering    the graph as a list of steps, each one NumPy call
passes      fewer steps with the same bits
buffers     which memory each step writes to
emission    the steps as source, and the function it defines
compiled    `ad.compile`: one program for each signature
"""
