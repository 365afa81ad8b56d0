"""The arguments of the command, and what `--help` says about them."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from textwrap import fill

import autodiff
from autodiff.command_line.functions import CONSTANTS, listed
from autodiff.command_line.layouts import LAYOUTS

MODES = ("forward", "reverse", "both")
EXAMPLES = """\
examples:
  autodiff "sqrt(x**2 + exp(x**2))" x=1.3
  autodiff "log(x1) + x1*x2 - sin(x2)" x1=2 x2=5 --table
  autodiff "log(x1) + x1*x2 - sin(x2)" x1=2 x2=5 --table --mode forward
  autodiff "sum(tanh(w @ x))" "w=[[1, 2], [3, 4]]" "x=[0.1, -0.2]"
  autodiff "x**3 * exp(-x)" x=0.5 --order 4
  autodiff "where(x > 0, x, 0.1*x)" x=-2 --check
  autodiff "sin(x)/x" x=1e-3 --sympy --cost
  autodiff "exp(x*y) + y" x=1 y=2 --draw graph.svg --html steps.html

Put the formula, and values with brackets, in quotation marks, as the shell reads
brackets, spaces and stars otherwise.

exit status: 0 when all went well, 1 when --check finds a wrong derivative,
2 when something cannot be read or written.
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    functions = fill(listed(), 88, initial_indent="  ", subsequent_indent="  ")
    parser = argparse.ArgumentParser(
        prog="autodiff",
        description="Differentiate a formula: its value and its derivatives, and how they are computed.",
        epilog=f"{EXAMPLES}\nfunctions:\n{functions}\nconstants:\n  {', '.join(CONSTANTS)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("arguments", nargs="*", metavar="formula | name=value",
                        help="a formula in NumPy's functions, and a value for each of its variables")  # fmt: skip
    parser.add_argument("--mode", choices=MODES, default="reverse", help="how to differentiate (default: reverse)")
    parser.add_argument("--order", type=int, default=1, metavar="N",
                        help="derivatives up to order N; 2 is the Hessian if there are several variables")  # fmt: skip
    parser.add_argument("--format", choices=list(LAYOUTS), default="text", help="of what is printed (default: text)")
    parser.add_argument("--table", action="store_true", help="print the evaluation trace, as in textbooks")
    parser.add_argument("--cost", action="store_true", help="count the operations of both modes")
    parser.add_argument("--sympy", action="store_true", help="print value and gradient as SymPy expressions")
    parser.add_argument("--check", action="store_true", help="compare the derivatives with independent ones")
    parser.add_argument("--draw", metavar="FILE", help="draw the graph: .svg, .png, .pdf or .dot")
    parser.add_argument("--html", metavar="FILE", help="write a page that goes through the sweeps step by step")
    parser.add_argument("--version", action="version", version=f"autodiff {autodiff.__version__}")
    return parser


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; `arguments` of them has formula and values."""
    given = sys.argv[1:] if arguments is None else arguments
    return parser().parse_intermixed_args([_positional(argument) for argument in given])


def _positional(argument: str) -> str:
    """Return a formula such as -x**2 so that it is not taken for an option."""
    is_option = not argument.startswith("-") or re.fullmatch(r"-h|--([a-z]+(=.*)?)?", argument, re.DOTALL)
    return argument if is_option else f" {argument}"
