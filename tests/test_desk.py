"""The desk end to end: every text gets an answer, and a doubtful one goes to a clerk.

The model is the tiny one, so these tests rest on what does not depend on its accuracy.
"""

import dataclasses
import json
import time
from copy import copy
from pathlib import Path

import pytest
from service_factories import TINY_MODEL, load_tiny_desk

from triage.artefacts import read_manifest
from triage.desk import CHUNK, Desk, load_desk
from triage.errors import InvalidData
from triage.submissions import MAX_CONTENT, Submission
from triage.suggestions import FLAGS, NATURES, URGENCY_NAMES, Suggestion
from triage.text import clean_text

ELEVATOR = Submission(
    "A-1", "3栋电梯停运四天", "幸福里小区3栋电梯从周三停到现在，物业说维修基金没批，老人下不了楼。"
)
ACCUSATION = Submission(
    "J-1", "", "我们村支书贪污低保款，把自己的亲戚都报成低保户，请上级调查处理。"
)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return load_tiny_desk()


def suggest(desk: Desk, content: str, title: str = "", place: str | None = None) -> Suggestion:
    return desk.suggest(Submission("X-1", title, content, place=place))


def redraw_lines(desk: Desk, **lines: float) -> Desk:
    """The same desk with other lines between yes and no."""
    classifier = copy(desk.classifier)
    classifier.lines = dataclasses.replace(classifier.lines, **lines)
    return dataclasses.replace(desk, classifier=classifier)


# --- any text -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "文字太少"),
        (" \u200b\u3000\n", "文字太少"),
        ("急", "文字太少"),
        ("😀😀🚒", "文字太少"),
        ("\x00\ud800\ufffe", "文字太少"),
        ("My neighbour plays loud music every night and nobody helps us.", "中文太少"),
        ("asdf#@!%$^&*()_+}{|:?><", "中文太少"),
        ("😀" * 200, "中文太少"),
        ("1234567890" * 50, "中文太少"),
        ("锟斤拷锟斤拷ÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂÃÂ", "中文太少"),
    ],
)
def test_what_cannot_be_read_is_answered_and_goes_to_review(
    desk: Desk, content: str, reason: str
) -> None:
    suggestion = suggest(desk, content)
    assert suggestion.needs_review
    assert any(text.startswith(reason) for text in suggestion.review_reasons)


@pytest.mark.parametrize("content", ["", "x", "😀", "?!", "I accuse the mayor of taking bribes."])
def test_what_cannot_be_read_waits_for_a_clerk_and_not_under_the_seal(content: str) -> None:
    suggestion = suggest(load_desk(TINY_MODEL.parent / "default"), content)
    assert suggestion.needs_review
    assert not suggestion.confidential
    assert suggestion.nature.name != "检举控告"


@pytest.mark.parametrize(
    "piece", ["字", "9", "a ", "（", "我们小区的电梯坏了没有人修，老人下不了楼。", "😀\n", "\ud800"]
)
def test_the_longest_text_allowed_is_answered_in_time(desk: Desk, piece: str) -> None:
    content = (piece * MAX_CONTENT)[:MAX_CONTENT]
    begun = time.process_time()
    suggestion = suggest(desk, content)
    assert time.process_time() - begun < 5  # a tenth of that on a machine at rest
    assert suggestion.id == "X-1"


# --- the answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("submission", [ELEVATOR, ACCUSATION, Submission("", "", "")])
def test_an_answer_is_json_and_keeps_to_the_names_of_the_product(
    desk: Desk, submission: Submission
) -> None:
    suggestion = desk.suggest(submission)
    plain = suggestion.as_dict()
    assert json.loads(json.dumps(plain, ensure_ascii=False, allow_nan=False)) == plain
    assert suggestion.id == submission.id
    assert suggestion.model == read_manifest(TINY_MODEL)["id"]
    domain = desk.taxonomy.get(suggestion.domain.code)
    assert domain.path == (
        suggestion.domain.level1,
        suggestion.domain.level2,
        suggestion.domain.level3,
    )
    assert suggestion.nature.name in NATURES
    assert tuple(suggestion.flag_probabilities) == FLAGS
    assert set(suggestion.flags) <= set(FLAGS)
    assert suggestion.urgency.name == URGENCY_NAMES[suggestion.urgency.level]
    assert suggestion.needs_review is bool(suggestion.review_reasons)


def test_an_answer_cannot_be_edited(desk: Desk) -> None:
    suggestion = desk.suggest(ELEVATOR)
    for part, field in ((suggestion, "confidential"), (suggestion.domain, "code")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, field, None)


def test_confidence_falls_from_level_to_level_and_the_alternatives_are_three_others(
    desk: Desk,
) -> None:
    for submission in (ELEVATOR, ACCUSATION):
        domain = desk.suggest(submission).domain
        assert 1 >= domain.level1_confidence >= domain.level2_confidence >= domain.confidence >= 0
        others = [other.code for other in domain.alternatives]
        assert len({domain.code, *others}) == 4
        chances = [other.confidence for other in domain.alternatives]
        assert chances == sorted(chances, reverse=True)


def test_a_domain_the_model_is_unsure_of_goes_to_review(desk: Desk) -> None:
    suggestion = suggest(desk, "我想问一下那个事情现在到底是怎么样了")
    assert suggestion.domain.level1_confidence < desk.classifier.lines.review
    assert any(reason.startswith("领域把握不足") for reason in suggestion.review_reasons)


# --- alone and in a batch -------------------------------------------------------------------------


def test_a_batch_keeps_the_order_and_says_what_each_would_get_alone(desk: Desk) -> None:
    contents = [
        "楼下烧烤店油烟扰民，投诉多次没人管",
        "",
        "家里煤气泄漏，请派人来看看",
        ACCUSATION.content,
        "字" * 5000,
        "请问新生儿医保怎么办理",
    ]
    submissions = [
        Submission(str(number), "", contents[number % len(contents)])
        for number in range(2 * CHUNK + 3)
    ]
    together = desk.suggest_many(submissions)
    assert [suggestion.id for suggestion in together] == [s.id for s in submissions]
    for number in (*range(len(contents)), len(submissions) - 1):
        assert together[number] == desk.suggest(submissions[number])


def test_a_batch_of_nothing_is_nothing(desk: Desk) -> None:
    assert desk.suggest_many([]) == []


# --- urgency --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "content"),
    [
        ("", "你好，我家里有一股煤气味，燃气表那里一直在嘶嘶响，有空麻烦来看一下，不着急。"),
        ("", "家里煤气泄漏，请派人来看看。"),
        ("反映燃气问题", "楼道里天然气泄漏，味道很浓，请派人来看看，谢谢。"),
    ],
)
def test_a_gas_leak_told_calmly_is_urgent_and_the_words_are_quoted(
    desk: Desk, title: str, content: str
) -> None:
    urgency = suggest(desk, content, title).urgency
    assert urgency.level <= 2
    assert "燃气泄漏" in urgency.reasons[0]
    quoted = urgency.reasons[0].partition("“")[2].partition("”")[0]
    assert quoted
    assert quoted in content


@pytest.mark.parametrize(
    "content",
    [
        "小区停车太难了，每天下班绕三圈，真是要气死人了，烦死了。",
        "办个证跑了五趟，让人崩溃得想跳楼，能不能一次性告知？",
        "食堂的菜难吃得要命，吃得想死，请学校改善一下伙食。",
    ],
)
def test_figurative_despair_is_not_of_level_1(desk: Desk, content: str) -> None:
    assert suggest(desk, content).urgency.level > 1


def test_every_urgent_call_names_words_and_no_calm_one_does(desk: Desk) -> None:
    contents = [
        "家里煤气泄漏，请派人来看看。",
        "有人在楼顶要往下跳，快来人！",
        "我们二十多个工人三个月没发工资，明天集体去市政府。",
        "请问新生儿医保怎么办理",
        "",
        ELEVATOR.content,
    ]
    levels = set()
    for content in contents:
        urgency = suggest(desk, content).urgency
        levels.add(urgency.level <= 2)
        assert bool(urgency.reasons) is (urgency.level <= 2)
        assert all("“" in reason or "全文" in reason for reason in urgency.reasons)
    assert levels == {True, False}


# --- accusations and departments ------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        ACCUSATION.content,
        "举报镇长收受工程老板贿赂，违规把项目包给亲戚，希望纪委查处。",
    ],
)
def test_an_accusation_is_confidential_and_waits_for_the_discipline_officer(
    desk: Desk, content: str
) -> None:
    suggestion = suggest(desk, content)
    assert suggestion.confidential
    assert suggestion.department.lead == "纪委监委"
    assert suggestion.needs_review
    assert any("纪检员" in reason for reason in suggestion.review_reasons)


def test_what_may_be_an_accusation_is_led_by_the_discipline_side_whatever_its_nature(
    desk: Desk,
) -> None:
    suggestion = redraw_lines(desk, accusation=0.0).suggest(ELEVATOR)
    assert suggestion.nature.name != "检举控告"
    assert suggestion.confidential
    assert suggestion.department.lead == "纪委监委"


def test_what_is_sure_waits_for_nobody(desk: Desk) -> None:
    suggestion = redraw_lines(desk, review=0.0, accusation=2.0).suggest(ELEVATOR)
    assert not suggestion.confidential
    assert suggestion.department.lead
    assert suggestion.review_reasons == ()
    assert not suggestion.needs_review


def write_catalogue(folder: Path, *, level1: str, lead: str) -> Path:
    """A folder of the town's own data with a catalogue of one rule."""
    rule = f'{{ path = "{level1}", lead = "{lead}", reason = "本市分工" }}'
    (folder / "dispatch.toml").write_text(f"rules = [{rule}]", encoding="utf-8")
    return folder


def test_where_the_catalogue_names_no_lead_a_clerk_decides(desk: Desk, tmp_path: Path) -> None:
    level1 = desk.suggest(ELEVATOR).domain.level1
    other = next(domain.level1 for domain in desk.taxonomy if domain.level1 != level1)
    town = load_desk(TINY_MODEL, data_dir=write_catalogue(tmp_path, level1=other, lead="住建局"))
    suggestion = town.suggest(ELEVATOR)
    assert suggestion.department.lead is None
    assert suggestion.needs_review
    assert any(reason.startswith("责任单位不明") for reason in suggestion.review_reasons)


def test_the_town_s_own_catalogue_takes_the_place_of_ours(desk: Desk, tmp_path: Path) -> None:
    ours = desk.suggest(ELEVATOR)
    lead = next(one.name for one in desk.departments if one.name != ours.department.lead)
    data_dir = write_catalogue(tmp_path, level1=ours.domain.level1, lead=lead)
    department = load_desk(TINY_MODEL, data_dir=data_dir).suggest(ELEVATOR).department
    assert department.lead == lead
    assert "本市分工" in department.reasons


def test_a_broken_catalogue_of_the_town_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "dispatch.toml").write_text(
        'rules = [{ path = "城乡建设", lead = "没有的局", reason = "x" }]', encoding="utf-8"
    )
    with pytest.raises(InvalidData, match="没有的局"):
        load_desk(TINY_MODEL, data_dir=tmp_path)


# --- place and evidence ---------------------------------------------------------------------------


def test_the_place_that_was_given_wins_over_those_in_the_text(desk: Desk) -> None:
    content = "我在平安县柳河镇前营村，村口的路灯不亮。"
    assert "前营村" in suggest(desk, content).place.text
    assert suggest(desk, content, place="青山镇河东社区").place.text == "青山镇河东社区"


def test_evidence_quotes_what_was_sent_and_not_what_it_was_cleaned_to(desk: Desk) -> None:
    texts = [
        ("3棟電梯停運四天", "幸福里小區３棟電梯從週三停到現在，物業說維修基金沒批，老人下不了樓。"),
        ("😀电梯停运", "　　幸福里小区３栋电梯\n停运四天，\u200b物业不管，ＡＢＣ公司不修！"),
        ("", "市民：我們村的自來水停了三天，老人小孩沒水喝。"),
    ]
    changed = 0
    for title, content in texts:
        sent = {"title": title, "content": content}
        for span in suggest(desk, content, title).evidence:
            assert sent[span.field][span.start : span.end] == span.text
            changed += clean_text(span.text) != span.text
    assert changed
