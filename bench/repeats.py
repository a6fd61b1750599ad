"""How long it takes to look up what a text repeats, with a million stored on PostgreSQL.

Fifty thousand are messages of the corpus with other places, dates and sentences in them: a third
are near copies of one before, and ten letters were sent in hundreds of copies each. The rest stand
there with keys drawn at random, which is what the keys of unrelated texts are. Looked up are texts
that are new, texts that are stored with a tenth of their characters changed, and the letters, whose
keys all are full. The processor time is that of the service, without PostgreSQL's own.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.ledger import run_postgres
from bench.results import Options, Result, find_percentiles, tidy
from bench.sample import read_records
from triage.ledger.repeats import find_repeats
from triage.ledger.store import Store, open_store, upgrade
from triage.repeats import KEPT, list_fingerprint, read_wording

STORED = 1_000_000
COMPOSED = 50_000
LETTERS = 10
COPIES = 500
_CHUNK = 10_000
_LOOKUPS = 300
_SEED = 20250601
_NOW = datetime(2025, 6, 2, tzinfo=UTC)
_NAMES = "安东平柳河石桥清泉青山白云金沙大同和顺长兴永丰新民双龙南湖北塘西岭东风红星前进"
_KINDS = ("小区", "花园", "村", "社区", "路", "街道", "镇", "家园", "小学", "市场")

_BANDS = 24
_PAD = """
SET LOCAL session_replication_role = replica;

INSERT INTO submission (id, title, content, recorded_at, source, content_hash, status,
    confidential, urgency, confidence)
SELECT 'B-' || n, '第' || n || '件', repeat('路灯坏了两个月，晚上看不清路。', 12), now(), 'bench',
    md5(n::text), 'assigned', false, 3, 0.9
FROM generate_series(CAST(:first AS bigint), CAST(:end AS bigint) - 1) AS n;

INSERT INTO fingerprint (key, submission_id)
SELECT ((random() - 0.5) * 1.8e19)::bigint, 'B-' || n
FROM generate_series(CAST(:first AS bigint), CAST(:end AS bigint) - 1) AS n,
    generate_series(1, CAST(:bands AS int))
"""

Texts = list[tuple[str, str]]  # title, content


def measure(options: Options) -> Result:
    """Percentiles of the look-up, in ms, with as many stored as asked for."""
    stored = STORED if options.data is None else min(STORED, options.messages)
    rng = random.Random(_SEED)  # noqa: S311  composes texts, guards nothing
    letters = [_compose(rng) for _ in range(LETTERS)]
    with run_postgres() as url, closing(open_store(url)) as store:
        upgrade(store)
        began = perf_counter()
        kept, asked = _fill(store, stored, letters, rng)
        filled = perf_counter() - began
        with store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as tidied:
            tidied.execute(text("VACUUM ANALYZE"))
        new = [_compose(rng) for _ in range(_LOOKUPS)]
        changed = [(title, _change(content, rng)) for title, content in asked]
        used = process_time()
        figures: dict[str, Any] = {
            "new": _time(store, new),
            "changed": _time(store, changed),
            "letters": _time(store, letters * (_LOOKUPS // LETTERS)),
        }
        used = process_time() - used
        found = sum(bool(names) for names in _look_up(store, changed))
    everything = [took for figure in figures.values() for took in figure.pop("took")]
    overall = find_percentiles(everything, 50, 99)
    cpu_ms = tidy(1000 * used / len(everything))
    return Result(
        "repeats",
        f"查重：已存 {stored:,} 件、指纹 {kept:,} 个，查一件 p50 {overall['p50']:g}、"
        f"p99 {overall['p99']:g} 毫秒，处理器 {cpu_ms:g} 毫秒；"
        f"改动一成的抄件找回 {found}/{len(changed)}",
        {
            "stored": stored,
            "fingerprints": kept,
            "all": overall | {"cpu_ms": cpu_ms},
            **figures,
            "found": [found, len(changed)],
            "fill_seconds": tidy(filled),
        },
    )


def _compose(rng: random.Random, *, of: Sequence[dict[str, Any]] = ()) -> tuple[str, str]:
    """A message about an invented place, of sentences of three of the corpus."""
    records = of or _RECORDS
    place = "".join(rng.choice(_NAMES) for _ in range(rng.randint(2, 4))) + rng.choice(_KINDS)
    first, *others = rng.sample(records, 3)
    sentences = [part for part in first["content"].split("。") if part]
    for other in others:
        parts = [part for part in other["content"].split("。") if part]
        sentences.insert(rng.randint(0, len(sentences)), rng.choice(parts))
    content = f"{place}的事：" + "。".join(sentences) + f"。{rng.randint(1, 28)}日已打过电话。"
    return f"{place}{first['title']}", content


def _change(content: str, rng: random.Random) -> str:
    """The content with a tenth of its characters changed."""
    changed = list(content)
    for at in rng.sample(range(len(changed)), len(changed) // 10):
        changed[at] = rng.choice(_NAMES)
    return "".join(changed)


_RECORDS = read_records()


def _fill(store: Store, stored: int, letters: Texts, rng: random.Random) -> tuple[int, Texts]:
    """Store so many submissions with their fingerprints; how many of the latter, and some texts."""
    met: dict[int, int] = {}
    asked: Texts = []
    recent: Texts = []
    kept = 0
    with store.writing() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))  # trust the keys
        session.execute(text("ALTER TABLE fingerprint DROP CONSTRAINT pk_fingerprint"))
        session.execute(text("DROP INDEX ix_fingerprint_submission_id"))
    composed = min(stored, COMPOSED)
    for start in range(0, composed, _CHUNK):
        texts = list(_make(min(_CHUNK, composed - start), letters, recent, rng))
        asked += rng.sample(texts, min(_LOOKUPS * _CHUNK // composed, len(texts)))
        keys = [list_fingerprint(read_wording(title, content)) for title, content in texts]
        rows = []
        for number, own in enumerate(keys, start=start):
            for key in own:
                if met.get(key, 0) < KEPT:
                    met[key] = met.get(key, 0) + 1
                    rows.append((key, f"B-{number}"))
        kept += len(rows)
        with store.writing() as session:
            _copy(session, start, texts, rows)
    with store.writing() as session:
        for statement in _PAD.split(";\n"):
            names = {"first": composed, "end": stored, "bands": _BANDS}
            told = {name: value for name, value in names.items() if f":{name}" in statement}
            session.execute(text(statement), told)
    kept += (stored - composed) * _BANDS
    with store.writing() as session:
        session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        session.execute(
            text(
                "ALTER TABLE fingerprint"
                " ADD CONSTRAINT pk_fingerprint PRIMARY KEY (key, submission_id)"
            )
        )
        session.execute(
            text("CREATE INDEX ix_fingerprint_submission_id ON fingerprint (submission_id)")
        )
    return kept, [one for one in asked if one not in letters] or asked


def _make(
    count: int, letters: Texts, recent: Texts, rng: random.Random
) -> Iterator[tuple[str, str]]:
    for _ in range(count):
        drawn = rng.random()
        if drawn < LETTERS * COPIES / COMPOSED:
            yield rng.choice(letters)
        elif drawn < 1 / 3 and recent:
            title, content = rng.choice(recent)
            yield title, "您好！" + content.replace("。", "，", 1)
        else:
            told = _compose(rng)
            recent.append(told)
            del recent[:-1000]
            yield told


def _copy(session: Session, start: int, texts: Texts, fingerprints: list[tuple[int, str]]) -> None:
    """COPY, as PostgreSQL takes it fastest."""
    connection = session.connection().connection.driver_connection
    assert connection is not None  # noqa: S101 - the session is in a transaction
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with cursor.copy(
            "COPY submission (id, title, content, recorded_at, source, content_hash, status,"
            " confidential, urgency, confidence) FROM STDIN"
        ) as copy:
            for number, (title, content) in enumerate(texts, start=start):
                at = _NOW + timedelta(seconds=number)
                told = (f"B-{number}", title, content, at, "bench", "", "assigned", False, 3, 0.9)
                copy.write_row(told)
        with cursor.copy("COPY fingerprint (key, submission_id) FROM STDIN") as copy:
            for row in fingerprints:
                copy.write_row(row)


def _time(store: Store, texts: Texts) -> dict[str, Any]:
    took = []
    for title, content in texts:
        began = perf_counter()
        wording = read_wording(title, content)
        with store.looking() as connection:
            find_repeats(connection, wording)
        took.append(perf_counter() - began)
    return find_percentiles(took, 50, 99) | {"took": took}


def _look_up(store: Store, texts: Texts) -> Iterator[list[str]]:
    for title, content in texts:
        with store.looking() as connection:
            found = find_repeats(connection, read_wording(title, content))
        yield [likely.submission_id for likely in found]
