"""Submissions: what can be taken in, and what is refused with the field and the remedy."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta

import pytest

from triage.errors import InvalidSubmission
from triage.submissions import (
    CLOCK_SKEW,
    MAX_CONTENT,
    MAX_ID,
    MAX_LIKES,
    MAX_PLACE,
    MAX_TITLE,
    Channel,
    Submission,
    check_submission,
)

NOW = datetime(2025, 3, 2, 9, 15, tzinfo=UTC)


def make_submission(**changes):
    return Submission(**{"id": "s1", "title": "停水", "content": "昨晚起停水。"} | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": ""},
        {"content": ""},
        {"content": "哦", "title": ""},
        {"content": "😀", "title": ""},
        {"content": "水" * MAX_CONTENT, "title": "水" * MAX_TITLE, "place": "路" * MAX_PLACE},
        {"channel": Channel.CALL, "received_at": NOW, "place": "青枫里"},
        {"received_at": NOW + CLOCK_SKEW},
        {"likes": 0},
        {"likes": MAX_LIKES},
        {"received_at": datetime(1999, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_can_be_taken_in_comes_back_unchanged(changes):
    submission = make_submission(**changes)
    assert check_submission(submission, now=NOW) is submission


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"id": ""}, "id", "缺少编号"),
        ({"id": " \t"}, "id", "缺少编号"),
        ({"id": ".."}, "id", "不能作编号"),
        ({"title": "", "content": ""}, "content", "都为空"),
        ({"title": "　", "content": "\n\u200b\x00\ufeff"}, "content", "都为空"),
        ({"id": "1" * (MAX_ID + 1)}, "id", "字段 id 共 129 字，超过上限 128 字"),
        ({"title": "水" * (MAX_TITLE + 1)}, "title", "超过上限 500 字"),
        ({"content": "水" * (MAX_CONTENT + 1)}, "content", "超过上限 100000 字"),
        ({"place": "路" * (MAX_PLACE + 1)}, "place", "超过上限 200 字"),
        ({"received_at": NOW + CLOCK_SKEW + timedelta(seconds=1)}, "received_at", "在将来"),
        (
            {"received_at": datetime(2099, 1, 1, 20, tzinfo=UTC)},
            "received_at",
            "2099-01-02 04:00 在将来",  # as the clock here shows it
        ),
        ({"received_at": datetime.max.replace(tzinfo=UTC)}, "received_at", "在将来"),
        ({"received_at": datetime(2025, 3, 2)}, "received_at", "缺少时区"),
        ({"likes": -1}, "likes", "点赞数应是 0 到"),
        ({"likes": MAX_LIKES + 1}, "likes", "点赞数应是 0 到"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_by_field(changes, field, message):
    with pytest.raises(InvalidSubmission, match=message) as error:
        check_submission(make_submission(**changes), now=NOW)
    assert error.value.field == field


def test_a_submission_is_never_edited():
    with pytest.raises(FrozenInstanceError):
        make_submission().content = "改"


def test_channels_are_the_words_that_clerks_use():
    assert [str(channel) for channel in Channel] == ["来信", "来访", "来电", "网络", "微信", "走访"]
    assert Channel("来电") is Channel.CALL
