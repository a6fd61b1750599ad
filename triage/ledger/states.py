"""Where a submission and its entries stand; the values are what the database keeps."""

from enum import StrEnum


class SubmissionStatus(StrEnum):
    """Whether a submission waits for a clerk, has reached a department, or is an accusation whose
    words only discipline officers open (Art. 30)."""

    REVIEW = "review"
    ASSIGNED = "assigned"
    SEALED = "sealed"


class EntryState(StrEnum):
    """The state of an entry (台账条目): the main line first, then what lies beside it."""

    REGISTERED = "registered"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    REPLIED = "replied"
    EVALUATED = "evaluated"
    CLOSED = "closed"
    RETURNED = "returned"
    DECLINED = "declined"
    FORWARDED = "forwarded"
    MERGED = "merged"
    REOPENED = "reopened"


class Outcome(StrEnum):
    """How an entry was closed; the three are never counted as one (Art. 32)."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    NOT_SUPPORTED = "not_supported"


class TaskState(StrEnum):
    """Where a task (任务) stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class FindingState(StrEnum):
    """What a supervisor made of a finding (监督事项), or that it settled by itself."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    URGED = "urged"
    SETTLED = "settled"


class RepeatState(StrEnum):
    """What a clerk made of a probable repeat (疑似重复)."""

    SUSPECTED = "suspected"
    MERGED = "merged"
    DISMISSED = "dismissed"


class ProblemState(StrEnum):
    """Whether a common problem (共性问题) stands, was called none, or went into another."""

    OPEN = "open"
    DISMISSED = "dismissed"
    MERGED = "merged"
    EMPTY = "empty"


class ImportState(StrEnum):
    """How far a file of submissions has come (批量导入)."""

    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


STATE_NAMES = {
    EntryState.REGISTERED: "登记",
    EntryState.ASSIGNED: "交办",
    EntryState.ACCEPTED: "签收",
    EntryState.REPLIED: "回告",
    EntryState.EVALUATED: "评价",
    EntryState.CLOSED: "销号",
    EntryState.RETURNED: "退回",
    EntryState.DECLINED: "不予受理",
    EntryState.FORWARDED: "转送",
    EntryState.MERGED: "并件",
    EntryState.REOPENED: "重办",
}
OUTCOME_NAMES = {
    Outcome.SOLVED: "已解决",
    Outcome.EXPLAINED: "已解释",
    Outcome.NOT_SUPPORTED: "不予支持",
}
