import json
from pathlib import Path

import numpy as np

from training.config import HERE, load_config
from training.dataset import find_groups
from training.places import (
    Example,
    evaluate,
    find_place_in,
    fit,
    overlap_f1,
    read_examples,
    save,
)
from triage.places import HEAD, LEARNED, load_weights

ROADS = [f"{name}路" for name in ("建业", "丰泽", "东风", "民主", "青松", "临江", "翠湖", "科技")]
FAULTS = ("路灯不亮", "井盖破损", "积水严重", "坑洼不平")
EXAMPLES = [
    *(Example(f"反映{road}{fault}", "请尽快处理。", road) for road in ROADS for fault in FAULTS),
    *(Example(f"咨询{matter}", "请问怎样办理？", "") for matter in ("医保", "社保", "落户") * 6),
]


def test_the_same_examples_give_the_same_weights_and_teach_the_place(tmp_path: Path) -> None:
    weights = fit(EXAMPLES, epochs=3)
    again = fit(EXAMPLES, epochs=3)
    for name in LEARNED:
        assert np.array_equal(getattr(weights, name), getattr(again, name))
    unseen = [Example("反映红旗路井盖破损", "请尽快处理。", "红旗路"), EXAMPLES[-1]]
    assert evaluate(unseen, weights)["exact"] == 1
    save(weights, tmp_path / "places.npz")
    assert evaluate(unseen, load_weights(tmp_path / "places.npz"))["exact"] == 1


def test_persons_are_masked_before_fitting_and_doors_are_not(tmp_path: Path) -> None:
    record = {"title": "我叫王小明", "content": "我住翠湖家园3栋2单元501室，漏水。"}
    file = tmp_path / "records.jsonl"
    file.write_text(json.dumps(record | {"place": "翠湖家园3栋2单元501室"}), encoding="utf-8")
    (example,) = read_examples([file])
    assert example.title == "我叫王某某"
    assert example.place == "翠湖家园3栋2单元501室"
    assert example.place in example.content


def test_every_occurrence_of_a_place_is_a_right_answer() -> None:
    assert find_place_in("建业路的路灯，建业路", "建业路") == [(0, 3), (7, 10)]
    assert find_place_in("建业路", "") == []


def test_overlap_counts_shared_characters() -> None:
    assert overlap_f1("", "") == 1
    assert overlap_f1("建业路", "") == 0
    assert overlap_f1("建业路", "东建业路") == 6 / 7


def read_places(name: str) -> list[dict[str, str]]:
    lines = (HERE / "corpus" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_written_place_stands_in_its_text_where_the_model_can_find_it() -> None:
    records = read_places("places.jsonl") + read_places("places-elsewhere.jsonl")
    assert len({record["id"] for record in records}) == len(records)
    for record in records:
        read = f"{record['title']}\n{record['content'][:HEAD]}"
        assert not record["place"] or find_place_in(read, record["place"]), record["id"]


def test_the_places_held_out_are_never_learned_from_nor_like_what_is() -> None:
    learned, held_out = read_places("places.jsonl"), read_places("places-elsewhere.jsonl")
    texts = [record["title"] + record["content"] for record in (*learned, *held_out)]
    groups = find_groups(texts, similarity=0.3, seed=0)
    assert not set(groups[len(learned) :]) & set(groups[: len(learned)])
    assert not {record["place"] for record in held_out if record["place"]} & {
        record["place"] for record in learned
    }
    # Nor does the model of domains learn from either: they carry the place alone.
    assert not [file for file in load_config().corpus.files if file.path.stem.startswith("places")]


def test_the_shipped_weights_find_places_of_other_towns() -> None:
    held_out = read_examples([HERE / "corpus" / "places-elsewhere.jsonl"])
    scores = evaluate(held_out, load_weights())
    assert scores["exact"] > 0.5
    assert scores["overlap_f1"] > 0.7
