"""`python -m fusion`."""

from fusion.cli.app import main

main()
