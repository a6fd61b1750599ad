"""`python -m api.cli`: the same as the command `triage`."""

from api.cli.main import main

main()
