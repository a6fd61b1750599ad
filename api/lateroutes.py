"""The routes that a service takes in once it answers: all but those by which submissions come in.

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
    entries,
    findings,
    home,
    imports,
    ledgers,
    lists,
    maps,
    oidc,
    open311,
    pages,
    people,
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
    users,
    webhooks,
    words,
    work,
)


def add_late_routes(app: FastAPI) -> None:
    """Beside those that `app` has already, and the page that describes them all."""
    # Those asked for most come before the pages: each request is held against one route after the
    # other.
    place = app.router.routes.index(pages.router.routes[0])
    app.router.routes[place:place] = [*ledgers.router.routes, *entries.router.routes]
    for routes in (
        home,
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
        people,
        oidc,
        users,
    ):
        app.router.routes += routes.router.routes
    add_reference(app)
