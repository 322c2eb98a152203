"""Run the command line with ``python -m imagegate``."""

from imagegate.cli import main

main()
