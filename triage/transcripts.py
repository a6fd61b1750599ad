"""The submitter's own words in a call transcript, an operator's note or a letter.

A hotline hands over what two people said, or what one of them wrote down about the other. What the
operator says (greeting, questions, read-back, promises), the heads of forms and pure courtesies
say nothing about the matter, and would speak for labels if they were left in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from triage.text import clean_text

Span = tuple[int, int]

# --- who speaks -----------------------------------------------------------------------------------

_OPERATORS = (
    "话务员|坐席|座席|客服|接线员|受理员|接听员|接待员|接待人|接访人|接谈人|值班员|工作人员"
    "|热线人员|调查人|询问人|机器人|接警员|调度员|操作员"
)
_CALLERS = (
    "来电人|来电者|市民|群众|来访人|来访者|反映人|诉求人|投诉人|举报人|咨询人|求助人|求助者"
    "|信访人|上访人|当事人|被询问人|居民|村民|用户|客户|业主|主叫|报警人|报案人|来话人|对方"
)
_NEUTRAL = r"[ABQabq甲乙问答]|(?:说话人|发言人|讲话人|[Ss]peaker) ?[0-9AB一二]"
_PAIRS = ({"A", "B"}, {"Q", "A"}, {"甲", "乙"}, {"问", "答"})

_STAMP = r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日? {0,2})?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?"
_PREFIX = "(?:12345|政务|热线|服务|智能|人工|AI)*"
_SUFFIX = (
    r"(?:员|代表)?(?:\d{1,6}|[A-Za-z]|小[\u4e00-\u9fff]|[（(][^（）()]{1,12}[）)]"
    r"|[\u4e00-\u9fff]{1,3}(?:先生|女士|小姐|师傅|某))?"
)
_NAMED = rf"{_PREFIX}(?:{_OPERATORS}|(?:[男女老]|来电|来访)?(?:{_CALLERS})){_SUFFIX}"
_AFTER_A_PAUSE = r"(?<![^\s。！？!?；;…”」』）)\]】])"


def _turn_pattern(speaker: str, *, before: str) -> re.Pattern[str]:
    return re.compile(
        rf"{before}(?:[\[【(（]?{_STAMP}[\]】)）]? {{0,2}})?"
        rf"[\[【]?(?P<speaker>{speaker})"
        rf"(?:[\]】] ?[：:]?| {{0,2}}{_STAMP}(?!\d|[：:]\d) ?[：:]?| ?[：:](?!\d\d[：:]))"
    )


_NAMED_TURN = _turn_pattern(_NAMED, before=_AFTER_A_PAUSE)
_NAMED_TURN_ANYWHERE = _turn_pattern(_NAMED, before="")
_NEUTRAL_TURN = _turn_pattern(_NEUTRAL, before=_AFTER_A_PAUSE)
# Speakers by any name (操作间：, 王女士：, agent：), told apart by who greets.
_ANY_TURN = _turn_pattern(r"[\u4e00-\u9fffA-Za-z0-9]{1,10}", before=_AFTER_A_PAUSE)
_LEAST_TURNS = 3
_GREETING_HEAD = 80  # characters in which a call is greeted
_OPERATOR_WORD = re.compile(rf"{_PREFIX}(?:{_OPERATORS})")
# Where a mark may end: most letters hold fewer than two such places and are passed over at once.
# (The look-behind stands last, for then the search hops from colon to colon.)
_MARK_END = re.compile(r"[：:】\]](?<=[员席服人民众者户主叫士生姐傅某表\d）)ABQabq甲乙问答一二 ].)")
_LABEL_WORDS = ("【", "诉求", "内容：", "事项：")
_NAMED_HEAD = 200  # characters of a form that may stand before the first turn
_NEUTRAL_HEAD = 30  # fewer, for letters quote what "A" and "B" said

# What only the one who takes the call says, and what only the one who calls says.
_HOST_CUE = re.compile(
    r"为您服务|很高兴|请讲|请说|您说|贵姓|怎么称呼|核对|还有其他|感谢.{0,3}来[电访]|帮您|给您登记|工号"
    r"|有什么(?:可以|需要|事|能)|请问您|您这边|您反映|您的(?:姓名|电话|诉求|问题)|我记录|我们会"
)
_GREETS = re.compile(r"为您服务|有什么(?:可以|能|需要)|请讲|请说|感谢.{0,3}来[电访]|给您登记")
_GUEST_CUE = re.compile(
    r"我家|我们(?!会|这边|将|已|帮|给)|咱|俺|我(?:要|想|是|的|住|在|妈|爸|孩)|你们"
)

# --- what of an operator's turn stays -------------------------------------------------------------

# A fact that may mean danger is never dropped unless the caller has said it too, or denied it.
_GRAVE = re.compile(
    r"死|伤|流血|出血|火|烧|爆炸|燃气|煤气|天然气|漏[气电]|毒|晕|昏|倒[塌下]|塌|裂|坠|跳[楼河桥]|楼顶|割"
    r"|农药|安眠药|自杀|轻生|想不开|不想活|遗书|刀|砍|杀|绑|殴|打人|被打|抓走|拐|失踪|走失|失联|被困|困在|不见[了的]"
    r"|锁在|触电|电线|落水|溺|呼吸|意识|抽搐|堵路|聚集|[百千几][十百]?多?[人名户]|断[水电粮]"
    r"|停[水电气暖]|孕妇|瘫|救"
)
# "没错" and "不是一个，是两个" deny nothing; nor does a "no" to "is he breathing?".
_DENIAL = re.compile(
    r"\s*(?:嗯|呃|啊|哦|那倒|目前|暂时|现在|倒)*[，, ]?"
    r"(?:没有?|没得|没(?:着火|起火|失火|漏|受伤|动手|打人?|人|事))[人的啊吧呢哦]?(?=[，,。！!；;\s]|$)"
)
_WELL = re.compile(
    r"呼吸|意识|反应|醒|安全|疏散|撤离|关[了掉好]|[熄扑]灭|找到|联系|出来|获救|控制|报警|送医"
)
_CONFIRMATION = re.compile(
    r"\s*(?:嗯|啊|哦)*[，, ]?(?:对|是的|是啊|没错|就是|正是|(?:是|有)(?=[，,。！!\s]))"
    r"|\s*嗯+(?=[，,。！!\s])"
)
_ANSWER = re.compile(
    r"\s*(?:嗯|啊|哦|喂)*[，, ]?(?:不?对|不?是|没)(?![\u4e00-\u9fff])|\s*(?:没有|没错|是的)"
)
_QUESTION = re.compile(r"[？?]|(?:吗|吧|呢|没有|是吧|是不是)[。？?]*\s*$")
_SENTENCE = re.compile(r"[^。！？!?；;]+[。！？!?；;]*")
_HELLO = re.compile(
    r"[\s，,。！!、~]*(?:(?:喂|嗯|哦|啊|[您你]们?好|好的?|对|行|谢谢[您你]?|再见|麻烦[您你]?了|辛苦了?)啊?"
    r"[\s，,。！!、~]*)+"
)

# --- heads of forms, notes and letters ------------------------------------------------------------

# Values are typed, so that a careless line ("联系方式：无 我家着火了") loses no matter.
_FIELD = re.compile(
    r"(?:(?:工单|受理|登记|来电|信访件?|诉求|业务)(?:编号|单?号)|流水号)[：:]"
    r" ?[A-Za-z0-9\-_〔〕\[\]]{4,40}号?"
    r"|(?:受理|来电|来访|登记|派单|通话|接听|反映|诉求|办理|截止|处理)(?:时间|日期|时限|时长)[：:]"
    r" ?[\d年月日时分秒\-/.:： ]+"
    r"|(?:(?:来电|主叫|联系|回访|被叫)(?:号码|电话|手机|方式)|电话|手机号?码?)[：:]"
    r" ?[\d*xX\-]{5,20}"
    r"|(?:来电人|诉求人|反映人|来访人|市民|投诉人|受理[人员]|登记人|接待人|接访人|接线员"
    r"|话务员|坐席|经办人|姓名)"
    r"(?:姓名|工号)?[：:] ?(?:[\u4e00-\u9fff]{1,3}(?:先生|女士|小姐|同志|某{1,2})"
    r"|(?<=姓名[：:])[\u4e00-\u9fff]{2,4}(?=[\s，,；;。])|(?:工号)?\d{2,8})"
    r"|工号[：:]? ?\d{2,8}"
)
_FIELD_COLON = re.compile(
    "[：:](?<=(?:编号|单号|水号|工号|时间|日期|时限|时长|号码|电话|手机|方式|姓名).)"
)
_LABEL = re.compile(
    r"【(?:来访|来电|来信|走访|热线|市民|群众|信访|工单|诉求|反映|主要)*"
    r"(?:登记|记录|诉求|反映|内容|情况|摘要|问题)】[：:]?"
    r"|(?:诉求|反映|来电|来访|工单)(?:内容|事项|描述|摘要)[：:]|(?<![\u4e00-\u9fff])诉求[：:]"
)
_LEAD = re.compile(
    r"\s*(?:据)?(?:市民|来电人|来电者|来访人|来访者|反映人|诉求人|信访人)"
    r"(?:[\u4e00-\u9fff]{0,2}(?:先生|女士|小姐|某{1,2}))?"
    r"(?:来电|致电|来访|来信|电话)?(?:反映|称|表示|诉称|陈述)(?:道|到|说|，称)?(?!的|过|强烈|问题)[，,：:]?\s*"
)
# The operator's last line to the office, with nothing in it but "please deal with it".
_ORDER = re.compile(
    r"(?<=[。；;！!])\s*(?:(?:烦请|敬请|恳请|请|望|希望|要求)(?:贵(?:单位|局|部门)|相关|有关|职能|主管|承办|责任|属地"
    r"|部门|单位|领导)*(?:能够?|给予|予以|及时|尽快|依法|认真|酌情|协助|协调|调查|核实|核查|查处|处理|处置|办理|解决"
    r"|落实|跟进|回复|答复|反馈|关注|重视|并|，|、|和|为盼)+(?:[，,]?谢谢)?[。！!]*)\s*$"
)
_OFFICES = (
    r"(?:市|县|区|省|镇|州)?(?:委|政府)?(?:领导|书记|市长|县长|区长|省长|镇长|厅长|局长|主任|同志)"
)
_SALUTATION = re.compile(
    r"[\s，,。！!：:]*(?:(?:尊敬的|敬爱的|亲爱的)(?:各位|各级|上级|相关|有关|政府|(?!纪)[\u4e00-\u9fff])?"
    rf"{_OFFICES}们?|(?:各位|各级|上级|相关|有关|政府){{0,2}}{_OFFICES}们?(?=[\s，,：:！!。]|[您你]))?"
    r"[\s，,：:！!。]*(?:[您你]们?好[\s，,：:！!。~]*)?"
)
_CLOSING = re.compile(
    r"(?<![^\s，,。！!？?；;~])(?:此致|(?:此致\W*)?敬礼|致敬|致礼|(?:万分|非常|十分|衷心|再次|深表|多多|不胜|先行)?"
    r"(?:感谢|感激|谢谢|多谢|叩谢|跪谢|拜谢)(?:[您你]们?|领导|大家|各位|了|啦|不尽|涕零)*"
    r"|(?:恭?祝|祝愿?)(?:[您你]|领导)?(?:工作|身体|生活|万事|阖家)(?:顺利|健康|愉快|如意|幸福)"
    r"|身体健康|工作顺利|万事如意|盼复|拜托(?:[您你])?了?|打扰了|辛苦了|特此报告|为[盼感谢])"
    r"[\s，,。！!~]*$"
)
_CLOSING_REACH = 20  # characters from the end; each courtesy is shorter
_ORDER_REACH = 60
_ENOUGH = re.compile(r"(?:\w\W*){4}")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one speaker says without a break: its mark, "来电人：", and the words up to the next."""

    start: int
    said: int
    end: int
    operator: bool


def read_speech(content: str) -> str:
    """`content` with all that is not the submitter's own matter blanked; the same length.

    In a transcript the operator's turns go, but for sentences that state a danger the caller has
    not spoken of, or that the caller only confirms ("您是说有人被困？" "对"). In notes and letters
    the heads of forms, lead-ins, salutations and pure courtesies go. Offsets in the result are
    offsets in `content`. A text that would keep fewer than four characters is returned as it is.
    """
    text = clean_text(content)
    turns = _find_turns(text)
    blanks = list(_blank_turns(text, turns) if turns else _blank_letter(text))
    if not blanks:
        return content
    pieces: list[str] = []
    end = 0
    for start, stop in sorted(blanks):
        pieces += content[end : max(start, end)], " " * (stop - max(start, end))
        end = max(stop, end)
    speech = "".join(pieces) + content[end:]
    return speech if _ENOUGH.search(speech) else content


@dataclass(frozen=True, slots=True)
class Asked:
    """What the one who takes the call says in a row; `last` is where its last sentence begins, and
    `answer` whether the caller confirms that one (True), denies it (False) or neither (None)."""

    start: int
    end: int
    last: int
    answer: bool | None


def list_asked(text: str) -> list[Asked]:
    """The turns of the operator in a transcript (clean text), in order; none in a letter."""
    turns = _find_turns(text)
    asked = []
    for number, turn in enumerate(turns):
        if turn.operator:
            after = turns[number + 1] if number + 1 < len(turns) else None
            answer = text[after.said : after.end] if after and not after.operator else ""
            last = turn.said
            for sentence in _SENTENCE.finditer(text, turn.said, turn.end):
                if sentence[0].strip():
                    last = sentence.start()
            confirmed = True if _CONFIRMATION.match(answer) else None
            denied = _DENIAL.match(answer) and not _WELL.search(text, last, turn.end)
            asked.append(Asked(turn.said, turn.end, last, False if denied else confirmed))
    return asked


def _find_turns(text: str) -> list[_Turn]:
    """The turns of a transcript, in order; none where the text does not record two speakers."""
    turns: list[_Turn] = []
    if _MARK_END.search(text, 0, _NAMED_HEAD) and len(_MARK_END.findall(text)) > 1:
        turns = (
            _named_turns(text, _NAMED_TURN)
            or _named_turns(text, _NAMED_TURN_ANYWHERE)
            or _neutral_turns(text)
        )
    if not turns and _GREETS.search(text, 0, _GREETING_HEAD):
        turns = _greeting_turns(text)
    return turns


def _named_turns(text: str, pattern: re.Pattern[str]) -> list[_Turn]:
    first = pattern.search(text, 0, _NAMED_HEAD)
    if not first:
        return []
    marks = list(pattern.finditer(text, first.start()))
    operator = [_OPERATOR_WORD.match(mark["speaker"]) is not None for mark in marks]
    if all(operator) or not any(operator):
        return []
    turns = _join_turns(text, marks, operator)
    # A letter that begins "客服：" and is signed "投诉人：" is no transcript.
    asked = "".join(text[turn.said : turn.end] for turn in turns if turn.operator)
    told = sum(turn.end - turn.said for turn in turns if not turn.operator)
    answered = any(
        turn.operator and not after.operator and _ANSWER.match(text, after.said, after.end)
        for turn, after in pairwise(turns)
    )
    if len(turns) > 3 or len(asked) <= told or answered or _HOST_CUE.search(asked):
        return turns
    return []


def _neutral_turns(text: str) -> list[_Turn]:
    """Turns of A and B, 问 and 答, the one who greets and asks the operator; none where unclear."""
    if not _NEUTRAL_TURN.search(text, 0, _NEUTRAL_HEAD):
        return []
    marks = list(_NEUTRAL_TURN.finditer(text))
    names = [mark["speaker"].upper() for mark in marks]
    pair = set(names)
    if len(pair) != 2:
        return []
    if pair not in _PAIRS and min(map(len, pair)) == 1:
        return []
    turns = _join_turns(text, marks, [name == names[0] for name in names])
    lead = 0
    for turn in turns:
        said = text[turn.said : turn.end]
        score = 3 * len(_HOST_CUE.findall(said)) - 3 * len(_GUEST_CUE.findall(said))
        score += said.count("？") + said.count("?")
        lead += score if turn.operator else -score
    if abs(lead) < 2:
        return []
    return turns if lead > 0 else _join_turns(text, marks, [name != names[0] for name in names])


def _greeting_turns(text: str) -> list[_Turn]:
    """Turns of two speakers of any name, the one who greets the operator; none where unclear."""
    if not _ANY_TURN.search(text, 0, _NEUTRAL_HEAD):
        return []
    marks = list(_ANY_TURN.finditer(text))
    names = [mark["speaker"] for mark in marks]
    if len(marks) < _LEAST_TURNS or len(set(names)) != 2:
        return []
    turns = _join_turns(text, marks, [name == names[0] for name in names])
    greet = {turn.operator for turn in turns if _GREETS.search(text, turn.said, turn.end)}
    if len(greet) != 1:
        return []
    return turns if True in greet else _join_turns(text, marks, [n != names[0] for n in names])


def _join_turns(text: str, marks: list[re.Match[str]], operator: list[bool]) -> list[_Turn]:
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [
        _Turn(mark.start(), mark.end(), end, side)
        for mark, end, side in zip(marks, ends, operator, strict=True)
    ]


def _blank_turns(text: str, turns: list[_Turn]) -> Iterator[Span]:
    """The spans of a transcript that are not the caller's matter."""
    yield from _blank_fields(text, 0, turns[0].start)
    told = "".join(text[turn.said : turn.end] for turn in turns if not turn.operator)
    pairs = set(pairwise(told))
    for turn, after in zip(turns, [*turns[1:], None], strict=True):
        yield turn.start, turn.said
        sentences = list(_SENTENCE.finditer(text, turn.said, turn.end))
        if not turn.operator:
            yield from (match.span() for match in sentences if _HELLO.fullmatch(match[0]))
            continue
        answer = text[after.said : after.end] if after and not after.operator else ""
        asked = [match for match in sentences if _QUESTION.search(match[0])]
        last = bool(asked) and asked[-1] is sentences[-1]
        answered = last or len(asked) == 1
        denied = answered and _DENIAL.match(answer) and not _WELL.search(asked[-1][0])
        confirmed = last and _CONFIRMATION.match(answer)
        for match in sentences:
            if _tells_new_danger(match[0], told) and not (denied and match is asked[-1]):
                continue
            if confirmed and match is asked[-1] and _is_mostly_new(match[0], pairs):
                continue
            yield match.span()


def _tells_new_danger(sentence: str, told: str) -> bool:
    """Whether it has a grave word the caller has not used (火 in 火锅 is not the 火 in 着火)."""
    return any(
        sentence[max(word.start() - 1, 0) : word.end()] not in told
        and sentence[word.start() : word.end() + 1] not in told
        for word in _GRAVE.finditer(sentence)
    )


def _is_mostly_new(sentence: str, pairs: set[tuple[str, str]]) -> bool:
    """Whether most of it has not been said by the caller (no read-back, no question for a name)."""
    if "电话" in sentence or "贵姓" in sentence:
        return False
    own = list(pairwise(sentence))
    return sum(pair not in pairs for pair in own) * 2 > len(own)


def _blank_letter(text: str) -> Iterator[Span]:
    """The spans of a note or letter that are form or courtesy."""
    form = list(_blank_fields(text, 0, len(text)))
    if any(word in text for word in _LABEL_WORDS):
        form = sorted([*form, *(match.span() for match in _LABEL.finditer(text))])
    yield from form
    start = 0
    for first, end in form:
        if text[start:first].strip(" ，,；;。"):
            break
        start = end
    lead = _LEAD.match(text, start)
    if lead:
        yield lead.span()
    else:
        salutation = _SALUTATION.match(text, start)
        if salutation and salutation[0].strip():
            yield salutation.span()
    if lead or form:
        order = _ORDER.search(text, max(0, len(text) - _ORDER_REACH))
        if order:
            yield order.span()
    end = len(text)
    while closing := _CLOSING.search(text, max(0, end - _CLOSING_REACH), end):
        yield closing.span()
        end = closing.start()


def _blank_fields(text: str, start: int, end: int) -> Iterator[Span]:
    if _FIELD_COLON.search(text, start, end):
        yield from (match.span() for match in _FIELD.finditer(text, start, end))
