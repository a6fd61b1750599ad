import json
import shutil
import tracemalloc
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from training.replies import _pack
from triage.errors import InvalidArtefact
from triage.replies import Assessment, ReplyModel
from triage.replymodels import load_reply_model, save_reply_model
from triage.replyreading import Reply, find_copies

FOLDER = Path(str(files("models"))) / "replies"
CHINA = timezone(timedelta(hours=8))
TITLE = "3栋电梯停运四天，老人下不了楼"
CONTENT = (
    "我家住安平县柳河镇幸福里小区3栋17楼，电梯从周三停到现在，物业说维修基金没批下来。"
    "请问电梯什么时候能修好？希望房管部门尽快批下维修基金。"
)
GOOD = (
    "网友您好！您的留言已收悉，现回复如下：经县住建局3月2日到幸福里小区现场核查，3栋电梯因曳引机损坏停运。"
    "根据《安平县住宅专项维修资金管理办法》第十八条，危及安全的可应急使用维修基金，我局已于3月2日批准应急使用2.6万元，"
    "责令物业公司立即更换曳引机，预计3月5日前修好恢复运行。其间社区已安排专人帮助老人上下楼。"
    "联系人：县住建局物业科王工，电话0712-1234567。感谢您的监督！2025年3月2日"
)
EMPTY = "网友您好！您反映的问题已转相关单位核查处理，请关注后续回复，感谢您的支持！2025年3月2日"
BESIDE = (
    "您好！经县教育局调查，柳河镇中心小学食堂3月1日的午餐留样检测合格，供餐公司证照齐全。"
    "教育局已责令学校公开食堂账目，预计3月10日前完成，联系电话0712-7654321。"
)


@pytest.fixture(scope="module")
def model() -> ReplyModel:
    return load_reply_model(FOLDER)


def make_reply(reply: str = GOOD, **changes: Any) -> Reply:
    told: dict[str, Any] = {"id": "1", "title": TITLE, "content": CONTENT, "reply": reply}
    return Reply(**told | changes)


def says(assessment: Assessment, aspect: str) -> str:
    return "；".join(reason.says for reason in assessment.reasons if reason.aspect == aspect)


def test_a_reply_that_found_acted_and_answered_is_better_than_one_that_passes_on(
    model: ReplyModel,
) -> None:
    good, empty = model.assess(make_reply()), model.assess(make_reply(EMPTY))
    assert (good.perfunctory, empty.perfunctory) == (False, True)
    assert good.score > empty.score + 4
    for name in ("relevance", "completeness", "grounds", "action"):
        assert 0 <= getattr(empty, name) < getattr(good, name) <= 2
    assert good.score == pytest.approx(
        good.relevance + good.completeness + good.grounds + good.action
    )


@pytest.mark.parametrize("reply", ["", "已收悉", "。", "2025年3月2日", "您好！感谢您的支持！"])
def test_a_reply_without_content_is_perfunctory(model: ReplyModel, reply: str) -> None:
    assessment = model.assess(make_reply(reply))
    assert assessment.perfunctory
    assert assessment.score < 2
    assert says(assessment, "perfunctory")


def test_a_good_reply_to_another_matter_is_less_relevant(model: ReplyModel) -> None:
    assert model.assess(make_reply(BESIDE)).relevance < model.assess(make_reply()).relevance


def test_each_mark_comes_with_the_sentences_that_earned_it(model: ReplyModel) -> None:
    assessment = model.assess(make_reply())
    quoted = {reason.says: reason.sentences for reason in assessment.reasons if reason.sentences}
    assert any("现场核查" in text for text in quoted["写明了调查了解的情况"])
    assert any("第十八条" in text for text in quoted["写明了依据的规定"])
    assert any("0712-1234567" in text for text in quoted["给出了联系方式"])
    assert all(text in GOOD for texts in quoted.values() for text in texts)


def test_the_requests_are_told_with_whether_they_were_answered(model: ReplyModel) -> None:
    answered = dict(model.assess(make_reply()).requests)
    assert answered["请问电梯什么时候能修好？"]
    assert not any(done for _, done in model.assess(make_reply(EMPTY)).requests)


def test_what_is_kept_beside_the_reply_holds_no_words_of_the_submission(
    model: ReplyModel,
) -> None:
    kept = json.dumps(model.assess(make_reply(EMPTY)).as_record(), ensure_ascii=False)
    assert "维修基金" not in kept
    assert "电梯" not in kept


def test_the_days_are_counted_where_both_times_are_known(model: ReplyModel) -> None:
    received = datetime(2025, 3, 1, 9, 0, tzinfo=CHINA)
    times = {"received_at": received, "replied_at": received + timedelta(days=2, hours=12)}
    assert model.assess(make_reply(**times)).days == 2.5
    assert says(model.assess(make_reply(**times)), "timeliness") == "收件后 2.5 天回告"
    times["replied_at"] = received + timedelta(minutes=20)
    assert says(model.assess(make_reply(**times)), "timeliness") == "收件后一天内回告"
    assert model.assess(make_reply()).days is None


def test_a_copy_of_another_reply_is_perfunctory_however_good_it_reads(model: ReplyModel) -> None:
    assert model.assess(make_reply(), others=[GOOD.replace("网友", "李先生")]).perfunctory
    first, second, other = model.assess_all(
        [make_reply(), make_reply(id="2"), make_reply(BESIDE, id="3")]
    )
    assert (first.perfunctory, second.perfunctory) == (True, True)
    assert "逐字相同" in says(second, "perfunctory")
    assert "逐字相同" not in says(other, "perfunctory")


def test_courtesies_and_forwards_alone_are_no_copies() -> None:
    assert find_copies([EMPTY, EMPTY, "您好！感谢您的支持！"]) == [False, False, False]
    assert find_copies([]) == []


def test_to_compare_replies_that_nobody_copied_takes_little_memory() -> None:
    dice = Random(5)  # noqa: S311 - draws characters, guards nothing
    replies = ["".join(map(chr, dice.choices(range(0x4E00, 0x5E00), k=200))) for _ in range(500)]
    tracemalloc.start()
    assert not any(find_copies(replies))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most / len(replies) < 8_000  # bytes


def test_none_at_all_is_no_work(model: ReplyModel) -> None:
    assert model.assess_all([]) == []


@pytest.mark.parametrize("odd", ["\x00\ud800😀" * 50, "“" * 30_000, "请" * 30_000, "1、" * 15_000])
def test_odd_and_long_texts_are_read(model: ReplyModel, odd: str) -> None:
    assessment = model.assess(Reply("x", odd[:500], odd, odd))
    assert 0 <= assessment.score <= 8


def test_the_packed_forest_answers_as_the_trees_it_was_made_of() -> None:
    random = np.random.default_rng(0)
    rows = random.random((80, 6)).astype(np.float32)
    targets = np.column_stack([rows[:, 0] + rows[:, 1], rows[:, 2] > 0.5])
    trees = ExtraTreesRegressor(12, min_samples_leaf=3, random_state=0).fit(rows, targets)
    fresh = random.random((40, 6)).astype(np.float32)
    assert np.allclose(_pack(trees).predict(fresh), trees.predict(fresh), atol=1e-5)


def test_a_model_reads_back_as_it_was_written(model: ReplyModel, tmp_path: Path) -> None:
    digest = save_reply_model(model, tmp_path)
    manifest = {"id": "x", "files": {"replies.npz": digest}, "libraries": {}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    again = load_reply_model(tmp_path)
    assert again.id == "x"
    assert again.assess(make_reply()) == model.assess(make_reply())


def test_an_altered_model_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "replies")
    with (folder / "replies.npz").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InvalidArtefact, match="与清单不符"):
        load_reply_model(folder)
    (folder / "replies.npz").unlink()
    with pytest.raises(InvalidArtefact, match="没有"):
        load_reply_model(folder)


def test_the_released_model_clears_its_bars_and_knows_no_rare_word(model: ReplyModel) -> None:
    scores = json.loads((FOLDER / "manifest.json").read_text("utf-8"))["scores"]
    assert scores["spearman"] >= 0.70
    assert scores["perfunctory_recall"] >= 0.85
    assert scores["perfunctory_precision"] >= 0.70
    assert max(model.phrases.weights.values()) <= model.phrases.unknown
