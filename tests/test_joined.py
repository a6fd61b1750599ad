"""What is asked at once against each part asked by itself."""

from dataclasses import dataclass
from itertools import pairwise, starmap

import numpy as np
import pytest

from triage.calibration import NETWORK_SHARE, DomainCalibration, Softmax
from triage.features import Array
from triage.joined import JoinedHeads
from triage.networks import URGENCIES, Network
from triage.scores import LinearScores, Outputs
from triage.suggestions import NATURES
from triage.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy("letters")
WIDTH, SIGNALS, UNITS = 12, 5, 9
RANDOM = np.random.default_rng(0)


def draw(*shape: int, spread: float = 1.0) -> Array:
    return RANDOM.normal(0, spread, shape).astype(np.float32)


@dataclass(frozen=True)
class Parts:
    """Everything that judges, with numbers that mean nothing."""

    scores: LinearScores
    outputs: Outputs
    columns: Array
    domain: DomainCalibration
    heads: tuple[Softmax, ...]
    network: Network


@pytest.fixture(scope="module")
def parts() -> Parts:
    domain = DomainCalibration(TAXONOMY)
    domain.blend_ = np.array([2, 3, 4], np.float32)
    domain.bias1_, domain.bias2_ = draw(len(domain.level1)), draw(len(domain.level2))
    sizes = np.cumsum([0, len(domain.level1), len(domain.level2), len(domain.codes), 7, 3, 8])
    outputs = Outputs(*starmap(slice, pairwise(sizes.tolist())))
    columns = np.r_[sizes[3] : sizes[6], : sizes[2]]
    inputs = len(columns) + SIGNALS
    heads = tuple(
        Softmax(np.zeros(inputs), np.ones(inputs), draw(classes, inputs), draw(classes))
        for classes in (1, 1, 7)
    )
    sees = np.r_[2:10, inputs - SIGNALS + 1 : inputs]
    network = Network(
        sees=sees,
        mean=draw(len(sees)),
        scale=np.full(len(sees), 0.1, np.float32),  # so that some lie beyond its reach
        from_inputs=draw(len(sees), UNITS),
        from_scores=draw(sizes[-1], UNITS),
        inward=draw(UNITS),
        outward=draw(UNITS, len(domain.codes) + len(NATURES) + URGENCIES),
        bias=draw(len(domain.codes) + len(NATURES) + URGENCIES),
    )
    scores = LinearScores(
        np.zeros((0, WIDTH), np.int8),
        np.zeros(0, np.float16),
        draw(WIDTH, sizes[-1], spread=0.3),
        draw(sizes[-1], spread=0.3),
    )
    return Parts(scores, outputs, columns, domain, heads, network)


def join(parts: Parts, *, network: Network | None) -> JoinedHeads:
    return JoinedHeads(
        scores=parts.scores,
        outputs=parts.outputs,
        columns=parts.columns,
        domain=parts.domain,
        heads=parts.heads,
        network=network,
    )


@pytest.mark.parametrize("documents", [1, 3, 20])
@pytest.mark.parametrize("with_network", [True, False])
def test_all_say_together_what_each_says_of_the_scores(
    parts: Parts, documents: int, with_network: bool
) -> None:
    waist, signals = draw(documents, WIDTH), draw(documents, SIGNALS)
    network = parts.network if with_network else None
    said = join(parts, network=network).ask(waist, signals)
    scores = waist @ parts.scores.directions + parts.scores.intercept
    inputs = np.hstack([scores[:, parts.columns], signals])
    heads = np.hstack([head.logits(inputs) for head in parts.heads])
    np.testing.assert_allclose(said.heads, heads, atol=1e-3)
    outputs = parts.outputs
    paths = parts.domain.logits(
        [scores[:, p] for p in (outputs.level1, outputs.level2, outputs.level3)]
    )
    if network is None:
        assert said.natures is said.urgency is None
    else:
        beside, natures, urgency = network.logits(inputs, scores)
        paths = (1 - NETWORK_SHARE) * paths + NETWORK_SHARE * beside
        assert said.natures is not None
        assert said.urgency is not None
        np.testing.assert_allclose(said.natures, natures, atol=1e-3)
        np.testing.assert_allclose(said.urgency, urgency, atol=1e-3)
    np.testing.assert_allclose(said.paths, paths, atol=1e-3)


def test_a_path_rises_along_its_direction_by_the_length_gone(parts: Parts) -> None:
    joined = join(parts, network=None)
    waist, signals = draw(2, WIDTH), draw(2, SIGNALS)
    step = draw(WIDTH)
    paths = [3, 200]
    rise = joined.ask(waist + step, signals).paths - joined.ask(waist, signals).paths
    np.testing.assert_allclose(rise[[0, 1], paths], joined.find_directions(paths) @ step, atol=1e-3)
