"""The `triage` command, one module for each group of commands."""
