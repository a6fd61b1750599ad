"""The story told in docs/problems.md is what the product says of those messages."""

import re
from datetime import datetime
from pathlib import Path

from triage.calendar import CHINA_TIME, Calendar
from triage.heat import measure_heat
from triage.naming import find_words, name_problem
from triage.problems import group_traces
from triage.taskdrafts import ClosedCase, Matter, Member, draft_task
from triage.themes import name_theme
from triage.timetable import Timetable, default_settings
from triage.traces import Told, read_traces

PAGE = (Path(__file__).parent.parent / "docs" / "problems.md").read_text(encoding="utf-8")
NOW = datetime(2025, 5, 16, 9, tzinfo=CHINA_TIME)
ROW = re.compile(
    r"^\| (\w\d+) \| (\d+)月(\d+)日 \| (.+?) \| (.+?) \| (特急|紧急|较急|一般) \|$", re.M
)
LEVELS = {"特急": 1, "紧急": 2, "较急": 3, "一般": 4}


def read_story() -> tuple[list[Told], list[int]]:
    tolds, urgencies = [], []
    for key, month, day, title, content, urgency in ROW.findall(PAGE):
        at = datetime(2025, int(month), int(day), 9, tzinfo=CHINA_TIME)
        shown = "" if title == "（无标题）" else title
        tolds.append(Told(key, shown, content, received_at=at))
        urgencies.append(LEVELS[urgency])
    return tolds, urgencies


def test_the_messages_of_the_story_are_one_problem_and_the_other_is_none_of_it() -> None:
    tolds, _ = read_story()
    groups = group_traces(read_traces(tolds))
    together = {tolds[number].id for number in max(groups, key=len)}
    assert together == {told.id for told in tolds if told.id.startswith("S")}


def test_name_theme_words_and_heat_stand_in_the_page_as_the_product_gives_them() -> None:
    tolds, urgencies = read_story()
    own = [told for told in tolds if told.id.startswith("S")]
    assert f"“{name_problem(own, domain='噪声污染')}”" in PAGE
    theme = name_theme(own, domain_code="030201", domain_path=("环境保护", "环境污染", "噪声污染"))
    assert f"主题“{theme.name}”" in PAGE
    assert f"“{'、'.join(find_words(own, count=5))}”" in PAGE
    heat = measure_heat(
        reporters=len(own),
        times=[told.received_at for told in own if told.received_at],
        urgencies=urgencies[: len(own)],
        now=NOW,
    )
    assert f"热度 {heat.total}" in PAGE
    for part in heat.parts:
        assert f"| {part.points} | {part.says} |" in PAGE


def test_the_draft_of_the_story_is_what_the_product_drafts() -> None:
    tolds, urgencies = read_story()
    own = [told for told in tolds if told.id.startswith("S")]
    name = name_problem(own, domain="噪声污染")
    reply = re.search(r"^> (已责令.+)$", PAGE, re.M)
    assert reply is not None
    draft = draft_task(
        Matter(
            name=name,
            domain="噪声污染",
            domain_code="030201",
            members=tuple(
                Member(
                    submission_id=told.id,
                    urgency=level,
                    nature="投诉",
                    entry_id=number,
                    department="城管局",
                )
                for number, (told, level) in enumerate(zip(own, urgencies, strict=False), start=1)
            ),
            reporters=len(own),
            places=("东山区",),
        ),
        similar=[
            ClosedCase(
                entry_id=318,
                title="江湾公馆夜间施工",
                department="城管局",
                reply=reply[1],
                closed_at=datetime(2025, 3, 5, 16, tzinfo=CHINA_TIME),
                likeness=0.6,
                satisfied=True,
            )
        ],
        now=NOW,
        timetable=Timetable(default_settings(), Calendar()),
    )
    assert f"《{draft.title}》" in PAGE
    assert draft.deadline_reason in PAGE
    assert f"{draft.deadline:%-m 月 %-d 日}" in PAGE
    for measure in draft.measures:
        assert f"{measure.text}（条目 {measure.entry_id}" in PAGE
    for step in draft.milestones:
        assert f"{step.name} {step.due:%-m 月 %-d 日}" in PAGE
