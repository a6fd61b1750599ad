"""Fits and measures the grouping of submissions into common problems, on groups made by hand.

    python -m training problems --data DIR             measures what is shipped
    python -m training problems --data DIR --unseen    measures what would be fitted, group by group
    python -m training problems --data DIR --fit OUT   fits the tables anew and writes them to OUT

DIR holds `problems_dev.jsonl` (name, ids, confidence) and `messages_unlabelled.jsonl`, and for the
counts of runs the other files of `COUNTED`. The measure is B-cubed over the members of groups of
high confidence: members of medium groups are left out, any other message in a cluster counts
against its precision.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from training.dataset import find_groups
from triage.candidates import choose_candidates
from triage.desk import load_desk
from triage.features import Array
from triage.matching import Matcher, describe_pairs
from triage.privacy import mask
from triage.problems import Placement, find_pairs, group_traces, link_pairs, place_trace
from triage.rarity import STEPS, cut_runs
from triage.replies import Forest
from triage.submissions import Submission
from triage.text import clean_text
from triage.traces import Told, Trace, bind_traces, hide_codes, read_traces

COUNTED = (
    "messages_unlabelled.jsonl",
    "messages_domain7.jsonl",
    "messages_gold.jsonl",
    "messages_silver.jsonl",
    "seed_corpus.jsonl",
)
WRITERS = 5  # a run that fewer used enters no table
SIMILARITY = 0.5
MOST_COUNTED = 1500  # characters of a message
FOLDS = 5
DOUBTFUL = 0.3  # weight of a pair with a member of a group of medium confidence
FORESTS = 4  # whose mean answers: each alone is 0.005 better or worse than the next, by chance
TREES = 100  # of each forest
RATE = 0.1
LEAVES = 5
SAMPLE = 0.7  # of the pairs and of the features, for each tree and split
LEAST = 15  # pairs in a leaf
SEED = 0

Place = Callable[[Trace, Sequence[tuple[Trace, int]]], Placement]


@dataclass(frozen=True, slots=True)
class Gold:
    """A group made by hand; `sure` where its confidence is high."""

    name: str
    ids: tuple[str, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """B-cubed: F1 of the means of precision and recall."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def read_gold(path: Path) -> list[Gold]:
    """The groups in a file of JSON lines."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Gold(row["name"], tuple(row["ids"]), row["confidence"] == "high") for row in rows]


def measure_clusters(cluster_of: Mapping[str, int], golds: Sequence[Gold]) -> dict[str, Figures]:
    """B-cubed over all groups ("all") and over those of three and more ("3+")."""
    judged = judge_members(cluster_of, golds)
    return {name: _average(values) for name, values in judged.items() if values}


def judge_members(
    cluster_of: Mapping[str, int], golds: Sequence[Gold], *, judged: Iterable[int] | None = None
) -> dict[str, list[tuple[float, float]]]:
    """(precision, recall) of each member of the groups of high confidence.

    `judged` are the numbers of the groups whose members are judged, None for all; the rest take
    part all the same.
    """
    doubtful = {one for gold in golds if not gold.sure for one in gold.ids}
    sizes = Counter(cluster for one, cluster in cluster_of.items() if one not in doubtful)
    chosen = [golds[number] for number in (range(len(golds)) if judged is None else judged)]
    found: dict[str, list[tuple[float, float]]] = {"all": [], "3+": []}
    for gold in chosen:
        if not gold.sure:
            continue
        together = Counter(cluster_of[one] for one in gold.ids)
        values = []
        for one in gold.ids:
            cluster = cluster_of[one]
            values.append((together[cluster] / sizes[cluster], together[cluster] / len(gold.ids)))
        found["all"] += values
        if len(gold.ids) >= 3:
            found["3+"] += values
    return found


def read_tolds(data: Path, model_dir: Path) -> list[Told]:
    """The messages of the groups' collection as the desk hands them to grouping."""
    rows = _read_rows(data / "messages_unlabelled.jsonl")
    rows = [row for row in rows if "reply" not in row]
    desk = load_desk(model_dir)
    suggestions = desk.suggest_many([_submission(row) for row in rows])
    return [
        Told(
            id=row["id"],
            title=row["title"],
            content=row["content"],
            place=suggestion.place.text,
            division=suggestion.place.division,
            domain_code=suggestion.domain.code,
            received_at=_read_time(row["time"]),
        )
        for row, suggestion in zip(rows, suggestions, strict=True)
    ]


def count_runs(paths: Sequence[Path]) -> dict[str, Array]:
    """The table of `triage.rarity` from the masked texts of files, by their distinct writers."""
    texts = [
        hide_codes(mask(clean_text(f"{row['title']}\n{row['content'][:MOST_COUNTED]}")))
        for path in paths
        for row in _read_rows(path)
    ]
    groups = find_groups(texts, similarity=SIMILARITY, seed=SEED)
    used = []
    for start in range(0, len(texts), 512):
        runs, owners = cut_runs(texts[start : start + 512])
        used.append(np.unique(runs.astype(np.int64) << 32 | groups[start : start + 512][owners]))
    runs, counts = np.unique(np.unique(np.concatenate(used)) >> 32, return_counts=True)
    runs, counts = runs[counts >= WRITERS], counts[counts >= WRITERS]
    writers = len(set(groups.tolist()))

    def weigh(users: Any) -> Array:
        weights = np.round(np.log(writers / users) * STEPS)
        return np.clip(weights, 0, 255).astype(np.uint8)

    return {
        "gaps": np.diff(runs, prepend=0).astype(np.int32),
        "weights": weigh(counts),
        "unknown": weigh(2),
    }


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidate pairs of traces, what they look like, and what is known of them.

    `group` is the number of the gold group of each trace, -1 for none.
    """

    one: Array
    other: Array
    rows: Array
    group: Array
    weight: Array

    @property
    def same(self) -> Array:
        """Whether both are of one gold group."""
        here = self.group[self.one]
        return (here == self.group[self.other]) & (here >= 0)

    @property
    def known(self) -> Array:
        """Whether it is known if both are of one matter: what stands in no group may be anything
        but a member of a group that was read.
        """
        return (self.group[self.one] >= 0) | (self.group[self.other] >= 0)


def describe(traces: Sequence[Trace], golds: Sequence[Gold]) -> Pairs:
    """The candidate pairs of the traces beside what the groups say of them."""
    sheaf = bind_traces(traces)
    one, other = find_pairs(sheaf)
    number_of = {one: number for number, gold in enumerate(golds) for one in gold.ids}
    group = np.array([number_of.get(trace.id, -1) for trace in traces])
    sure = np.array([*(gold.sure for gold in golds), True])
    weight = np.where(sure[group[one]] & sure[group[other]], 1.0, DOUBTFUL)
    rows = np.concatenate(list(describe_pairs(sheaf, one, other)))
    return Pairs(one, other, rows, group, weight)


def fit_matcher(pairs: Pairs, *, without: Array | None = None) -> Matcher:
    """A matcher that learnt from all known pairs but those with a member of groups `without`."""
    use = pairs.known
    if without is not None:
        unseen = np.isin(pairs.group, without)
        use = use & ~unseen[pairs.one] & ~unseen[pairs.other]
    forests = [
        GradientBoostingClassifier(
            n_estimators=TREES,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            min_samples_leaf=LEAST,
            subsample=SAMPLE,
            max_features=SAMPLE,
            random_state=SEED + number,
        ).fit(pairs.rows[use], pairs.same[use], sample_weight=pairs.weight[use])
        for number in range(FORESTS)
    ]
    return Matcher(_pack_trees(forests))


def _pack_trees(forests: Sequence[GradientBoostingClassifier]) -> Forest:
    """The trees of all as arrays whose mean answer is the mean log-odds."""
    prior = forests[0].init_.class_prior_[1]
    start = float(np.log(prior / (1 - prior)))
    parts = [tree.tree_ for trees in forests for tree in trees.estimators_[:, 0]]
    sizes = [part.node_count for part in parts]
    roots = np.cumsum([0, *sizes[:-1]])
    offset = np.repeat(roots, sizes)
    inner = np.concatenate([part.children_left for part in parts]) >= 0
    answer = np.concatenate([part.value[:, 0, 0] for part in parts]) * RATE * TREES + start
    return Forest(
        roots=roots.astype(np.int32),
        feature=np.concatenate([part.feature for part in parts]).clip(-1).astype(np.int16),
        threshold=np.concatenate([part.threshold for part in parts]).astype(np.float32),
        left=np.where(inner, np.concatenate([p.children_left for p in parts]) + offset, 0).astype(
            np.int32
        ),
        right=np.where(inner, np.concatenate([p.children_right for p in parts]) + offset, 0).astype(
            np.int32
        ),
        value=answer[:, None].astype(np.float32),
    )


def fit_tables(data: Path, output: Path, *, model_dir: Path) -> None:
    """Fit both tables on all groups and write them into a folder.

    The matcher is fitted on traces as the shipped counts make them: after new counts, fit again.
    """
    output.mkdir(parents=True, exist_ok=True)
    counts = count_runs([path for name in COUNTED if (path := data / name).exists()])
    np.savez_compressed(output / "runs.npz", **counts)
    golds = read_gold(data / "problems_dev.jsonl")
    pairs = describe(read_traces(read_tolds(data, model_dir)), golds)
    forest = fit_matcher(pairs).forest
    arrays = {name: getattr(forest, name) for name in Forest.__slots__}
    np.savez_compressed(output / "matcher.npz", **arrays)


def measure_shipped(data: Path, *, model_dir: Path) -> dict[str, Any]:
    """B-cubed of what is shipped, offline and in the order of arrival. It has learnt from these
    very groups: `measure_unseen` says what to expect of others.
    """
    golds = read_gold(data / "problems_dev.jsonl")
    traces = read_traces(read_tolds(data, model_dir))
    groups = group_traces(traces)
    offline = {traces[at].id: number for number, group in enumerate(groups) for at in group}
    online = assign_in_order(traces, place_trace)
    return {
        "offline": _told(measure_clusters(offline, golds)),
        "online": _told(measure_clusters(online, golds)),
    }


def measure_unseen(data: Path, *, model_dir: Path) -> dict[str, Any]:
    """B-cubed of groups that the matcher has not seen: `FOLDS` parts of the groups are held out in
    turn, and only the members of those held out are judged.
    """
    golds = read_gold(data / "problems_dev.jsonl")
    traces = read_traces(read_tolds(data, model_dir))
    pairs = describe(traces, golds)
    part = np.random.default_rng(SEED).permutation(len(golds)) % FOLDS
    judged: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for number in range(FOLDS):
        held_out = np.flatnonzero(part == number)
        matcher = fit_matcher(pairs, without=held_out)
        chances = matcher.match(bind_traces(traces), pairs.one, pairs.other)
        groups = link_pairs(len(traces), pairs.one, pairs.other, chances)
        ways = {
            "offline": {traces[at].id: n for n, group in enumerate(groups) for at in group},
            "online": assign_in_order(traces, make_placer(matcher)),
        }
        for way, cluster_of in ways.items():
            found = judge_members(cluster_of, golds, judged=held_out.tolist())
            for name, values in found.items():
                judged.setdefault(way, {}).setdefault(name, []).extend(values)
    return {
        way: _told({name: _average(values) for name, values in found.items()})
        for way, found in judged.items()
    }


def make_placer(matcher: Matcher) -> Place:
    """`place_trace` under another matcher than the one that is shipped."""

    def place(trace: Trace, candidates: Sequence[tuple[Trace, int]]) -> Placement:
        return place_trace(trace, candidates, matcher=matcher)

    return place


def assign_in_order(traces: Sequence[Trace], place: Place) -> dict[str, int]:
    """Which problem each is in when they arrive one by one, in the order of their days.

    Candidates are chosen as the ledger chooses them; what turns out to be one problem becomes one.
    """
    problem_of: dict[str, int] = {}
    members: dict[int, list[str]] = {}
    sharers: dict[int, list[str]] = {}
    known: dict[str, Trace] = {}
    for number, trace in enumerate(sorted(traces, key=lambda one: one.day)):
        shared = [sharers[key] for key in trace.keys if key in sharers]
        candidates = [
            (known[other], problem_of[other]) for other in choose_candidates(shared, problem_of)
        ]
        placed = place(trace, candidates)
        home = number if placed.problem is None else placed.problem
        merged = [one for other in placed.same for one in members.pop(other)]
        members.setdefault(home, []).extend((trace.id, *merged))
        problem_of |= dict.fromkeys((trace.id, *merged), home)
        known[trace.id] = trace
        for key in trace.keys:
            sharers.setdefault(key, []).append(trace.id)
    return problem_of


def _average(values: Sequence[tuple[float, float]]) -> Figures:
    precision, recall = np.mean(values, axis=0)
    return Figures(float(precision), float(recall))


def _told(figures: Mapping[str, Figures]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "f1": round(one.f1, 4),
            "precision": round(one.precision, 4),
            "recall": round(one.recall, 4),
        }
        for name, one in figures.items()
    }


def _read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _submission(row: dict[str, Any]) -> Submission:
    return Submission(row["id"], row["title"], row["content"])


def _read_time(text: str) -> datetime:
    """2019/2/28 11:25:05 or ISO 8601; the zone does not matter between messages of one town."""
    day, _, clock = text.replace("/", "-").partition(" ")
    year, month, date = day.split("-")
    clock = ":".join(part.zfill(2) for part in clock.split(":")) or "00:00:00"
    return datetime.fromisoformat(f"{year}-{month:>02}-{date:>02}T{clock}+08:00")
