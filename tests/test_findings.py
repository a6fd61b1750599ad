"""Each rule of the supervision list: from when on it speaks, what it shows, when it is silent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from triage.findings import (
    RULE_NAMES,
    Rule,
    find_copied_replies,
    find_crowded,
    find_disputed,
    find_empty_replies,
    find_extended,
    find_invented,
    find_no_effect,
    find_overdue,
    find_passed_on,
    find_paused,
    find_silent,
    find_untasked,
)
from triage.ledger.states import Outcome, TaskState
from triage.observations import (
    Answer,
    Asking,
    Dispute,
    Handover,
    Intake,
    Place,
    Planned,
    Problem,
    Running,
    Standstill,
    Visit,
)
from triage.thresholds import Thresholds

NOW = datetime(2025, 3, 1, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
USUAL = Thresholds()
LIFT = "幸福里小区三号楼电梯停运三天，老人下不了楼，请尽快修好。"
ROAD = "柳河镇青石村村口的水泥路塌了一块，骑车的人摔过两次。"
REPLY = (
    "您好！您反映的问题我单位高度重视，已安排专人现场核查，将依法依规及时处理，感谢您的理解与支持！"
)


def test_every_rule_has_a_name() -> None:
    assert set(RULE_NAMES) == set(Rule)


def test_an_entry_is_overdue_from_its_deadline_on() -> None:
    entry = Running(1, "zhujian", NOW - 3 * HOUR, "beijing/level-3", True, None)
    (found,) = find_overdue([entry], now=NOW)
    assert (found.rule, found.subject, found.entry_id) == (Rule.OVERDUE, "entry:1", 1)
    assert found.evidence == {
        "deadline_at": "2025-02-28T22:30:00+00:00",
        "hours_late": 3.0,
        "rule": "beijing/level-3",
        "provisional": True,
    }
    for other in (replace(entry, deadline_at=NOW), replace(entry, paused_at=NOW - 4 * HOUR)):
        assert list(find_overdue([other], now=NOW)) == []


def test_a_reopened_entry_that_is_late_again_is_another_finding() -> None:
    entry = Running(1, "zhujian", NOW - HOUR, None, False, None, reopenings=2)
    (found,) = find_overdue([entry], now=NOW)
    assert (found.subject, found.entry_id) == ("entry:1:2", 1)


def test_asking_twice_for_more_time_is_found_and_asking_once_is_not() -> None:
    asked = [
        Asking(1, "zhujian", NOW - DAY, True),
        Asking(2, "zhujian", NOW, None),
        Asking(1, "zhujian", NOW, None),
    ]
    (found,) = find_extended(asked, thresholds=USUAL)
    assert found.subject == "entry:1"
    assert (found.evidence["requests"], found.evidence["granted"]) == (2, 1)
    assert list(find_extended(asked, thresholds=replace(USUAL, extension_requests=3))) == []


def test_a_clock_that_was_stopped_twice_or_for_long_is_found_and_once_for_a_while_is_not() -> None:
    once = Standstill(1, "zhujian", "委托鉴定", NOW - 10 * DAY, NOW - 4 * DAY)
    again = replace(once, since=NOW - 2 * DAY, until=None)
    assert list(find_paused([once], now=NOW, thresholds=USUAL)) == []
    (found,) = find_paused([once, again], now=NOW, thresholds=USUAL)
    assert (found.subject, found.entry_id) == ("entry:1", 1)
    assert found.evidence == {
        "pauses": 2,
        "days": 8.0,
        "grounds": ["委托鉴定"],
        "paused_at": ["2025-02-19T01:30:00+00:00", "2025-02-27T01:30:00+00:00"],
        "stands_still": True,
    }
    for days, count in ((29, 0), (30, 1)):
        long = replace(once, since=NOW - days * DAY, until=None)
        assert len(list(find_paused([long], now=NOW, thresholds=USUAL))) == count


def test_an_entry_that_was_passed_on_twice_is_found_with_its_steps() -> None:
    steps = [
        Handover(1, "zhujian", "return", NOW - DAY),
        Handover(1, "zhujian", "reassign", NOW),
        Handover(2, "zhujian", "return", NOW),
    ]
    (found,) = find_passed_on(steps, thresholds=USUAL)
    assert found.subject == "entry:1"
    assert (found.evidence["returns"], found.evidence["reassignments"]) == (1, 1)
    assert [step["command"] for step in found.evidence["steps"]] == ["return", "reassign"]


def make_answer(number: int, **changes: Any) -> Answer:
    answer = Answer(
        reply_id=number,
        entry_id=number,
        department="zhujian",
        at=NOW,
        nature="投诉",
        domain_code="010203",
        request=LIFT,
        text=REPLY,
        quality=None,
    )
    return replace(answer, **changes)


def test_one_reply_to_two_matters_is_found_and_the_later_one_is_named() -> None:
    answers = [make_answer(1), make_answer(2, request=ROAD)]
    (found,) = find_copied_replies(answers, thresholds=USUAL)
    assert (found.subject, found.entry_id, found.department) == ("reply:2", 2, "zhujian")
    assert found.evidence["copies_reply"] == 1
    assert found.evidence["similarity"] == 1.0


@pytest.mark.parametrize(
    "second",
    [
        {"request": LIFT + "谢谢"},  # many report one matter
        {"request": ROAD, "entry_id": 1},  # the same entry, replied to again
        {
            "request": ROAD,
            "text": "路面已于三月二日修补，养护站电话在村口公示栏，恢复通行后请慢行。",
        },
    ],
    ids=["same matter", "same entry", "other words"],
)
def test_one_reply_is_as_it_should_be_where_the_matter_is_one(second: dict[str, Any]) -> None:
    answers = [make_answer(1), make_answer(2, **second)]
    assert list(find_copied_replies(answers, thresholds=USUAL)) == []


def test_the_same_information_may_be_given_to_all_who_ask_for_it() -> None:
    first = make_answer(1, nature="咨询")
    again = make_answer(2, nature="咨询", request=ROAD)
    assert list(find_copied_replies([first, again], thresholds=USUAL)) == []
    elsewhere = replace(again, domain_code="0203")
    assert len(list(find_copied_replies([first, elsewhere], thresholds=USUAL))) == 1


def test_a_reply_without_a_word_of_the_matter_is_found() -> None:
    touching = make_answer(2, text="电梯已于三月一日恢复运行。")
    (found,) = find_empty_replies([make_answer(1), touching], thresholds=USUAL)
    assert (found.subject, found.rule) == ("reply:1", Rule.EMPTY_REPLY)
    assert found.evidence["words_in_common"] == 0


def test_where_the_quality_was_measured_it_speaks() -> None:
    good = {"perfunctory": False, "relevance": 1.6, "reasons": []}
    answers = [
        make_answer(1, quality=good),
        make_answer(2, quality=good | {"perfunctory": True, "reasons": ["只说已收悉"]}),
        make_answer(3, quality=good | {"relevance": 0.2}),
    ]
    found = list(find_empty_replies(answers, thresholds=USUAL))
    assert [one.entry_id for one in found] == [2, 3]
    assert found[0].evidence["reasons"] == ["只说已收悉"]


def make_dispute(**changes: Any) -> Dispute:
    dispute = Dispute(
        entry_id=1,
        department="zhujian",
        outcome=Outcome.SOLVED,
        replied_at=NOW - DAY,
        evaluated_at=NOW,
        solved=False,
        satisfaction=1,
        source="citizen",
        closed_at=None,
    )
    return replace(dispute, **changes)


def test_what_was_called_solved_and_is_not_for_the_reporter_is_found() -> None:
    said = [make_dispute(), make_dispute(evaluated_at=NOW + DAY, solved=True)]
    (found,) = find_disputed(said)
    assert (found.subject, found.evidence["denials"]) == ("entry:1", 1)
    assert found.evidence["solved_since"] is True
    assert found.evidence["said"][0]["source"] == "citizen"


def test_a_second_reply_that_is_denied_is_another_finding() -> None:
    again = make_dispute(replied_at=NOW + DAY, evaluated_at=NOW + 2 * DAY)
    (found,) = find_disputed([make_dispute(), make_dispute(source="callback"), again])
    assert (found.subject, found.evidence["denials"]) == ("entry:1:1", 3)


@pytest.mark.parametrize("changes", [{"solved": True}, {"outcome": Outcome.EXPLAINED}])
def test_who_explains_why_it_cannot_be_claims_no_solution(changes: dict[str, Any]) -> None:
    assert list(find_disputed([make_dispute(**changes)])) == []


def make_intakes(count: int, **changes: Any) -> list[Intake]:
    text = "本村部分路灯损坏，影响群众夜间出行，建议有关部门及时维修。"
    intake = Intake(0, "zhujian", "key:7", text, has_person=False, has_place=False)
    return [replace(intake, **({"entry_id": n} | changes)) for n in range(1, count + 1)]


def test_copies_of_one_unit_without_person_and_place_are_found_once() -> None:
    (found,) = find_invented(make_intakes(4), thresholds=USUAL)
    assert (found.subject, found.entry_id) == ("copies:1", None)
    assert found.evidence["entries"] == [1, 2, 3, 4]
    assert found.evidence["without_person"] == found.evidence["without_place"] == 4
    assert found.evidence["without_matter"] == 0


def test_entries_that_say_nothing_are_found_though_they_name_a_place() -> None:
    (found,) = find_invented(
        make_intakes(3, text="无问题", has_place=True, has_person=True), thresholds=USUAL
    )
    assert found.evidence["without_matter"] == 3


@pytest.mark.parametrize(
    "intakes",
    [
        make_intakes(2),
        make_intakes(4, has_person=True),
        make_intakes(4, has_place=True),
        [replace(one, source=f"key:{n}") for n, one in enumerate(make_intakes(4))],
        [
            replace(one, text=text)
            for one, text in zip(make_intakes(3), (LIFT, ROAD, REPLY), strict=True)
        ],
    ],
    ids=["few", "persons", "places", "many units", "different"],
)
def test_what_tells_who_or_where_or_differs_is_not_called_invented(intakes: list[Intake]) -> None:
    assert list(find_invented(intakes, thresholds=USUAL)) == []


def make_places(*counts: int) -> list[Place]:
    return [
        Place("4301", f"division:43010{n}", f"甲{n}村", count) for n, count in enumerate(counts)
    ]


def test_a_village_without_entries_among_neighbours_with_many_is_found() -> None:
    (found,) = find_silent(make_places(0, 12, 30, 9, 14), thresholds=USUAL)
    assert found.subject == "division:430100"
    assert found.evidence["median_of_neighbours"] == 13.0
    assert found.evidence["neighbours"] == 4


@pytest.mark.parametrize(
    "counts", [(1, 12, 30, 14), (0, 12, 30), (0, 1, 2, 30), (0, 0, 0, 12)], ids=str
)
def test_a_village_is_not_silent_where_it_has_one_or_the_neighbours_have_few(
    counts: tuple[int, ...],
) -> None:
    assert list(find_silent(make_places(*counts), thresholds=USUAL)) == []


def test_places_are_compared_within_their_group_only() -> None:
    elsewhere = [replace(place, group="5201") for place in make_places(12, 30, 14)]
    assert list(find_silent([*make_places(0), *elsewhere], thresholds=USUAL)) == []


def make_visits(*calls: tuple[str, int]) -> list[Visit]:
    return [Visit(n, "h1", team, NOW + day * DAY) for n, (team, day) in enumerate(calls)]


def test_a_household_that_three_teams_called_on_within_a_week_is_found() -> None:
    visits = make_visits(("a", 0), ("b", 20), ("c", 22), ("b", 22), ("d", 26), ("e", 40))
    (found,) = find_crowded(visits, thresholds=USUAL)
    assert found.subject == "household:h1"
    assert found.evidence["teams"] == ["b", "c", "d"]
    assert found.evidence["entries"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "visits",
    [
        make_visits(("a", 0), ("a", 1), ("b", 2), ("a", 3)),
        make_visits(("a", 0), ("b", 5), ("c", 9)),
        [
            replace(one, household=str(n))
            for n, one in enumerate(make_visits(*zip("abc", range(3), strict=True)))
        ],
    ],
    ids=["two teams", "weeks apart", "three homes"],
)
def test_visits_do_not_crowd_where_teams_are_few_or_far_apart(visits: list[Visit]) -> None:
    assert list(find_crowded(visits, thresholds=USUAL)) == []


def test_of_all_stretches_of_days_that_with_most_teams_is_told_the_first_of_equals() -> None:
    dice = Random(7)  # noqa: S311 - draws examples, guards nothing
    for _ in range(200):
        days = sorted(dice.choices(range(30), k=dice.randrange(1, 15)))
        visits = make_visits(*((dice.choice("abcd"), day) for day in days))
        stretches = [
            [other for other in visits if one.at <= other.at < one.at + 7 * DAY] for one in visits
        ]
        worst = max(stretches, key=lambda stretch: len({visit.team for visit in stretch}))
        expected = [[visit.entry_id for visit in worst]]
        found = [one.evidence["entries"] for one in find_crowded(visits, thresholds=USUAL)]
        assert found == (expected if len({visit.team for visit in worst}) >= 3 else [])


def test_a_shared_matter_without_a_task_is_found() -> None:
    problem = Problem("0102:430101:zhujian", "zhujian", (3, 4), 20, has_task=False)
    (found,) = find_untasked([problem], thresholds=USUAL)
    assert (found.subject, found.evidence["entries"]) == ("problem:0102:430101:zhujian", 20)
    for other in (replace(problem, has_task=True), replace(problem, entries=4)):
        assert list(find_untasked([other], thresholds=USUAL)) == []


def make_task(**changes: Any) -> Planned:
    return replace(Planned(5, "zhujian", TaskState.OPEN, NOW - DAY, None, False), **changes)


def test_a_task_is_found_that_is_late_or_called_done_without_an_effect() -> None:
    done = make_task(state=TaskState.DONE, deadline_at=NOW + DAY, closed_at=NOW)
    for task in (make_task(), done):
        (found,) = find_no_effect([task], now=NOW, thresholds=USUAL)
        assert (found.subject, found.department) == ("task:5", "zhujian")


@pytest.mark.parametrize(
    "changes",
    [
        {"has_effect": True},
        {"deadline_at": NOW + DAY},
        {"deadline_at": None},
        {"state": TaskState.CANCELLED},
    ],
    ids=str,
)
def test_a_task_is_not_found_while_its_time_runs_or_its_effect_stands(
    changes: dict[str, Any],
) -> None:
    assert list(find_no_effect([make_task(**changes)], now=NOW, thresholds=USUAL)) == []
    patient = replace(USUAL, effect_grace_days=3)
    assert list(find_no_effect([make_task()], now=NOW, thresholds=patient)) == []
