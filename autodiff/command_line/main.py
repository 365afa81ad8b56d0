"""The command `autodiff`: read the arguments, print what they ask for, and return the exit status."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

import numpy as np

from autodiff.command_line.arguments import read_arguments
from autodiff.command_line.derivatives import explanation, quantities
from autodiff.command_line.layouts import LAYOUTS
from autodiff.command_line.mistakes import InputError
from autodiff.command_line.problem import read
from autodiff.command_line.views import check, cost, draw, expressions, tables, write_page

RIGHT, WRONG, UNUSABLE, BROKEN, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        The exit status: 0; 1 for a failed check; 2 for what cannot be read or written.

    Examples
    --------
    >>> main(["x**2 + y", "x=3", "y=1"])
    f(x, y) = x**2 + y
    x       = 3
    y       = 1
    <BLANKLINE>
    f     = 10
    ∂f/∂x = 6
    ∂f/∂y = 1
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # where the terminal has no ∂, it shows ?
    try:
        options = read_arguments(arguments)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is not finite gets a note
            status = _run(options)
        sys.stdout.flush()
    except InputError as error:
        _say(f"error: {error}")
        return UNUSABLE
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # nobody who types a formula wants to read our source
        _say(f"error of autodiff itself, please report it: {type(error).__name__}: {error}")
        return BROKEN
    return status


def _run(options: argparse.Namespace) -> int:
    problem = read(options.arguments)
    if not problem.variables and (options.table or options.cost or options.sympy or options.check
                                  or options.draw or options.html or options.order > 1):  # fmt: skip
        raise InputError("there is nothing to differentiate; use a variable, and give its value behind: x=1.3")
    found = quantities(problem, options.mode, options.order)
    parts = [LAYOUTS[options.format](problem, found)]
    right = True
    if options.table:
        parts += tables(problem, options.mode, options.format)
    if options.sympy:
        parts.append(expressions(problem, options.format))
    if options.cost:
        parts.append(cost(problem, options.format))
    if options.check:
        right, report = check(problem, options.order, options.format)
        parts.append(report)
    print("\n\n".join(parts))
    sys.stdout.flush()
    note = explanation(problem, found, options.mode, options.order)
    if note is not None:
        _say(f"note: {note}")
    if options.draw is not None:
        draw(problem, options.draw)
        _say(f"wrote {options.draw}")
    if options.html is not None:
        write_page(problem, options.mode, options.html)
        _say(f"wrote {options.html}")
    return RIGHT if right else WRONG


def _say(message: str) -> None:
    """Print to the stream of messages, so that the output can be piped into a file."""
    print(f"autodiff: {message}", file=sys.stderr)
