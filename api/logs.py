"""The service's log: one line an event, without a word of any submission.

An exception's own message may quote the text that tripped it (a SQL statement prints its values),
so only its class and the places in the code are written down.
"""

import logging
import sys
import traceback
from typing import Any

import structlog

from api.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send all lines to standard error, in the format and from the level that `settings` say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    if settings.log_format == "json":
        renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def describe(error: BaseException) -> dict[str, Any]:
    """The class of an error and where it arose, as fields of a log line."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }
