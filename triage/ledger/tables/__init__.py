"""The tables. A change here needs a revision in `migrations/versions`; a test compares the two.

Suggestions, decisions, actions and events are only ever added. Lengths are checked where a
submission is taken in, not here, so that no row can fail half-way through a batch.
"""

from triage.ledger.tables.base import Row, UtcTime, Words, storable, to_utc
from triage.ledger.tables.console import ImportedRow, ImportRow, ViewRow
from triage.ledger.tables.intake import DecisionRow, DepartmentRow, SubmissionRow, SuggestionRow
from triage.ledger.tables.lists import (
    EffectRow,
    FindingRow,
    MilestoneRow,
    TaskActionRow,
    TaskEntryRow,
    TaskRow,
)
from triage.ledger.tables.people import (
    AccusationRow,
    ApiKeyRow,
    AttemptRow,
    InvitationRow,
    SealedWorkRow,
    SessionRow,
    SubmitterRow,
    UserRow,
)
from triage.ledger.tables.problems import (
    CorrectionRow,
    FingerprintRow,
    MemberRow,
    ProblemRow,
    RepeatRow,
    TraceRow,
    UnplacedRow,
)
from triage.ledger.tables.record import (
    DeliveryRow,
    EventRow,
    HolidayRow,
    SettingRow,
    WebhookRow,
)
from triage.ledger.tables.work import (
    ActionRow,
    AttachmentRow,
    EntryRow,
    EvaluationRow,
    ExtensionRow,
    ReplyRow,
)

__all__ = [
    "AccusationRow",
    "ActionRow",
    "ApiKeyRow",
    "AttachmentRow",
    "AttemptRow",
    "CorrectionRow",
    "DecisionRow",
    "DeliveryRow",
    "DepartmentRow",
    "EffectRow",
    "EntryRow",
    "EvaluationRow",
    "EventRow",
    "ExtensionRow",
    "FindingRow",
    "FingerprintRow",
    "HolidayRow",
    "ImportRow",
    "ImportedRow",
    "InvitationRow",
    "MemberRow",
    "MilestoneRow",
    "ProblemRow",
    "RepeatRow",
    "ReplyRow",
    "Row",
    "SealedWorkRow",
    "SessionRow",
    "SettingRow",
    "SubmissionRow",
    "SubmitterRow",
    "SuggestionRow",
    "TaskActionRow",
    "TaskEntryRow",
    "TaskRow",
    "TraceRow",
    "UnplacedRow",
    "UserRow",
    "UtcTime",
    "ViewRow",
    "WebhookRow",
    "Words",
    "storable",
    "to_utc",
]
