"""Run the command line with ``python -m imagegate.cli``."""

from imagegate.cli import main

main()
