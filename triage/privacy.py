"""Personal data (个人信息) in a text: found by checksum, pattern and cue, and masked.

`mask` gives one character for each character, so offsets carry over, and masking twice is masking
once. What stays: hotlines (12345, 95xxx, 400-…), amounts, dates, case and document numbers,
buildings without a room, officials named with their office. `docs/privacy.md` lists the rules.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from triage.names import find_names, masked_name
from triage.text import clean_text

KINDS = (
    "id_number",
    "credit_code",
    "bank_card",
    "phone",
    "passport",
    "email",
    "plate",
    "account",
    "door",
    "name",
)

Spans = Iterator[tuple[int, int]]

# Patterns begin with a plain set of characters, and what may not stand before it is looked at only
# then (`(?<!….)`): so the search hops from one such character to the next, several times as fast.
_NUMBERED = re.compile(  # in any number of a person
    r"\d(?:\d{6}|\d\d[ .—–-]{1,2}\d{3}|\d{3}[ -]\d{4}[ -]\d)"
)
_ID_NUMBER = re.compile(
    r"[1-9](?<![\dA-FH-Za-fh-z].)"  # a G before it makes a student's number
    r"(?:\d{5}[ -]?(?:18|19|20)\d{2}[ -]?\d{4}[ -]?\d{3}"
    r"|\d{3}(?:([ -])\d{4})(?:\1\d{4}){2}\1\d)[\dXx]"
    r"(?:\d\d(?:[Bb]\d)?)?(?![\dA-Za-z])"  # two digits more: a disability card
)
_OLD_ID_NUMBER = re.compile(r"[1-9](?<![\dA-Za-z].)\d{14}(?![\dA-Za-z])")
_PROVINCES = frozenset(
    str(first * 10 + second)
    for first, last in ((1, 5), (2, 3), (3, 7), (4, 6), (5, 4), (6, 5), (7, 1), (8, 3))
    for second in range(last + 1)
)  # first two digits of an ID number: the region of registration (GB/T 2260)
_CREDIT_CODE = re.compile(r"[159ANY](?<![0-9A-Za-z].)[0-9A-HJ-NP-RTUWXY]{17}(?![0-9A-Za-z])")
_CREDIT_CHARS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BANK_CARD = re.compile(
    r"[3-69](?<![\dA-Za-z.].)\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![\dA-Za-z]|\.\d)"
)
_MOBILE = re.compile(
    r"(?:1(?<![\dA-Za-z.].)|(?:\+(?<![\dA-Za-z.].)8|8(?<![\dA-Za-z.].))6[ -]?1)"
    r"[3-9]\d(?:[ -]?\d{4}[ -]?|\.\d{4}\.|[—–]{1,2}\d{4}[—–]{1,2})\d{4}(?![\dA-Za-z]|\.\d)"
)
_LANDLINE = re.compile(
    r"(?:0(?<![\dA-Za-z-].)|\((?<![\dA-Za-z-].)0)(?:10|2\d|[3-9]\d{2})\)?"
    r"[ -]?[2-9]\d{2,3}[ -]?\d{4}(?:[-转]\d{1,6})?(?![\dA-Za-z])"
)
_LOCAL_PHONE = re.compile(
    r"(?:电话|手机|座机|联系方式)(?:号码?)?[:： 是为]{0,3}([2-9]\d{6,7})(?![\dA-Za-z])"
)
_OFFICE = re.compile(
    r"(?:热线|客服|服务|监督|举报|值班|咨询|办公|公开|总机|投诉|报警)(?:电话|号码)?[^\d，。；]{0,4}$"
)
_CARD_CUE = re.compile(r"(?:卡号|账号|帐号|银行卡|账户|帐户|借记卡|信用卡|存折)[^\d，。；]{0,10}$")
_ID_CUE = re.compile(r"(?:身份|残疾)证[^\d，。；]{0,12}$")
_PASSPORT = re.compile(
    r"[EeGgDdSsPp](?<![A-Za-z0-9].)(?:\d{8}|(?<=[Ee])[A-HJ-NP-Za-hj-np-z]\d{7})(?![A-Za-z0-9])"
)
_PERMIT = re.compile(
    r"(?:护照|通行证|回乡证|台胞证)[^\dA-Za-z，。；]{0,8}([A-Z]{0,2}\d{7,10})(?!\d)"
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z][·.• -]?"
    r"(?:[A-HJK][A-HJ-NP-Z0-9]\d{4}|\d{5}[A-HJK]|[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳使领])(?![A-Za-z0-9])"
)
_ACCOUNT = re.compile(
    r"(?:微信|[Ww]e[Cc]hat|[Qq]{2}|企鹅|支付宝|抖音)(?:号码?|账号|帐号|ID|id)?[:： 是为]{0,3}"
    r"((?:(?=[A-Za-z_-]{0,19}\d)|(?<=[号码D:：d])|(?<=[号码D:：d][:：是为 ]))"
    r"[A-Za-z0-9][A-Za-z0-9_-]{4,19})(?![A-Za-z0-9_@-]|\.[A-Za-z])"
)
_ACCOUNT_GUARD = re.compile("微信|QQ|qq|hat|企鹅|支付宝|抖音")
_COUNT = r"[\d一二三四五六七八九十]"
_SPOKEN = "一二三四五六七八九"
_SPOKEN_ROOM = rf"[{_SPOKEN}]{{1,2}}[零〇][{_SPOKEN}](?![零〇{_SPOKEN}十百千万])"
# Behind the number of a room these make it none.
_COUNTED = r"\d|[户人年万元多余平米个台家套月日天次%栋幢座]|号?楼"
_DOOR = re.compile(
    rf"[\d一二三四五六七八九十A-Za-z](?<!{_COUNT}.)"
    rf"(?:(?<={_COUNT}){_COUNT}{{0,3}}[A-Za-z]?|(?<=[A-Za-z])\d{{0,3}})[ -]?"
    r"(?:[栋幢座]|号?楼|#楼?) ?"
    rf"(?:{_COUNT}{{1,3}}(?:单元|门|梯|座) ?|\d\d?-(?=\d{{3}}))?"
    rf"(?:{_COUNT}{{1,3}}[楼层] ?[左右东西中]?)?[(（ -]?"
    rf"(?:\d{{3,4}}|\d{{1,4}}(?=[室房]|号[房室]?(?![楼栋幢座\d电车线]))|{_SPOKEN_ROOM})"
    rf"(?!{_COUNTED})(?:室|号?房|号)?"
)
_DOOR_GUARD = re.compile(r"[栋幢座楼#](?<=[\d一二三四五六七八九十A-Za-z号# -].)")
_UNIT_DOOR = re.compile(
    rf"{_COUNT}{{1,3}}单元 ?(?:{_COUNT}{{1,3}}[楼层] ?)?"
    rf"(?:\d{{1,4}}(?![\d年月楼层户])|{_SPOKEN_ROOM})(?:室|号?房|号)?"
)
# 5-2-1103 anywhere, 5-1103 behind a word for an address or with 室; no date, score or size.
_ADDRESS_CUES = "|".join(
    f"(?<={cue}{part})"
    for cue in ("住", "住在", "住址", "地址", "小区", "住址[:：]", "地址[:：]")
    for part in ("..", "...")  # the building and its dash
)
_NUMBERED_DOOR = re.compile(
    r"[1-9](?<![\d.A-Za-z*×/=+~-].)\d?-"
    r"(?:\d{1,2}-(?!19[3-9]|20[12])[1-9]\d{2,3}|(?:\d{1,2}-)?[1-9]\d{2,3}(?=室)"
    rf"|(?:{_ADDRESS_CUES})(?!19[3-9]|20[012])[1-9]\d{{2,3}})"
    rf"(?![A-Za-z.*×/=+~:：-]|[分秒吨克千百℃]|{_COUNTED})室?"
)
# 402住户, 1201业主: a floor and a room, no count
_OWNER_DOOR = re.compile(
    r"\d(?<![\d一二三四五六七八九十A-Za-z.共约近达有余全-].)\d{0,1}(?<!19)(?<!20)(?:0[1-9]|1[0-2])"
    r"(?=住户|业主)"
)
_ROOM = re.compile(r"\d(?<![\d一二三四五六七八九十.-].)\d{2,3}室(?![内外友])")
_VILLAGE_DOOR = re.compile(r"[村组屯社](?P<door>\d{1,4}号)(?!楼|线|井|文|令|公|台|机|路)")
_HIDDEN = re.compile(r"(?:电话|手机|身份证|联系方式|卡号|微信)[^\d*，。；]{0,6}[\d-]{0,8}\*{3}")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One piece of personal data: its kind (one of `KINDS`) and its offsets in the text."""

    kind: str
    start: int
    end: int


def find_personal_data(text: str) -> tuple[PersonalData, ...]:
    """All personal data in a clean `text` (`triage.text.clean_text`), in order, none overlapping.

    Where two kinds claim the same characters, the one earlier in `KINDS` wins.
    """
    return tuple(sorted(_find(text), key=lambda data: data.start))


def mask(text: str, *, keep: Collection[str] = ()) -> str:
    """The text with its personal data hidden, character for character.

    Numbers of persons keep their last two digits at most, names their surname (王某某), door
    numbers their words (*栋*单元***室), plates their province. `mask(mask(text)) == mask(text)`.
    `keep` names the kinds that stay as they are. What is found is found in the clean text, so that
    traditional characters and full-width digits hide nothing; all else stays as it was written.
    """
    clean = clean_text(text)
    masked = clean
    while found := [data for data in find_personal_data(masked) if data.kind not in keep]:
        parts: list[str] = []
        done = 0
        for data in found:
            parts += (masked[done : data.start], _masked(data.kind, masked[data.start : data.end]))
            done = data.end
        masked = "".join((*parts, masked[done:]))
    if clean == text:
        return masked
    return "".join(
        raw if was == now else now for raw, was, now in zip(text, clean, masked, strict=True)
    )


def has_personal_data(text: str) -> bool:
    """Whether the text shows who somebody is: the rubric's flag 个人信息.

    Private full names, numbers of persons and exact doors count, and so do numbers that somebody
    starred out; a company's code or a plate does not.
    """
    return _HIDDEN.search(text) is not None or any(
        data.kind not in ("credit_code", "plate") for data in _find(text)
    )


def _find(text: str) -> Iterator[PersonalData]:
    """Each piece of personal data that no earlier one overlaps, kind after kind."""
    taken = bytearray(len(text))
    for kind, spans in _candidates(text):
        for start, end in spans:
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                yield PersonalData(kind, start, end)


def _candidates(text: str) -> Iterator[tuple[str, Spans]]:
    if _NUMBERED.search(text):
        yield "id_number", _find_id_numbers(text)
        yield "credit_code", _find_credit_codes(text)
        yield "bank_card", _find_bank_cards(text)
        yield "phone", _find_phones(text)
        yield "passport", _find_passports(text)
    if "@" in text:
        yield "email", (match.span() for match in _EMAIL.finditer(text))
    yield "plate", (match.span() for match in _PLATE.finditer(text))
    if _ACCOUNT_GUARD.search(text):
        yield "account", (match.span(1) for match in _ACCOUNT.finditer(text))
    yield "door", _find_doors(text)
    yield "name", find_names(text)


def _find_id_numbers(text: str) -> Spans:
    """Citizen ID numbers (GB 11643-1999): by checksum, or by the cue 身份证 where it fails."""
    for match in _ID_NUMBER.finditer(text):
        whole = re.sub(r"[ -]", "", match[0])
        number = whole[:18]
        if (
            number[:2] in _PROVINCES
            and _is_day(number[6:14])
            and (_has_id_checksum(number) or _cued(_ID_CUE, text, match.start()))
        ):
            yield match.span()
    for match in _OLD_ID_NUMBER.finditer(text):
        number = match[0]
        if number[:2] in _PROVINCES and _is_day("19" + number[6:12]):
            yield match.span()


def _has_id_checksum(number: str) -> bool:
    total = sum(int(digit) * (2 ** (17 - i) % 11) for i, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _find_credit_codes(text: str) -> Spans:
    """Unified social credit codes by their checksum (GB 32100-2015)."""
    for match in _CREDIT_CODE.finditer(text):
        values = [_CREDIT_CHARS.index(char) for char in match[0]]
        total = sum(value * (3**i % 31) for i, value in enumerate(values[:17]))
        if (31 - total % 31) % 31 == values[17]:
            yield match.span()


def _find_bank_cards(text: str) -> Spans:
    """Bank cards by the Luhn checksum (GB/T 19584-2010), or by a cue where it fails."""
    for match in _BANK_CARD.finditer(text):
        digits = [int(char) for char in match[0] if char.isdigit()]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
        if (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 or _cued(_CARD_CUE, text, match.start()):
            yield match.span()


def _find_phones(text: str) -> Spans:
    for match in _MOBILE.finditer(text):
        yield match.span()
    for match in _LANDLINE.finditer(text):
        if not _cued(_OFFICE, text, match.start()):
            yield match.span()
    for match in _LOCAL_PHONE.finditer(text):
        if not _cued(_OFFICE, text, match.start()):
            yield match.span(1)


def _find_passports(text: str) -> Spans:
    for match in _PASSPORT.finditer(text):
        yield match.span()
    for match in _PERMIT.finditer(text):
        yield match.span(1)


def _find_doors(text: str) -> Spans:
    if _DOOR_GUARD.search(text):
        yield from (match.span() for match in _DOOR.finditer(text))
    if "单元" in text:
        yield from (match.span() for match in _UNIT_DOOR.finditer(text))
    if "室" in text:
        yield from (match.span() for match in _ROOM.finditer(text))
    if "-" in text:
        yield from (match.span() for match in _NUMBERED_DOOR.finditer(text))
    if "住户" in text or "业主" in text:
        yield from (match.span() for match in _OWNER_DOOR.finditer(text))
    if "号" in text:
        yield from (match.span("door") for match in _VILLAGE_DOOR.finditer(text))


def _cued(cue: re.Pattern[str], text: str, start: int) -> bool:
    return cue.search(text[max(0, start - 20) : start]) is not None


def _masked(kind: str, value: str) -> str:
    if kind == "name":
        return masked_name(value)
    if kind == "door":
        return re.sub(rf"{_COUNT}|[零〇A-Za-z]", "*", value)
    if kind == "plate":
        return value[0] + "*" * (len(value) - 1)
    if kind == "email":
        return "".join(char if char == "@" else "*" for char in value)
    if kind in ("account", "passport"):
        return "*" * len(value)
    return "*" * (len(value) - 2) + value[-2:]
