"""The routes of rarer work, and the page that describes them all.

In a module apart: they and what they stand on take most of a second to import (see `following`).
"""

from fastapi import FastAPI

from api.reference import add_reference
from api.routes import (
    accusations,
    audit,
    citizen,
    deadlines,
    dispatching,
    findings,
    imports,
    lists,
    maps,
    oidc,
    open311,
    problems,
    repeats,
    replies,
    reports,
    savedviews,
    scans,
    statisticbooks,
    statistics,
    tasks,
    town,
    webhooks,
    words,
    work,
)


def add_rarer_routes(app: FastAPI) -> None:
    """Behind those that `app` has already."""
    for routes in (
        words,
        work,
        imports,
        savedviews,
        scans,
        dispatching,
        maps,
        town,
        deadlines,
        lists,
        tasks,
        findings,
        problems,
        statisticbooks,
        statistics,
        reports,
        replies,
        repeats,
        accusations,
        citizen,
        webhooks,
        open311,
        audit,
        oidc,
    ):
        app.router.routes += routes.router.routes
    add_reference(app)
