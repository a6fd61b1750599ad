"""The trained artefact: readings in, probabilities and decided labels out.

`triage.scores` scores every label from the text alone; here the scores, the danger evidence and a
few counts become calibrated probabilities, and lines drawn by the trainer turn those into labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any

import numpy as np

from triage.accusations import find_signs
from triage.calibration import DomainCalibration, Softmax, find_chances, find_shares
from triage.danger import EVIDENT, Danger, DangerLexicon
from triage.features import Array, Matrix, Reading, TextFeatures
from triage.joined import JoinedHeads
from triage.meanings import MEANINGS
from triage.networks import Network
from triage.privacy import has_personal_data
from triage.scores import LinearScores, Outputs
from triage.suggestions import NATURES

ACCUSATION = "检举控告"
COUNTS = 5  # personal data, two lengths, questions, exclamations: see `read_signals`
TWO_LEVELS_OFF = 0.5  # what a chance of 一般 takes from that of being urgent (see rank_urgency)
# Of a network's logits in those of the natures, the urgencies and an accusation.
NATURE_SHARE, URGENCY_SHARE, ACCUSATION_SHARE = 0.3, 0.6, 0.7
_NEVER = 1e-6  # no smaller chance, nor a greater one than 1 less that
# Taken from the log odds of an accusation where neither a person in office nor a misdeed is spoken
# of: of 216 real ones none is so put, of all letters two in three.
NOBODY_ACCUSED = 2.0
CALM_ENOUGH = 0.7  # 一般 rather than 较急 from this ratio of their chances on: see decide_urgency


@dataclass(frozen=True, slots=True)
class Lines:
    """Where probabilities become decisions, drawn by the trainer on texts it had not fitted.

    `review`: level-1 probability below which a clerk decides. `urgent`: rank (`rank_urgency`) from
    which a submission is called urgent; `grave`: probability of level 1. `accusation`: that of
    an accusation from which it waits for the discipline side. `flags`: one line a flag.
    """

    review: float
    urgent: float
    grave: float
    accusation: float
    flags: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Judgements:
    """What the model says of some documents, one row each.

    Probabilities of level 1, level 2, path (documents, names), urgency (documents, 4), nature
    (documents, 7), flags (documents, 8) and accusation (documents,); `urgency_level` is decided.
    """

    level1: Array
    level2: Array
    path: Array
    urgency: Array
    urgency_level: Array
    nature: Array
    flags: Array
    accusation: Array

    def best_paths(self) -> list[int]:
        """Numbers of the likeliest paths; the levels above are those of the path."""
        paths: list[int] = self.path.argmax(axis=1).tolist()
        return paths


class Classifier:
    """Everything learned, in one object that is stored whole (see triage/artefacts.py)."""

    def __init__(
        self,
        *,
        features: TextFeatures,
        scores: LinearScores,
        outputs: Outputs,
        domain: DomainCalibration,
        heads: "Heads",
        lines: Lines,
        network: Network | None = None,  # none where there was too little to learn it from
    ) -> None:
        self.features = features
        self.scores = scores
        self.outputs = outputs
        self.domain = domain
        self.heads = heads
        self.lines = lines
        self.network = network
        self._join_heads()

    def _join_heads(self) -> None:
        """Make all that judges ready to be asked together: it costs little more than each."""
        heads = self.heads
        self._joined = JoinedHeads(
            scores=self.scores,
            outputs=self.outputs,
            columns=_list_columns(self.outputs),
            domain=self.domain,
            heads=(*heads.flags, heads.accusation, heads.nature, heads.urgency),
            network=self.network,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._join_heads()

    @property
    def level1_names(self) -> list[str]:
        """Names of the columns of level-1 probabilities."""
        return self.domain.level1

    @property
    def level2_names(self) -> list[tuple[str, str]]:
        """(level 1, level 2) names of the columns of level-2 probabilities."""
        return self.domain.level2

    @property
    def codes(self) -> list[str]:
        """Codes of the columns of path probabilities."""
        return self.domain.codes

    def judge(
        self, rows: Matrix, signals: Array, dangers: Sequence[Sequence[Danger]]
    ) -> Judgements:
        """The judgements of documents from their rows, signals (see `read_signals`) and dangers."""
        said = self._joined.ask(self.scores.narrow(rows), signals)
        level1, level2, path = self.domain.share_out(said.paths)
        logits = said.heads
        flags, urgent = len(self.heads.flags), len(self.heads.urgency.intercept)
        urgency = weigh_urgency(logits[:, -urgent:], said.urgency)
        return Judgements(
            level1=level1,
            level2=level2,
            path=path,
            urgency=urgency,
            urgency_level=decide_urgency(urgency, dangers, self.lines),
            nature=weigh_nature(logits[:, flags + 1 : -urgent], said.natures),
            flags=find_chances(logits[:, :flags]),
            accusation=weigh_accusation(logits[:, flags], said.natures, accuses_nobody(signals)),
        )

    def find_directions(self, paths: Sequence[int]) -> Array:
        """(documents, width): the directions of the waist that make up the logit of each path."""
        return self._joined.find_directions(paths)


@dataclass(frozen=True, slots=True)
class Heads:
    """The regressions over scores and signals; `flags` has one a flag, in the order of FLAGS.

    All are as wide as what `join_inputs` gives; what one does not see weighs nothing in it.
    """

    urgency: Softmax
    nature: Softmax
    accusation: Softmax
    flags: tuple[Softmax, ...]


def read_signals(
    readings: Sequence[Reading],
    dangers: Sequence[Sequence[Danger]],
    lexicon: DangerLexicon,
    meant: Array,
) -> Array:
    """(documents, signals) float32: what is counted beside the terms.

    The danger evidence as numbers, whether personal data stands in the text, the lengths, how
    often it asks and exclaims, the `SIGNS` of triage.accusations, and last what is `meant`, the
    (documents, MEANINGS) of triage.meanings.
    """
    evidence = lexicon.features(dangers, [(each.title, each.content) for each in readings])
    counts: list[list[float]] = []
    for reading, found in zip(readings, evidence, strict=True):
        title, content = reading.title, reading.content
        both = f"{title}\n{content}"
        counts.append(
            [
                *found,
                has_personal_data(both),
                log1p(len(content)),
                log1p(len(title)),
                log1p(both.count("？") + both.count("?")),
                log1p(both.count("！") + both.count("!")),
            ]
        )
    return np.concatenate([np.array(counts, np.float32), find_signs(readings), meant], axis=1)


def join_inputs(scores: Array, signals: Array, outputs: Outputs) -> Array:
    """What the heads see: every score down to level 2, and the signals."""
    parts = scores.take(_list_columns(outputs), axis=1), signals
    return np.concatenate(parts, axis=1).astype(np.float32, copy=False)


def _list_columns(outputs: Outputs) -> Array:
    """The columns of the scores that the heads see."""
    seen = outputs.nature, outputs.urgent, outputs.flags, outputs.level1, outputs.level2
    return np.concatenate([np.arange(part.start, part.stop) for part in seen])


def ask_network(
    network: Network | None, inputs: Array, scores: Array
) -> tuple[Array | None, Array | None, Array | None]:
    """Its logits of the paths, the natures and the urgencies, where there is one."""
    return (None, None, None) if network is None else network.logits(inputs, scores)


def weigh_nature(logits: Array, beside: Array | None) -> Array:
    """(documents, 7) probabilities by the regression's logits, and less by those of a network."""
    return find_shares(_hear(logits, beside, NATURE_SHARE))


def weigh_accusation(logits: Array, beside: Array | None, nobody: Array) -> Array:
    """(documents,) probabilities by the regression's logits, and more by what a network's logits of
    the natures say for an accusation against all others; less where `nobody` is accused."""
    if beside is not None:
        shares = find_shares(beside)[:, NATURES.index(ACCUSATION)].clip(_NEVER, 1 - _NEVER)
        beside = np.log(shares / (1 - shares))
    return find_chances(_hear(logits, beside, ACCUSATION_SHARE) - NOBODY_ACCUSED * nobody)


def accuses_nobody(signals: Array) -> Array:
    """(documents,) 1 where neither a person in office nor a misdeed is spoken of, else 0, from the
    (documents, signals) of `read_signals` or inputs that end in them."""
    nobody: Array = signals[:, -MEANINGS - 2] * signals[:, -MEANINGS - 1]
    return nobody


def weigh_urgency(logits: Array, beside: Array | None) -> Array:
    """(documents, 4) probabilities by the regression's logits, and more by those of a network: it
    alone ranks better where it was tuned, but not where it was not."""
    return find_shares(_hear(logits, beside, URGENCY_SHARE))


def _hear(logits: Array, beside: Array | None, share: float) -> Array:
    """The regression's logits with their share of a network's, if there is one."""
    return logits if beside is None else (1 - share) * logits + share * beside


def decide_urgency(
    probabilities: Array, dangers: Sequence[Sequence[Danger]], lines: Lines
) -> Array:
    """Levels 1-4: urgent from a low line on, because a missed level 1 costs a life.

    Stated, evident danger to life makes a submission urgent whatever the model thinks of it. 一般
    need not be the likelier one: in doubt about it the third possibility is an urgent one, which
    has mostly been called so already.
    """
    grave = probabilities[:, 0] >= lines.grave
    urgent = rank_urgency(probabilities) >= lines.urgent
    for number, found in enumerate(dangers):
        if any(is_grave(danger) for danger in found):
            urgent[number] = True
    calm = np.where(CALM_ENOUGH * probabilities[:, 2] >= probabilities[:, 3], 3, 4)
    levels: Array = np.where(grave, 1, np.where(urgent, 2, calm))
    return levels


def rank_urgency(probabilities: Array) -> Array:
    """(documents,): the higher, the sooner it is called urgent.

    Of two that are as likely urgent, the one that is otherwise 较急 comes before the one that is
    otherwise 一般: called in vain, it is wrong by one level instead of two.
    """
    rank: Array = probabilities[:, 0] + probabilities[:, 1] - TWO_LEVELS_OFF * probabilities[:, 3]
    return rank


def is_grave(danger: Danger) -> bool:
    """Whether this evidence alone makes a submission urgent: danger to life, stated as a fact."""
    return danger.level == 1 and danger.stance == "stated" and danger.strength >= EVIDENT
