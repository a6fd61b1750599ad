"""Daily report, weekly summary and bulletin as Word documents."""
