"""Tracking codes (查询码): what a submitter types to see the state of the own submission.

A code is made from the submission's number and the town's secret digest key: nobody guesses one
(80 bits), the database keeps only its digest, and a receipt can be printed again.
"""

import base64
import hashlib

from triage.ledger.states import EntryState
from triage.sealing import KeyRing
from triage.text import clean_text

WAITING_WORDS = "已收到，正在确定由哪个单位办理"
SEALED_WORDS = "您反映的事项已转送有权处理的机关，由该机关依规办理"
_WORDS = {
    EntryState.REGISTERED: "已登记，正在确定由哪个单位办理",
    EntryState.ASSIGNED: "已交{department}，等待签收",
    EntryState.ACCEPTED: "{department}正在办理",
    EntryState.REPLIED: "{department}已答复，请您评价",
    EntryState.EVALUATED: "{department}已答复，您已评价",
    EntryState.CLOSED: "已办结",
    EntryState.RETURNED: "正在重新确定由哪个单位办理",
    EntryState.DECLINED: "不予受理。依据：{ground}",
    EntryState.FORWARDED: "已转送有权处理的机关或紧急热线",
    EntryState.MERGED: "已与同一问题的其他来件一并办理",
    EntryState.REOPENED: "{department}正在重新办理",
}
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none looks like another
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_LETTERS = str.maketrans(_BASE32, _LETTERS)
_MISREAD = str.maketrans("OIL", "011")
_LENGTH = 16
_BYTES = _LENGTH * 5 // 8  # a letter says five bits
_GROUP = 4


def make_code(ring: KeyRing, submission_id: str) -> str:
    """The code of this submission, always the same: XXXX-XXXX-XXXX-XXXX."""
    digest = bytes.fromhex(ring.digest(submission_id, purpose="tracking"))
    letters = base64.b32encode(digest[:_BYTES]).decode().translate(_TO_LETTERS)
    return _group(letters)


def read_code(text: str) -> str | None:
    """The code that somebody typed, blanks, dashes, case and misread letters aside; None: it is
    none."""
    typed = "".join(char for char in clean_text(text).upper() if char.isalnum())
    letters = typed.translate(_MISREAD)
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        return None
    return _group(letters)


def digest_code(code: str) -> str:
    """What the database keeps of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def tell_delay(*, longer: str | None, reason: str | None, pause_ground: str | None) -> str | None:
    """Why it takes longer, in words for the submitter: by how much (`longer`) and for what reason
    (None: not for this reader) the time was extended (Art. 34), or on what ground the clock stands
    still; None: it does not."""
    told = []
    if longer is not None:
        told.append(f"经批准延长{longer}" + ("" if reason is None else f"，理由：{reason}"))
    if pause_ground is not None:
        told.append(f"按规定暂停计时，事由：{pause_ground}")
    return "；".join(told) or None


def _group(letters: str) -> str:
    return "-".join([letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)])


def tell(state: EntryState, *, department: str, ground: str | None) -> str:
    """Where a matter is, in words for the submitter; `ground` is that of a refusal (Art. 23)."""
    return _WORDS[state].format(department=department, ground=ground or "见书面告知")
