"""Evidence (附件): files kept with an entry, known by their content, not by their name."""

import hashlib
from pathlib import PurePath

from sqlalchemy import func, insert, select

from triage.errors import Conflict, InvalidInput
from triage.ledger.steps import Done, Step, check_words
from triage.ledger.tables import AttachmentRow

MAX_SIZE = 10_000_000  # bytes
MAX_FILES = 50  # with one entry
MAX_FILE_NAME = 120

# The first bytes of each kind, and the endings it may have; 3GP and MP4 have theirs at byte 4.
_KINDS = (
    (0, b"\xff\xd8\xff", {".jpg": "image/jpeg", ".jpeg": "image/jpeg"}),
    (0, b"\x89PNG\r\n\x1a\n", {".png": "image/png"}),
    (0, b"%PDF-", {".pdf": "application/pdf"}),
    (
        0,
        b"PK\x03\x04",
        {
            ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        },
    ),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        {".doc": "application/msword", ".xls": "application/vnd.ms-excel"},
    ),
    (4, b"ftyp", {".mp4": "video/mp4", ".m4a": "audio/mp4", ".3gp": "video/3gpp"}),
    (0, b"ID3", {".mp3": "audio/mpeg"}),
    (0, b"#!AMR", {".amr": "audio/amr"}),
)
ENDINGS = tuple(ending for _, _, endings in _KINDS for ending in endings)


def find_media_type(name: str, content: bytes) -> str | None:
    """What kind of file this is, where its first bytes and its ending agree."""
    ending = PurePath(name).suffix.lower()
    for offset, mark, endings in _KINDS:
        if content.startswith(mark, offset) and ending in endings:
            return endings[ending]
    return None


def attach(step: Step, *, name: str, content: bytes) -> Done:
    """The file is kept with its SHA-256, so that a later exchange would show.

    Raises InvalidInput for one that is empty, too large or of no known kind, Conflict for one that
    is there already or one too many.
    """
    called = check_words(
        PurePath(name.replace("\\", "/")).name, "name", what="文件名", most=MAX_FILE_NAME
    )
    if not 0 < len(content) <= MAX_SIZE:
        raise InvalidInput(
            f"附件应在 1 字节到 {MAX_SIZE // 1_000_000} MB 之间，请压缩后再传", field="content"
        )
    media_type = find_media_type(called, content)
    if media_type is None:
        raise InvalidInput(
            f"附件只收 {'、'.join(ENDINGS)}，且内容须与后缀一致，请另存后再传", field="name"
        )
    digest = hashlib.sha256(content).hexdigest()
    there = select(func.count()).where(AttachmentRow.entry_id == step.entry.id)
    if step.session.scalar(there.where(AttachmentRow.sha256 == digest)):
        raise Conflict("该条目已有内容相同的附件，不必再传", field="content")
    if (step.session.scalar(there) or 0) >= MAX_FILES:
        raise Conflict(f"该条目已有 {MAX_FILES} 个附件，请合并成一个文件后再传", field="content")
    values = {
        "entry_id": step.entry.id,
        "name": called,
        "media_type": media_type,
        "size": len(content),
        "sha256": digest,
        "content": content,
        "who": step.caller.who,
        "at": step.now,
    }
    number = step.session.scalar(insert(AttachmentRow).returning(AttachmentRow.id), values)
    told = {"attachment": number, "size": len(content), "sha256": digest}
    return Done(told | {"name": called}, told)
