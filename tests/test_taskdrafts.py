from datetime import UTC, date, datetime
from typing import Any

from triage.calendar import Calendar
from triage.deadlines import get_rulebook, load_presets
from triage.suggestions import DepartmentSuggestion
from triage.taskdrafts import MAX_MEASURES, ClosedCase, Matter, Member, TaskDraft, draft_task
from triage.timetable import TimeSettings, Timetable, default_settings

NOW = datetime(2025, 6, 2, 2, tzinfo=UTC)  # a holiday, the Dragon Boat Festival
TIMETABLE = Timetable(default_settings(), Calendar())
REPLY = (
    "尊敬的网友：您好！经现场核查，您反映的情况属实。已责令施工单位二十二时后停止作业，"
    "并安装了噪音在线监测设备。感谢您的监督。"
)


def make_member(number: int, **changes: Any) -> Member:
    told: dict[str, Any] = {
        "submission_id": f"s{number}",
        "urgency": 3,
        "nature": "投诉",
        "entry_id": number,
        "department": "城管局",
    }
    return Member(**told | changes)


def make_matter(**changes: Any) -> Matter:
    told: dict[str, Any] = {
        "name": "柳岸花园旁工地夜间施工扰民",
        "domain": "环境噪声",
        "domain_code": "030201",
        "members": tuple(make_member(number) for number in (1, 2, 3)),
        "reporters": 3,
        "places": ("东山区",),
        "examples": ("工地凌晨两点还在打桩",),
    }
    return Matter(**told | changes)


def make_case(number: int, **changes: Any) -> ClosedCase:
    told: dict[str, Any] = {
        "entry_id": number,
        "title": "江湾公馆夜间施工",
        "department": "城管局",
        "reply": REPLY,
        "closed_at": datetime(2025, 3, 4, 18, tzinfo=UTC),
        "likeness": 0.6,
    }
    return ClosedCase(**told | changes)


def make_draft(*cases: ClosedCase, **changes: Any) -> TaskDraft:
    told: dict[str, Any] = {"similar": cases, "now": NOW, "timetable": TIMETABLE}
    matter = changes.pop("matter", make_matter())
    return draft_task(matter, **told | changes)


def test_a_measure_is_a_sentence_of_a_closed_entry_and_says_of_which() -> None:
    (measure,) = make_draft(make_case(77)).measures
    assert measure.text in REPLY
    assert "责令施工单位" in measure.text
    assert (measure.entry_id, measure.department) == (77, "城管局")
    assert measure.closed_on == date(2025, 3, 5)  # in China
    assert not measure.confirmed


def test_without_a_similar_closed_entry_the_draft_says_so_and_invents_nothing() -> None:
    draft = make_draft()
    assert draft.measures == ()
    assert draft.notes == ("没有相似的已办结条目可供参考，措施请研究后填写",)


def test_a_reply_that_tells_of_nothing_done_gives_no_measure() -> None:
    draft = make_draft(make_case(77, reply="您好！您反映的情况已收悉，我们将认真研究，感谢关注。"))
    assert draft.measures == ()
    assert draft.notes == ("有 1 件相似的已办结条目，但回告没有写明做法，措施请研究后填写",)


def test_that_the_writer_was_told_is_no_measure() -> None:
    told = "经办人于3月2日已电话向您说明了办理情况。"
    assert make_draft(make_case(77, reply=told)).measures == ()
    (measure,) = make_draft(make_case(78, reply=told + REPLY)).measures
    assert measure.text in REPLY


def test_what_its_reporter_denied_is_no_example_and_what_he_confirmed_goes_first() -> None:
    said = "已对三家餐馆下达整改通知书并安装油烟净化器。"
    draft = make_draft(
        make_case(1, satisfied=False, likeness=0.9),
        make_case(2),
        make_case(3, reply=said, satisfied=True, likeness=0.2),
    )
    assert [(one.entry_id, one.confirmed) for one in draft.measures] == [(3, True), (2, False)]


def test_the_same_measure_of_many_entries_stands_once_and_there_are_not_too_many() -> None:
    assert len(make_draft(*(make_case(number) for number in range(9))).measures) == 1
    many = [
        "已拆除东侧围挡",
        "已更换破损井盖十二处",
        "已清运建筑垃圾三十吨",
        "已增设夜间巡查岗哨两处",
        "",
    ][:4]
    cases = [
        make_case(number, reply=f"{text}，位置在第{number}号地块{number * 1111}。")
        for number, text in enumerate(many * 3)
    ]
    assert len(make_draft(*cases).measures) <= MAX_MEASURES


def test_measures_and_examples_are_masked() -> None:
    reply = "已联系业主黄立秋先生（电话13900001234）并修复了管道。"
    draft = make_draft(
        make_case(1, reply=reply), matter=make_matter(examples=("我的电话是13900001234",))
    )
    said = draft.matter + "".join(one.text for one in draft.measures)
    assert draft.measures
    assert "13900001234" not in said
    assert "黄立秋" not in said


def test_who_leads_most_entries_leads_the_task_and_the_others_assist() -> None:
    members = (
        make_member(1),
        make_member(2),
        make_member(3, department="住建局"),
    )
    draft = make_draft(matter=make_matter(members=members))
    assert draft.lead == "城管局"
    assert draft.assisting == ("住建局",)
    assert draft.reasons == ("3 件条目中 2 件由城管局主办", "住建局主办其中 1 件，列为协办")


def test_the_catalogue_decides_a_draw_and_adds_who_assists_with_its_reasons() -> None:
    members = (make_member(1), make_member(2, department="住建局"))
    catalogue = DepartmentSuggestion("住建局", ("街道乡镇",), ("适用派单目录第 9 条",))
    draft = make_draft(matter=make_matter(members=members), dispatch=catalogue)
    assert draft.lead == "住建局"
    assert draft.assisting == ("城管局", "街道乡镇")
    assert "适用派单目录第 9 条" in draft.reasons


def test_where_most_entries_and_the_catalogue_differ_the_draft_asks_to_look() -> None:
    catalogue = DepartmentSuggestion("生态环境局", (), ("适用派单目录第 3 条",))
    draft = make_draft(dispatch=catalogue)
    assert draft.lead == "城管局"
    assert "派单目录的主办单位为生态环境局，与多数条目不同，请核对" in draft.reasons
    assert draft.assisting == ("生态环境局",)


def test_where_nothing_says_who_leads_a_person_is_asked() -> None:
    members = tuple(make_member(number, entry_id=None, department=None) for number in (1, 2))
    draft = make_draft(make_case(5), matter=make_matter(members=members))
    assert draft.lead is None
    assert draft.notes == (
        "没有可据以确定主办单位的条目或派单规则，请指定主办单位",
        "成员来件还没有台账条目，请先交办，再列任务",
    )


def test_the_deadline_is_that_of_the_rule_for_most_members() -> None:
    draft = make_draft()
    rule = TIMETABLE.rulebook.choose(urgency=3, nature="投诉", domain_code="030201")
    assert rule.within is not None
    assert draft.deadline == date(2025, 6, 9)
    assert rule.within.name in draft.deadline_reason
    assert rule.name in draft.deadline_reason
    assert "成员多为“较急”、“投诉”" in draft.deadline_reason
    assert draft.milestones[-1].due <= draft.deadline


def test_of_two_urgencies_with_as_many_members_the_graver_sets_the_deadline() -> None:
    members = (make_member(1, urgency=4), make_member(2, urgency=2))
    draft = make_draft(matter=make_matter(members=members))
    assert "“紧急”" in draft.deadline_reason
    assert draft.deadline == date(2025, 6, 3)


def test_a_rule_without_a_time_leaves_the_deadline_to_a_person() -> None:
    rulebooks = [
        (book, rule) for book in load_presets() for rule in book.rules if rule.within is None
    ]
    book, rule = rulebooks[0]
    timetable = Timetable(TimeSettings(get_rulebook(book.name, load_presets())), Calendar())
    members = tuple(
        make_member(
            number,
            urgency=(rule.urgencies or (4,))[0],
            nature=(rule.natures or ("感谢",))[0],
        )
        for number in (1, 2)
    )
    draft = make_draft(matter=make_matter(members=members), timetable=timetable)
    assert draft.deadline is None
    assert draft.milestones == ()
    assert "适用的时限规则没有规定期限，请填写完成时限" in draft.notes


def test_all_who_reported_and_all_who_work_on_it_are_told() -> None:
    draft = make_draft()
    assert draft.tell[0] == "全部 3 名反映人（3 件来件逐件回告）"
    assert "城管局（主办）" in draft.tell
    assert draft.tell[-1] == "督查员"


def test_the_matter_says_how_many_where_and_in_whose_words() -> None:
    members = (make_member(1), make_member(2, open=False))
    draft = make_draft(matter=make_matter(members=members, reporters=2))
    assert draft.matter == (
        "柳岸花园旁工地夜间施工扰民（环境噪声）：2 件来件、2 人反映，1 件未办结，涉及东山区。"
        "如：“工地凌晨两点还在打桩”"
    )


def test_a_name_that_calls_itself_a_problem_is_not_called_so_twice() -> None:
    assert make_draft(matter=make_matter(name="公租房漏水问题")).title == "解决公租房漏水问题"


def test_the_draft_is_plain_values() -> None:
    told = make_draft(make_case(77)).as_dict()
    assert told["deadline"] == "2025-06-09"
    assert told["measures"][0]["closed_on"] == "2025-03-05"
    assert told["milestones"][-1]["due"] == "2025-06-09"
    assert told["title"] == "解决柳岸花园旁工地夜间施工扰民问题"
    assert told["entry_ids"] == [1, 2, 3]
