"""Grouping into common problems: seconds, memory and growth, beside the method of every tutorial.

The messages are those of the seed corpus with invented places in the place of their own, so that
the same words come back at other places, which is what makes grouping hard. The peer is character
TF-IDF (the title three times) with connected components above a cosine of 0.2: each with each. How
right both are on real messages, `python -m training problems` says.
"""

import random
import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

from bench.results import Options, Result, tidy
from bench.sample import read_records
from triage.problems import group_traces
from triage.traces import Told, read_traces

PEER_AT_MOST = 8192  # messages; its time and memory grow with the square
_SEED = 20240601
_OF_ONE = 4  # messages to an invented place, on average
_FIRST = "翠金银龙凤松竹梅兰桂云星月海湖江泉溪山石玉景和安福瑞祥嘉华盛锦枫柏榆槐荷莲菊桃李杏棠"
_SECOND = "屏岭峰岸湾洲谷源林园庭港桥台阁亭坊门塘浦泽原野坡滨波澜涛霞晖辰曦岚霖澄怡悦"
_KINDS = ("苑", "花园", "小区", "家园", "大道", "路", "小学", "村", "广场", "公寓")


def compose(count: int) -> list[Told]:
    """`count` messages; the same count gives the same messages."""
    rng = random.Random(_SEED)  # noqa: S311  draws texts, guards nothing
    records = [
        row
        for row in read_records()
        if row["place"] and row["place"] in row["title"] + row["content"]
    ]
    names = ["".join(parts) for parts in product(_FIRST, _SECOND, _FIRST, _KINDS)]
    places = rng.sample(names, max(1, min(len(names), count // _OF_ONE)))
    start = datetime(2024, 1, 1, tzinfo=UTC)
    tolds = []
    for number in range(count):
        row, place = rng.choice(records), rng.choice(places)
        tolds.append(
            Told(
                id=str(number),
                title=row["title"].replace(row["place"], place),
                content=row["content"].replace(row["place"], place),
                place=place,
                received_at=start + timedelta(minutes=5 * number),
            )
        )
    return tolds


def measure(options: Options) -> Result:
    sizes = sorted({max(options.messages // part, 1) for part in (16, 4, 1)})
    seconds = {}
    for size in sizes:
        tolds = compose(size)
        started = time.perf_counter()
        groups = group_traces(read_traces(tolds))
        seconds[size] = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shared = min(sizes[-1], PEER_AT_MOST)
    tolds = compose(shared)
    started = time.perf_counter()
    _group_by_tfidf(tolds)
    peer = time.perf_counter() - started
    ours = seconds.get(shared) or seconds[sizes[-1]] * shared / sizes[-1]
    last, before = sizes[-1], sizes[-2] if len(sizes) > 1 else sizes[-1]
    growth = seconds[last] / seconds[before] / (last / before)
    grown = f"每件用时是小四分之一规模的 {growth:.2f} 倍"
    curve = "、".join(f"{size} 件 {seconds[size]:.1f} 秒" for size in sizes)
    problems = sum(len(group) > 1 for group in groups)
    return Result(
        "problems",
        f"归并共性问题：{curve}（{grown}），最多 {memory:.0f} MB；"
        f"{shared} 件时两两比较的 TF-IDF 用 {peer:.1f} 秒，是本程序的 {peer / ours:.1f} 倍",
        {
            "seconds": {str(size): tidy(value) for size, value in seconds.items()},
            "growth": tidy(growth),
            "memory_mb": tidy(memory),
            "problems": problems,
            "peer_messages": shared,
            "peer_seconds": tidy(peer),
        },
    )


def _group_by_tfidf(tolds: Sequence[Told]) -> None:
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [f"{told.title} {told.title} {told.title} {told.content}" for told in tolds]
    rows = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), sublinear_tf=True).fit_transform(
        texts
    )
    connected_components((rows @ rows.T) >= 0.2, directed=False)
