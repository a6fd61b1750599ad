"""Networks: they tell what no weighted sum can, and several stand side by side as one."""

import pickle

import numpy as np
import pytest

from training import networks
from training.logits import slope_of_classes
from training.networks import Shape, fit_together
from triage.features import Array
from triage.networks import URGENCIES, Network
from triage.suggestions import NATURES

TEXTS = 400
SHAPE = Shape(networks=1, units=64, epochs=300)
# Which of the four urgencies: by two signs, neither of which says anything by itself.
SIGNS = np.random.default_rng(0).integers(0, 2, (TEXTS, 2))
URGENCY = np.where(SIGNS[:, 0] == SIGNS[:, 1], 3, 1)
INPUTS = np.column_stack([np.zeros(TEXTS), SIGNS]).astype(np.float32)  # the first is not seen
SCORES = np.random.default_rng(1).standard_normal((TEXTS, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> Network:
    return fit(SHAPE)


def fit(
    shape: Shape, *, seed: int = 0, counts: Array | None = None, truth: Array = URGENCY
) -> Network:
    """One path, the natures, and the urgencies, of which alone anything is to be learned."""
    logits = 1 + len(NATURES) + URGENCIES

    def slope(given: Array, texts: Array) -> Array:
        nothing = np.zeros((len(texts), logits - URGENCIES), np.float32)
        return np.hstack([nothing, slope_of_classes(given[:, -URGENCIES:], truth[texts])])

    return fit_together(
        INPUTS,
        SCORES,
        slope,
        sees=np.array([1, 2]),
        counts=np.ones(TEXTS) if counts is None else counts,
        logits=logits,
        width=4,
        shape=shape,
        seed=seed,
    )


def test_it_tells_what_no_weighted_sum_of_the_inputs_can(network: Network) -> None:
    paths, natures, urgency = network.logits(INPUTS, SCORES)
    assert paths.shape == (TEXTS, 1)
    assert natures.shape == (TEXTS, len(NATURES))
    assert urgency.shape == (TEXTS, URGENCIES)
    assert (urgency.argmax(axis=1) == URGENCY).mean() > 0.95


def test_chance_is_learned_less_by_heart_where_scores_are_blurred(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_chance = np.random.default_rng(2).integers(0, URGENCIES, TEXTS)

    def learned() -> float:
        """How far the answers go with scores that have nothing to do with them."""
        *_, urgency = fit(SHAPE, truth=by_chance).logits(INPUTS, SCORES)
        return float(urgency.std(axis=0).mean())

    blurred = learned()
    monkeypatch.setattr(networks, "BLUR", 0.0)
    assert blurred < 0.6 * learned()


def test_what_counts_nothing_is_not_learned() -> None:
    counts = np.where(URGENCY == 3, 1.0, 0.0)
    *_, urgency = fit(SHAPE, counts=counts).logits(INPUTS, SCORES)
    assert (urgency.argmax(axis=1) == 3).all()


def test_the_same_seed_gives_the_same_to_the_last_byte(network: Network) -> None:
    assert pickle.dumps(fit(SHAPE)) == pickle.dumps(network)


def test_several_side_by_side_give_the_mean_of_what_each_gives(network: Network) -> None:
    both = fit(Shape(networks=2, units=64, epochs=300))
    *_, together = both.logits(INPUTS, SCORES)
    *_, first = network.logits(INPUTS, SCORES)
    *_, second = fit(SHAPE, seed=1).logits(INPUTS, SCORES)
    np.testing.assert_allclose(together, (first + second) / 2, atol=0.02)


def test_one_that_is_loaded_answers_as_the_one_just_fitted(network: Network) -> None:
    kept = pickle.loads(pickle.dumps(network))  # noqa: S301 - just pickled
    for one, other in zip(network.logits(INPUTS, SCORES), kept.logits(INPUTS, SCORES), strict=True):
        assert one.tobytes() == other.tobytes()


def test_an_input_beyond_all_that_was_met_counts_no_more_than_the_furthest(
    network: Network,
) -> None:
    far = np.array([[0, 1e3, 0], [0, 1e6, 0]], np.float32)
    *_, urgency = network.logits(far, SCORES[:1].repeat(2, axis=0))
    np.testing.assert_array_equal(urgency[0], urgency[1])
