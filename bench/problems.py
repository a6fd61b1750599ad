"""Grouping into common problems: seconds, memory and growth, beside the method of every tutorial.

The messages are those of the seed corpus with invented places in the place of their own: at each
place a few people tell of one kind of trouble, and the same words come back at other places, which
is what makes grouping hard. The peer is character TF-IDF (the title three times) with connected
components above a cosine of 0.2: each with each. How right both are on real messages, `python -m
training problems` says.
"""

import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from multiprocessing import get_context
from typing import Any

from api.files.batch import count_cores, quiet_worker
from api.files.problemfile import Kept, tell_problems
from bench.results import Options, Result, tidy
from bench.sample import read_records
from triage.matching import get_matcher
from triage.problems import find_pairs, link_pairs
from triage.traces import Told, read_sheaf

CURVE = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)  # messages
PEER_AT_MOST = 8192  # messages; its time and memory grow with the square
_SHOWN = 5  # sizes, the greatest that were asked for
_SEED = 20240601
_OF_ONE = 4  # messages to an invented place, on average
_FIRST = "翠金银龙凤松竹梅兰桂云星月海湖江泉溪山石玉景和安福瑞祥嘉华盛锦枫柏榆槐荷莲菊桃李杏棠"
_SECOND = "屏岭峰岸湾洲谷源林园庭港桥台阁亭坊门塘浦泽原野坡滨波澜涛霞晖辰曦岚霖澄怡悦"
_KINDS = ("苑", "花园", "小区", "家园", "大道", "路", "小学", "村", "广场", "公寓")


def compose(count: int) -> list[Told]:
    """`count` messages; the same count gives the same messages."""
    rng = random.Random(_SEED)  # noqa: S311  draws texts, guards nothing
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_records():
        if row["place"] and row["place"] in row["title"] + row["content"]:
            kinds[row["l3"]].append(row)
    told_of = list(kinds.values())
    names = ["".join(parts) for parts in product(_FIRST, _SECOND, _FIRST, _KINDS)]
    places = rng.sample(names, max(1, min(len(names), count // _OF_ONE)))
    start = datetime(2024, 1, 1, tzinfo=UTC)
    tolds = []
    for number in range(count):
        at = rng.randrange(len(places))
        row, place = rng.choice(told_of[at % len(told_of)]), places[at]
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
    sizes = [size for size in CURVE if size <= options.most][-_SHOWN:] or [options.most]
    found = {}
    for size in sizes:
        # a process of its own for each, whose memory nothing else has touched
        with ProcessPoolExecutor(1, get_context("spawn"), quiet_worker) as pool:
            found[size] = pool.submit(group, size, count_cores()).result()
        print(f"  {_describe(size, found[size])}", file=sys.stderr, flush=True)
    last, before = sizes[-1], sizes[-2] if len(sizes) > 1 else sizes[-1]
    each = {  # the peer gives no names either
        size: (found[size]["cpu_seconds"] - found[size]["cpu_steps"]["tell"]) / size
        for size in sizes
    }
    shared = min(last, PEER_AT_MOST)
    tolds = compose(shared)
    started = time.process_time()
    _group_by_tfidf(tolds)
    peer = time.process_time() - started
    ours = each[last] * shared
    return Result(
        "problems",
        "归并共性问题（秒：经过的时间，括号内是处理器时间）：\n"
        + "\n".join(_describe(size, found[size]) for size in sizes)
        + f"\n归并（不算起名）每件的处理器时间，{last} 件时是 {before} 件时的 "
        f"{each[last] / each[before]:.2f} 倍；"
        f"{shared} 件时两两比较的 TF-IDF 用 {peer:.1f} 秒，是本程序的 {peer / ours:.1f} 倍",
        {
            "sizes": {str(size): values for size, values in found.items()},
            "growth": tidy(each[last] / each[before]),
            "peer_messages": shared,
            "peer_cpu_seconds": tidy(peer),
        },
    )


def group(size: int, workers: int) -> dict[str, Any]:
    """What grouping and naming so many messages takes, step by step: seconds on the clock and of
    the processors, and the most memory (MB) that this process and its own held together."""
    tolds = compose(size)
    seconds: dict[str, float] = {}
    cpu: dict[str, float] = {}

    def take_time(step: str, call: Callable[[], Any]) -> Any:
        started, busy = time.perf_counter(), _count_busy()
        result = call()
        seconds[step] = tidy(time.perf_counter() - started)
        cpu[step] = tidy(_count_busy() - busy)
        return result

    sheaf = take_time("read", lambda: read_sheaf(tolds))
    one, other = take_time("pairs", lambda: find_pairs(sheaf, workers=workers))
    match = get_matcher().match
    chances = take_time("match", lambda: match(sheaf, one, other, workers=workers))
    groups = take_time("link", lambda: link_pairs(size, one, other, chances))
    shared = [[_keep(tolds[at]) for at in group] for group in groups if len(group) > 1]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    take_time("tell", lambda: list(tell_problems(shared, now=now, workers=workers)))
    peaks = [
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return {
        "seconds": tidy(sum(seconds.values())),
        "cpu_seconds": tidy(sum(cpu.values())),
        "steps": seconds,
        "cpu_steps": cpu,
        "memory_mb": tidy(peaks[0] + workers * peaks[1]),
        "pairs": len(one),
        "problems": len(shared),
        "largest": max(map(len, groups)),
    }


def _count_busy() -> float:
    """The seconds of the processor that this process and those it has ended have had."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _keep(told: Told) -> Kept:
    suggestion = {
        "domain": {"level1": "城乡建设", "level2": "城市建设和市政管理", "level3": "城市公共设施"},
        "urgency": {"level": 3},
        "nature": {"name": "投诉"},
        "department": {"lead": "", "assisting": [], "reasons": [], "ground": ""},
    }
    return Kept(told, suggestion, (), False)


def _describe(size: int, found: dict[str, Any]) -> str:
    names = {"read": "读痕迹", "pairs": "找同类", "match": "比对", "link": "成组", "tell": "起名"}
    steps = "、".join(
        f"{name} {found['steps'][step]:.1f}（{found['cpu_steps'][step]:.1f}）"
        for step, name in names.items()
    )
    return (
        f"{size} 件：共 {found['seconds']:.1f}（{found['cpu_seconds']:.1f}）秒，{steps}；"
        f"最多 {found['memory_mb']:.0f} MB；{found['problems']} 个问题，最大 {found['largest']} 件"
    )


def _group_by_tfidf(tolds: Sequence[Told]) -> None:
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [f"{told.title} {told.title} {told.title} {told.content}" for told in tolds]
    rows = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), sublinear_tf=True).fit_transform(
        texts
    )
    connected_components((rows @ rows.T) >= 0.2, directed=False)
