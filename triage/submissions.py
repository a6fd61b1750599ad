"""What a citizen or firm told the government, as it was taken in."""

from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, datetime, timedelta
from enum import StrEnum

from triage.calendar import CHINA_TIME
from triage.errors import InvalidSubmission
from triage.submitters import Submitter, check_submitter
from triage.text import clean_text

MAX_ID = 128
MAX_TITLE = 500
MAX_CONTENT = 100_000
MAX_PLACE = 200
MAX_LIKES = 1_000_000_000
CLOCK_SKEW = timedelta(hours=24)  # senders in other zones or with a wrong clock; more is an error


class Channel(StrEnum):
    """How a submission came in (渠道); the value is the word clerks and files use."""

    LETTER = "来信"
    VISIT = "来访"
    CALL = "来电"
    WEB = "网络"
    WECHAT = "微信"
    FIELD = "走访"


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission (来件): the words of the submitter and how they arrived. Never edited.

    `received_at` is aware of its time zone; `place` is what the sender says of it, if anything.
    `likes` counts those who approved of it where it was told (点赞); None where nobody could.
    `submitter` is kept apart from all else; the machine does not read it.
    """

    id: str
    title: str = ""
    content: str = ""
    channel: Channel | None = None
    received_at: datetime | None = None
    place: str | None = None
    likes: int | None = None
    submitter: Submitter | None = field(default=None, repr=False)


def check_submission(submission: Submission, *, now: datetime) -> Submission:
    """The submission, if it can be taken in at `now` (aware datetime), its submitter tidied up.

    Raises InvalidSubmission naming the first field that is missing (blank, or nothing but invisible
    characters), too long, without a time zone, or in the future.
    """
    if not submission.id.strip():
        raise InvalidSubmission("缺少编号，请为每件来件填写不重复的编号", field="id")
    if submission.id in (".", ".."):  # no browser asks for an address that ends so
        raise InvalidSubmission(f"“{submission.id}”不能作编号，请换一个编号", field="id")
    if not clean_text(submission.title).strip() and not clean_text(submission.content).strip():
        raise InvalidSubmission("标题和内容都为空，请至少填写一项", field="content")
    for name, value, most in (
        ("id", submission.id, MAX_ID),
        ("title", submission.title, MAX_TITLE),
        ("content", submission.content, MAX_CONTENT),
        ("place", submission.place or "", MAX_PLACE),
    ):
        if len(value) > most:
            raise InvalidSubmission(
                f"字段 {name} 共 {len(value)} 字，超过上限 {most} 字，请删减或拆分后再提交",
                field=name,
            )
    if submission.likes is not None and not 0 <= submission.likes <= MAX_LIKES:
        raise InvalidSubmission(f"点赞数应是 0 到 {MAX_LIKES} 的整数，请改正或留空", field="likes")
    received_at = submission.received_at
    if received_at is not None and received_at.tzinfo is None:
        raise InvalidSubmission(
            "收件时间缺少时区，请写成 2024-05-01T09:00:00+08:00", field="received_at"
        )
    if received_at is not None and received_at > now + CLOCK_SKEW:
        here = received_at if received_at.year == MAXYEAR else received_at.astimezone(CHINA_TIME)
        raise InvalidSubmission(
            f"收件时间 {here:%Y-%m-%d %H:%M} 在将来，请核对日期", field="received_at"
        )
    if submission.submitter is None:
        return submission
    return replace(submission, submitter=check_submitter(submission.submitter))
