"""Submissions with personal data masked, as they may leave the office."""

from typing import Any

from api.files.reading import RowError
from triage.privacy import mask
from triage.submissions import Submission

REDACTED_HEADER = ("编号", "标题", "内容", "渠道", "收件时间", "地点")
_KEYS = ("id", "title", "content", "channel", "received_at", "place")


def mask_submission(submission: Submission, *, table: bool) -> dict[str, Any]:
    """The fields of a submission, masked, under Chinese columns for a table or JSON keys."""
    received_at = submission.received_at
    values = (
        submission.id,
        mask(submission.title),
        mask(submission.content),
        submission.channel,
        received_at and received_at.isoformat(sep=" " if table else "T"),
        mask(submission.place or ""),
    )
    return dict(zip(REDACTED_HEADER if table else _KEYS, values, strict=True))


def mask_error(error: RowError) -> RowError:
    """The error without the row's own values, which nothing has masked."""
    return RowError(error.number, error.field, mask(error.message), {"id": error.id})
