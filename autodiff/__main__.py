"""Differentiate a formula given on the command line: `python -m autodiff "x**2" x=3`."""

import sys

from autodiff.command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
