import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ledger_factories import NOW, make_submission
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from triage.errors import StoreUnavailable
from triage.ledger import store as store_module
from triage.ledger.records import record_submission
from triage.ledger.store import Store, open_store, upgrade
from triage.ledger.tables import EntryRow, EventRow, Row, SubmissionRow

TABLES = {
    "accusation",
    "action",
    "api_key",
    "attachment",
    "attempt",
    "decision",
    "delivery",
    "department",
    "effect",
    "entry",
    "evaluation",
    "event",
    "extension",
    "finding",
    "fingerprint",
    "holiday",
    "import",
    "imported",
    "invitation",
    "milestone",
    "problem",
    "problem_correction",
    "problem_member",
    "repeat",
    "reply",
    "sealed_work",
    "session",
    "setting",
    "submission",
    "submitter",
    "suggestion",
    "task",
    "task_action",
    "task_entry",
    "trace",
    "unplaced",
    "user",
    "view",
    "webhook",
}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """One of the test's own: what is done to it here, others would not bear."""
    opened = open_store(store_url)
    yield opened
    opened.close()


def test_migrations_build_exactly_the_tables_that_the_code_knows(store: Store) -> None:
    with store.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
        assert set(inspect(connection).get_table_names()) == TABLES | {"alembic_version"}


def test_upgrading_twice_keeps_the_rows(store: Store) -> None:
    with store.writing() as session:
        record_submission(session, make_submission(), now=NOW)
    upgrade(store)
    with store.reading() as session:
        assert session.get(SubmissionRow, "L-1") is not None


def test_processes_that_start_at_once_upgrade_one_after_the_other(empty_url: str) -> None:
    program = "import sys; from triage.ledger.store import *; upgrade(open_store(sys.argv[1]))"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    opened = open_store(empty_url)
    with opened.reading() as session:
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == ["0011"]
    opened.close()


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    with store.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="更新版本"):
        upgrade(store)


def test_a_block_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as session:
        _ = record_submission(session, make_submission(), now=NOW)[1] / 0
    with store.reading() as session:
        assert session.get(SubmissionRow, "L-1") is None


def test_reading_cannot_write(store: Store) -> None:
    refused = store.reader.dialect.loaded_dbapi.Error  # by the driver itself
    with pytest.raises((refused, StoreUnavailable)), store.reading() as session:
        record_submission(session, make_submission(), now=NOW)
    with store.writing() as session:  # and the connection it used can write again
        assert record_submission(session, make_submission(), now=NOW)[1]


def test_reading_sees_one_steady_picture(store: Store) -> None:
    with store.reading() as reader:
        assert reader.get(SubmissionRow, "L-1") is None
        with store.writing() as session:
            record_submission(session, make_submission(), now=NOW)
        assert reader.scalar(text("SELECT count(*) FROM submission")) == 0


def test_who_only_looks_cannot_write_and_sees_what_stands_at_each_statement(store: Store) -> None:
    count = text("SELECT count(*) FROM submission")
    with store.looking() as connection:
        assert connection.scalar(count) == 0
        with store.writing() as session:
            record_submission(session, make_submission(), now=NOW)
        assert connection.scalar(count) == 1
    with pytest.raises((DBAPIError, StoreUnavailable)), store.looking() as connection:
        connection.execute(text("UPDATE submission SET likes = 1"))
    with store.looking() as connection:
        assert connection.scalar(count) == 1


def test_an_entry_cannot_stand_without_its_submission(store: Store) -> None:
    values = {"submission_id": "nobody", "lead_department": "nobody", "state": "assigned"}
    values |= dict.fromkeys(("taxonomy", "domain_code", "domain", "nature"), "")
    values |= {"urgency": 1, "version": 1, "confidential": False, "assisting": [], "opened_at": NOW}
    with pytest.raises(IntegrityError), store.writing() as session:
        session.execute(EntryRow.__table__.insert(), values)


@pytest.mark.parametrize("change", ["UPDATE event SET actor = 'x'", "DELETE FROM event"])
def test_the_event_log_refuses_every_change(store: Store, change: str) -> None:
    with store.writing() as session:
        record_submission(session, make_submission(), now=NOW)
    with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
        session.execute(text(change))
    with store.reading() as session:
        assert session.query(EventRow).count() == 1


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2025, 3, 1)
    with pytest.raises(StatementError, match="without zone"), store.writing() as session:
        session.query(SubmissionRow).where(SubmissionRow.recorded_at < naive).count()


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense", "mysql://root@localhost/x", "sqlite://data/x.db"),
        *("postgresql://a@localhost:abc/x", "postgresql://a:p@ss:word@localhost/x"),
    ],
)
def test_an_address_that_is_none_is_explained_in_chinese(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="数据库"):
        open_store(url)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////no/such/folder/x.db", "postgresql://nobody@/x?host=/no/such/folder"],
)
def test_a_database_that_cannot_be_reached_is_unavailable(url: str) -> None:
    opened = open_store(url)
    with pytest.raises(StoreUnavailable, match="稍后重试"):
        opened.check()
    with pytest.raises(StoreUnavailable, match="稍后重试"):
        upgrade(opened)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////no/such/folder/x.db", "打不开数据库文件"),
        ("postgresql://nobody@/x?host=/no/such/folder", "找不到本机的数据库服务"),
        ("postgresql://nobody@127.0.0.1:1/x", "没有开启数据库服务"),
    ],
)
def test_who_looks_for_the_fault_is_told_where_it_lies(url: str, reason: str) -> None:
    with pytest.raises(StoreUnavailable, match=reason):
        upgrade(open_store(url))


def test_a_database_that_may_not_be_written_is_told_so(tmp_path: Path) -> None:
    upgrade(open_store(f"sqlite:///{tmp_path / 'x.db'}"))
    opened = open_store(f"sqlite:///file:{tmp_path / 'x.db'}?mode=ro&uri=true")
    with pytest.raises(StoreUnavailable, match="不能写"), opened.writing() as session:
        record_submission(session, make_submission(), now=NOW)


def test_a_file_that_is_no_database_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("编号,标题\n" * 1000, encoding="utf-8")
    opened = open_store(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(StoreUnavailable, match="不是数据库"):
        upgrade(opened)


def test_a_store_that_answers_passes_the_check(store: Store) -> None:
    store.check()


def test_a_locked_database_is_unavailable_after_the_patience_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.1)
    opened = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(opened)
    with opened.writing() as first:
        record_submission(first, make_submission(), now=NOW)
        with pytest.raises(StoreUnavailable, match="被占用"), opened.writing() as second:
            record_submission(second, make_submission(id="L-2"), now=NOW)
    opened.close()


def test_a_database_that_another_process_holds_is_unavailable_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.1)
    opened = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(opened)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="被占用"), opened.writing() as session:
            session.connection()
        opened.check()
    with opened.writing() as session:
        record_submission(session, make_submission(), now=NOW)
    opened.close()


_ON_POSTGRES = pytest.mark.parametrize(
    "database", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
_END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def end_connections(url: str) -> None:
    """As a database does that starts anew."""
    other = open_store(url)
    with other.reading() as session:
        session.execute(text(_END_OTHERS))
    other.close()


@_ON_POSTGRES
def test_a_connection_that_ended_while_it_lay_idle_is_replaced(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.ledger.postgres._IDLE_S", 0)
    store.check()
    end_connections(store_url)
    store.check()


@_ON_POSTGRES
def test_a_connection_that_ended_right_after_its_use_costs_one_request(
    store: Store, store_url: str
) -> None:
    store.check()
    end_connections(store_url)
    with pytest.raises(StoreUnavailable):
        store.check()
    store.check()


@_ON_POSTGRES
def test_what_was_prepared_serves_the_next_who_reads_too(store: Store) -> None:
    for _ in range(8):
        store.check()
    with store.reading() as session:
        prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert "SELECT 1" in prepared


def test_a_database_in_memory_serves_many_threads_in_turn() -> None:
    opened = open_store("sqlite://")
    upgrade(opened)

    def work(number: int) -> None:
        with opened.writing() as session:
            record_submission(session, make_submission(id=f"L-{number}"), now=NOW)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened.reading() as session:
        assert session.query(SubmissionRow).count() == 8
    opened.close()


def test_an_error_of_the_database_quotes_no_parameters(store: Store) -> None:
    with (
        pytest.raises(IntegrityError, match="hide_parameters") as raised,
        store.writing() as session,
    ):
        session.execute(SubmissionRow.__table__.insert(), {"id": "张三的来信"})
    assert "'id': '张三" not in str(raised.value)


@_ON_POSTGRES
def test_a_user_without_the_rights_is_told_so(store: Store, store_url: str) -> None:
    with store.writing() as session:
        session.execute(text("CREATE ROLE onlooker LOGIN"))
    place = make_url(store_url).set(username="onlooker")
    opened = open_store(place.render_as_string(hide_password=False))
    with pytest.raises(StoreUnavailable, match="没有建表或读写的权限"), opened.reading() as session:
        session.query(SubmissionRow).count()
    opened.close()
    with store.writing() as session:
        session.execute(text("DROP ROLE onlooker"))
