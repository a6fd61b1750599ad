"""The shared parts of the console, asked in the browser itself."""

from typing import Any

import pytest
from console_factories import Opener, browser, import_own, screens, town

from triage.ledger.states import OUTCOME_NAMES, STATE_NAMES
from triage.ledger.supervisionlist import FINDING_STATE_NAMES
from triage.ledger.tasks import TASK_STATE_NAMES
from triage.roles import ROLE_NAMES, Action, Role
from triage.submissions import Channel
from triage.suggestions import FLAGS, NATURES, URGENCY_NAMES
from triage.transitions import SATISFACTION_NAMES

__all__ = ["browser", "screens", "town"]
pytestmark = pytest.mark.browser


@pytest.fixture
def ask(screens: Opener) -> Any:
    """What a module of the console says: ask("format.js", "module.day('…')")."""
    page = screens(Role.CLERK).go("/help")

    def run(module: str, expression: str) -> Any:
        return page.evaluate(f"{import_own(module)}.then(async (module) => {expression})")

    return run


def test_the_names_are_those_of_the_core(ask: Any) -> None:
    told = ask("names.js", "({ ...module })")
    assert told["URGENCIES"] == {str(level): name for level, name in URGENCY_NAMES.items()}
    assert told["STATES"] == {state.value: name for state, name in STATE_NAMES.items()}
    assert set(told["STATE_TONES"]) == set(told["STATES"])
    assert told["OUTCOMES"] == {one.value: name for one, name in OUTCOME_NAMES.items()}
    assert told["CHANNELS"] == list(Channel)
    assert told["NATURES"] == list(NATURES)
    assert told["FLAGS"] == list(FLAGS)
    assert told["ROLES"] == {role.value: name for role, name in ROLE_NAMES.items()}
    assert told["TASK_STATES"] == {one.value: name for one, name in TASK_STATE_NAMES.items()}
    assert told["FINDING_STATES"] == {one.value: name for one, name in FINDING_STATE_NAMES.items()}
    assert told["SATISFACTIONS"] == {str(key): name for key, name in SATISFACTION_NAMES.items()}


def test_pages_ask_for_actions_that_exist(ask: Any) -> None:
    pages = ask("pages.js", "module.PAGES")
    asked = {action for page in pages for action in page.get("needs", ())}
    assert asked <= set(Action)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("module.day('2026-11-22T23:30:00+08:00')", "2026-11-22"),
        ("module.time('2026-11-22T06:05:00Z')", "2026-11-22 14:05"),
        ("module.day(null)", "—"),
        ("module.count(1234567)", "1,234,567"),
        ("module.percent(0.834)", "83%"),
        ("module.rate(5, 6)", "83.3%（5/6）"),
        ("module.rate(0, 0)", "—"),
        ("module.size(3565158)", "3.4 MB"),
        (
            "module.until('2026-11-22T14:05:00+08:00', Date.parse('2026-11-22T11:05:00+08:00'))",
            "还有 3 小时",
        ),
        (
            "module.until('2026-11-22T14:05:00+08:00', Date.parse('2026-11-25T14:06:00+08:00'))",
            "超期 3 天",
        ),
        ("module.startOf('2026-11-30', 1)", "2026-12-01T00:00:00+08:00"),
    ],
)
def test_dates_and_numbers_are_written_as_in_china(ask: Any, expression: str, told: str) -> None:
    assert ask("format.js", expression) == told


def test_an_address_holds_the_filters_and_the_api_is_asked_for_moments(ask: Any) -> None:
    fields = "[{ key: 'urgency', kind: 'select' }, { key: 'days', kind: 'days' }]"
    query = "{ urgency: '1', since: '2026-11-01', until: '2026-11-30', other: 'x' }"
    assert ask("parts/filters.js", f"module.asked({fields}, {query})") == {
        "urgency": "1",
        "since": "2026-11-01T00:00:00+08:00",
        "until": "2026-12-01T00:00:00+08:00",
    }
    link = "module.link('/ledgers', { state: 'assigned', q: '', many: ['a', 'b'] })"
    assert ask("router.js", link) == "#/ledgers?state=assigned&many=a&many=b"


def test_a_department_is_found_by_name_by_pinyin_and_by_initials(ask: Any) -> None:
    load = "const all = await (await import('/static/console/reference.js')).loadDepartments();"
    for typed in ("住建", "zjj", "zhujian"):
        found = ask("parts/typing.js", f"{{ {load} return module.find(all, '{typed}')[0]; }}")
        assert found["code"] == "housing"


def test_domains_of_all_levels_stand_in_the_order_of_the_tree(ask: Any) -> None:
    domains = ask("reference.js", "module.loadDomains()")
    assert [domain["level"] for domain in domains[:3]] == [1, 2, 3]
    assert all(domain["path"].count("/") == domain["level"] - 1 for domain in domains)
    assert sum(domain["level"] == 3 for domain in domains) > 500


def test_marks_count_characters_and_not_utf16_units(ask: Any) -> None:
    text = "𠮷家楼道有燃气味"
    suggestion = (
        "{ evidence: [{ field: 'content', start: 5, end: 7 }], "
        "urgency: { reasons: ['文中“燃气味”，有危险'] } }"
    )
    told = ask("parts/letter.js", f"module.spans({suggestion}, 'content', '{text}')")
    assert told == [
        {"start": 5, "end": 7, "kind": ""},
        {"start": 5, "end": 8, "kind": "danger"},
    ]
