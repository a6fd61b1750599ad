"""A reply read beside the submission that it answers: all that can be counted in the two.

What is counted here is what `triage.replies` weighs; a change here asks for a new model.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from triage.requests import Request, find_requests
from triage.sentences import SOLID, Act, Sentence, read_sentences
from triage.text import clean_text
from triage.words import cut_words

MOST_READ = 20_000  # characters of a reply or a submission that are read
_RUN = 6  # characters of a stock phrase
_COPIED = 0.8  # share of a reply's runs that stand in one other reply
_HOLDERS = 50  # replies remembered for one run; of many copies the first ones will do
_TELLING = 6.0  # weight of words below which a request says nothing of its own ("请领导重视")
_STRONG = SOLID | {Act.FIGURE, Act.DONE}
_ACTING = (Act.DONE, Act.PLANNED, Act.INSTRUCTED)
_HANZI = re.compile(r"[\u4e00-\u9fff]")
_NOT_HANZI = re.compile(r"[\W\d_A-Za-z]")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply (回告) beside the submission that it answers. Times are aware."""

    id: str
    title: str = ""
    content: str = ""
    reply: str = ""
    received_at: datetime | None = None
    replied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is common in submissions and replies: `weights` how telling a word is (`unknown` one
    that is not there), `stock` the runs of six characters that many replies share."""

    weights: Mapping[str, float]
    unknown: float
    stock: frozenset[str]

    def weigh(self, words: Collection[str]) -> float:
        """How much these words tell together."""
        return sum(self.weights.get(word, self.unknown) for word in words)

    def cover(self, wanted: Collection[str], there: Collection[str]) -> float:
        """The share of `wanted`, by weight, that stands in `there`."""
        total = self.weigh(wanted)
        return self.weigh([word for word in wanted if word in there]) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply read beside its submission: `said` are the sentences that say something."""

    requests: tuple[Request, ...]
    covers: tuple[float, ...]
    sentences: tuple[Sentence, ...]
    said: tuple[Sentence, ...]
    features: dict[str, float]


def read_reply(reply: Reply, phrases: Phrases) -> Reading:
    """All that is counted in a reply, by name."""
    title = clean_text(reply.title[:MOST_READ])
    content = clean_text(reply.content[:MOST_READ])
    answer = clean_text(reply.reply[:MOST_READ])
    sentences = read_sentences(answer)
    said = tuple(s for s in sentences if s.body and s.says_something)
    body = "".join(s.body for s in said)
    told = list_words(body)
    asked = list_words(f"{title}。{content}")
    requests = tuple(
        request
        for request in find_requests(title, content)
        if request.field == "title" or phrases.weigh(list_words(request.text)) >= _TELLING
    )
    covers = tuple(phrases.cover(list_words(request.text), told) for request in requests)
    runs = list_runs(body)
    features = _count_acts(sentences, said, body) | {
        "cover_title": phrases.cover(list_words(title), told),
        "cover_all": phrases.cover(asked, told),
        "cover_back": phrases.cover(told, asked),
        "new": math.log1p(phrases.weigh(told - asked)),
        "request_mean": float(np.mean(covers[1:] or covers or [0.0])),
        "request_most": max(covers[1:] or covers, default=0.0),
        "length_per_request": math.log1p(len(body) / (1 + len(requests))),
        "length_all": math.log1p(len(answer)),
        "fresh": math.log1p(len(runs - phrases.stock)),
        "stock": _share(list_runs(answer), phrases.stock),
    }
    features["substantial"] = float(_is_substantial(features))
    return Reading(requests, covers, sentences, said, features)


def _is_substantial(features: Mapping[str, float]) -> bool:
    """Whether it is about this matter and tells, with a figure, what was found and what is done:
    such a reply may be short or wrong, but it is not perfunctory."""
    about = features["cover_title"] > 0.15 or features["cover_all"] > 0.08
    found = any(features[f"has_{act}"] for act in (Act.FOUND, Act.RULE, Act.DENIED))
    acted = any(features[f"has_{act}"] for act in _ACTING)
    return bool(about and found and acted and features[f"has_{Act.FIGURE}"])


def _count_acts(
    sentences: Sequence[Sentence], said: Sequence[Sentence], body: str
) -> dict[str, float]:
    acts = {act for sentence in said for act in sentence.acts}
    solid = sum(len(s.body) for s in said if s.acts & _STRONG)
    acting = [s for s in said if s.acts & set(_ACTING)]
    idle = [s for s in sentences if s.body and not s.says_something]
    features = {f"has_{act}": float(act in acts) for act in Act}
    features |= {
        f"share_{act}": sum(len(s.body) for s in said if act in s.acts) / (len(body) + 20)
        for act in (Act.FIGURE, Act.FOUND, Act.RULE, Act.DONE, Act.EXPLAINED, Act.PROMISED)
    }
    return features | {
        "length": math.log1p(len(body)),
        "some": min(len(body), 60) / 60,
        "enough": min(len(body), 150) / 150,
        "sentences": math.log1p(len(said)),
        "solid": math.log1p(solid),
        "vague_share": (len(body) - solid) / (len(body) + 10),
        "kinds": float(len(acts & _STRONG)),
        "acting_kinds": float(sum(act in acts for act in (*_ACTING, Act.CONTACT))),
        "acting": math.log1p(len(acting)),
        "acting_share": sum(len(s.body) for s in acting) / (len(body) + 10),
        "promise_alone": float(Act.PROMISED in acts and not acting),
        "idle": float(len(idle)),
        "idle_alone": float(bool(idle) and len(body) < 25),
        "passed_on": float(any(Act.PASSED_ON in s.acts for s in sentences)),
        "put_off": float(any(Act.PUT_OFF in s.acts for s in sentences)),
        "offered": float(any(Act.OFFERED in s.acts for s in sentences)),
        "numbers": math.log1p(len(re.findall(r"\d+", body))),
        "found": math.log1p(sum(Act.FOUND in s.acts for s in said)),
        "done": math.log1p(sum(Act.DONE in s.acts for s in said)),
        "figures": math.log1p(sum(Act.FIGURE in s.acts for s in said)),
    }


def list_words(text: str) -> set[str]:
    """The words of two characters and more that carry meaning."""
    return {word for word in cut_words(text) if len(word) > 1 and _HANZI.search(word)}


def list_runs(text: str) -> set[str]:
    """The runs of six hanzi, whatever stands between them."""
    bare = _NOT_HANZI.sub("", text)
    return {bare[start : start + _RUN] for start in range(len(bare) - _RUN + 1)}


def find_copies(replies: Sequence[str], *, others: Sequence[str] = ()) -> list[bool]:
    """For each reply, whether what it says stands nearly word for word in another.

    Courtesies do not count.
    """
    # Numbers for the runs, and of them only those that stand in two: most runs are one reply's own,
    # and as text those of a hundred thousand replies would fill the memory.
    runs = [_hash_runs(_bare_body(reply)) for reply in (*replies, *others)]
    every = np.sort(np.concatenate([np.empty(0, np.int64), *runs]))
    shared = set(every[1:][every[1:] == every[:-1]].tolist())
    holders: dict[int, list[int]] = {}
    for number, own in enumerate(runs):
        for run in shared.intersection(own.tolist()):
            known = holders.setdefault(run, [])
            if len(known) < _HOLDERS:
                known.append(number)
    copies = []
    for number, own in enumerate(runs[: len(replies)]):
        met = Counter(other for run in shared.intersection(own.tolist()) for other in holders[run])
        del met[number]
        most = max(met.values(), default=0)
        copies.append(len(own) >= _RUN and most >= _COPIED * len(own))
    return copies


def _hash_runs(body: str) -> NDArray[np.int64]:
    return np.array([hash(run) for run in list_runs(body)], np.int64)


def _bare_body(reply: str) -> str:
    sentences = read_sentences(clean_text(reply[:MOST_READ]))
    return "".join(s.body for s in sentences if s.says_something)


def _share(runs: set[str], stock: Collection[str]) -> float:
    return sum(run in stock for run in runs) / (len(runs) + 5)
