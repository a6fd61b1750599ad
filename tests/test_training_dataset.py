"""The corpus: masked, grouped, weighed and named by its digest."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.config import HERE, Config, CorpusConfig, CorpusFile, load_config
from training.dataset import Corpus, find_groups, load_corpus
from training.labels import read_labels
from training.readers import read_examples
from triage.calibration import DomainCalibration
from triage.errors import InvalidData
from triage.taxonomy import load_taxonomy

NOISE = (
    "楼下烧烤店每天营业到凌晨两点，油烟直往楼上窜，窗户都不敢开，孩子第二天还要上学，"
    "打了几次电话都说在协调，到现在也没有人上门看过，请尽快处理。"
)
BUS = "108路公交车早高峰要等四十分钟，站台上挤满了上班的人，希望增加班次或者恢复区间车。"


def make_row(**changes: Any) -> dict[str, Any]:
    row = {
        "id": "1",
        "title": "油烟扰民",
        "content": NOISE,
        "l1": "城乡建设",
        "l2": "城市建设和市政管理",
        "l3": "城管执法",
        "urgency": 3,
        "nature": "投诉",
        "flags": ["重复反映"],
    }
    return row | changes


def load(path: Path, rows: list[dict[str, Any]], **file: Any) -> Corpus:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    named = CorpusFile(path, **({"role": "ours"} | file))
    return load_corpus(Config(CorpusConfig((named,))))


def test_near_copies_are_one_group_and_others_stand_apart() -> None:
    texts = [
        NOISE,
        BUS,
        NOISE.replace("烧烤店", "火锅店") + "谢谢领导！",
        "咨询一下，新生儿办理医保需要带哪些材料，可以在手机上办吗？",
        "！！" + NOISE,
        "",
        "路",
    ]
    groups = find_groups(texts, similarity=0.5, seed=0)
    assert groups[0] == groups[2] == groups[4]
    assert len(set(groups.tolist())) == 5


def test_how_alike_is_alike_is_the_town_s_choice() -> None:
    texts = [NOISE, NOISE[: len(NOISE) * 3 // 4]]
    assert len(set(find_groups(texts, similarity=0.5, seed=0).tolist())) == 1
    assert len(set(find_groups(texts, similarity=0.95, seed=0).tolist())) == 2


def test_the_groups_do_not_depend_on_the_order_of_the_texts() -> None:
    texts = [NOISE, BUS, NOISE + "急！", BUS + "谢谢", "井盖松了，车一过就响"]
    forward = find_groups(texts, similarity=0.5, seed=0)
    backward = find_groups(texts[::-1], similarity=0.5, seed=0)[::-1]
    same = forward[:, None] == forward[None, :]
    np.testing.assert_array_equal(same, backward[:, None] == backward[None, :])


def test_personal_data_is_gone_before_anything_is_counted(tmp_path: Path) -> None:
    secret = "我叫王小明，电话１３８００１３８０００，身份证11010519491231002X，住3栋2单元501室。"
    row = make_row(title="投诉人：王小明，反映油烟", content=secret)
    corpus = load(tmp_path / "a.jsonl", [row])
    kept = corpus.examples[0].title + corpus.examples[0].content
    for personal in ("小明", "138001380", "1101051949", "501"):
        assert personal not in kept
    assert "油烟" in kept


def test_the_same_records_give_the_same_digest_wherever_they_lie(tmp_path: Path) -> None:
    rows = [make_row(), make_row(id="2", content=BUS)]
    one = load(tmp_path / "here" / "a.jsonl", rows)
    two = load(tmp_path / "there" / "a.jsonl", rows)
    assert one.digest == two.digest
    assert one.groups.tolist() == two.groups.tolist()


@pytest.mark.parametrize(
    "changed",
    [{"urgency": 1}, {"content": NOISE + "急"}, {"flags": []}, {"l3": "环境卫生"}],
)
def test_another_text_or_label_gives_another_digest(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    one = load(tmp_path / "a.jsonl", [make_row()])
    assert load(tmp_path / "a.jsonl", [make_row(**changed)]).digest != one.digest


def test_another_weight_gives_another_digest(tmp_path: Path) -> None:
    one = load(tmp_path / "a.jsonl", [make_row()])
    assert load(tmp_path / "a.jsonl", [make_row()], weight=0.5).digest != one.digest


def test_a_part_named_in_the_file_has_its_own_role_and_weight(tmp_path: Path) -> None:
    rows = [make_row(), make_row(id="2", part="hard")]
    corpus = load(tmp_path / "a.jsonl", rows, weight=0.5, parts={"hard": 2.0})
    assert corpus.roles == ["ours", "hard"]
    assert corpus.weights.tolist() == [0.5, 2.0]


def test_a_record_that_comes_twice_counts_once(tmp_path: Path) -> None:
    corpus = load(tmp_path / "a.jsonl", [make_row(), make_row(), make_row(id="2")])
    assert [example.id for example in corpus.examples] == ["1", "2"]


def test_a_file_can_be_thinned(tmp_path: Path) -> None:
    rows = [make_row(id=str(number)) for number in range(7)]
    corpus = load(tmp_path / "a.jsonl", rows, every=3)
    assert [example.id for example in corpus.examples] == ["0", "3", "6"]


def test_labels_come_through_masking_unchanged(tmp_path: Path) -> None:
    example = load(tmp_path / "a.jsonl", [make_row()]).examples[0]
    assert (example.level1, example.level2, example.level3) == (
        "城乡建设",
        "城市建设和市政管理",
        "城管执法",
    )
    assert (example.urgency, example.nature, example.flags) == (3, "投诉", ("重复反映",))


def test_every_petition_of_the_product_carries_every_label_and_a_number_of_its_own() -> None:
    names = "seed", "written", "elsewhere"
    examples = [e for name in names for e in read_examples(HERE / "corpus" / f"{name}.jsonl")]
    taxonomy = load_taxonomy("letters")
    labels = read_labels(examples, taxonomy, DomainCalibration(taxonomy))
    assert len(labels.path) == len({example.id for example in examples}) > 15_500


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"urgency": None}, "缺少紧急程度"),
        ({"nature": ""}, "缺少诉求性质"),
        ({"flags": None}, "缺少风险标签"),
        ({"l1": ""}, "缺少一级分类"),
        ({"l3": "没有这一类"}, "没有“城乡建设/城市建设和市政管理/没有这一类”"),
    ],
)
def test_a_record_that_lacks_a_label_is_named_and_never_learned_as_harmless(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    corpus = load(tmp_path / "ours.jsonl", [make_row(), make_row(id="K7", **changes)])
    taxonomy = load_taxonomy("letters")
    with pytest.raises(InvalidData, match=f"有 1 件.*\n.*{says}.*：ours 的 K7"):
        read_labels(corpus.examples, taxonomy, DomainCalibration(taxonomy))


def test_a_level_2_without_parts_needs_no_level_3(tmp_path: Path) -> None:
    row = make_row(l1="科教文体", l2="新闻出版", l3="")
    taxonomy = load_taxonomy("db44t2479")
    examples = load(tmp_path / "ours.jsonl", [row]).examples
    labels = read_labels(examples, taxonomy, DomainCalibration(taxonomy))
    assert str(taxonomy.domains[labels.path[0]]) == "科教文体/新闻出版/新闻出版"


def test_what_is_held_out_is_never_learned_from_nor_like_what_is() -> None:
    learned = [
        example
        for file in load_config().corpus.files
        for example in read_examples(file.path, texts=file.texts)
    ]
    held_out = read_examples(HERE / "corpus" / "elsewhere.jsonl")
    assert not {example.id for example in held_out} & {example.id for example in learned}
    texts = [example.content for example in (*learned, *held_out)]
    groups = find_groups(texts, similarity=0.3, seed=0)
    assert not set(groups[len(learned) :]) & set(groups[: len(learned)])
