"""Who is accused, and of what: the signs of an accusation (检举控告), sentence by sentence.

An accusation is a person in office and a deed in one sentence, told early, and punishment asked.
Each of these words alone says little: 局长 is greeted in every other letter, 查处 is asked against
any shop. So the words are of few kinds, a post that is only addressed is left out, and what counts
is where the kinds meet. Loose counts of such words made every answer worse.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import log1p

import numpy as np

from triage.features import Array, Reading
from triage.names import stands_by_name
from triage.numbering import PAIRS, number_pairs

# Posts, which may stand beside a name; others in public service; misdeeds; what may be one; manners
# and small faults; idleness; what is asked for against a person; how an office is merely asked or
# answers; frauds by private persons; the writer's own loss.
_TABLE = {
    "post": """
        村支书 支书 村书记 村主任 村长 村干部 村官 组长 会计 支两委 两委 支部书记 妇女主任
        治保主任 村委 局长 所长 科长 处长 镇长 乡长 县长 区长 厅长 股长 站长 队长 主任 书记 院长
        校长 部长 行长 庭长 政委 民警 交警 辅警 警察 警官 协警 警员 法官 检察官 老师 教师 教授
        导师 医生 护士 大夫 同志
        """,
    "servant": """
        班子 负责人 某领导 个别领导 主要领导 局领导 镇领导 校领导 学校领导 单位领导 城管 执法人员
        执法队员 协管员 路政 运管 工作人员 公务员 公职 党员 干部 官员 事业编 在编 公办 国企
        国有企业 城投 办事员 仲裁员 村霸 害群之马 蛀虫 贪官 败类 科员 村文书 监督员 检疫员 官方兽医
        经办员 协办员 协理员 劳保员 协防员 验收员 检验员 采样员 巡查员 检查员 稽查员 监察队员 专干
        干事 民政助理 场场长 任场长 段段长 副总 董事长 政协委员 农技员 畜牧站 水政 拆迁办 征收办
        招标办 招投标办 民政所 国土所 林业站 水利站 水管站 市监所 监管所 司法所 财政所 税务所
        税务分局 社保局的人 管教 武装部 参谋 妇联主席 工会主席 人大主席 设备科 采购科 后勤科
        总务科 局里
        """,
    "misconduct": """
        贪污 贪腐 贪官 受贿 行贿 贿赂 索贿 腐败 谋私 谋取 公款 挪用 克扣 侵占 侵吞 私吞 截留
        私分 冒领 套取 骗取 虚报 私囊 腰包 回扣 好处费 红包 送礼 收礼 收钱 利益输送 权钱
        据为己有 敛财 暗箱 黑箱 优亲厚友 任人唯亲 关系户 空饷 假账 假帐 白条 虚账 去向不明 吃喝
        送钱 烟酒 滥用职权 玩忽职守 渎职 失职 徇私 枉法 包庇 保护伞 勾结 官商 官官相 职务之便
        职权 知法犯法 执法犯法 违纪 乱作为 一手遮天 独断 弄虚作假 造假 做假 篡改 伪造 伪证
        打击报复 通风报信 贿选 拉票 纵容 生活作风 不正当 情人 情妇 包养 婚外 上班时间 工作时间
        脱岗 迟到早退 打牌 麻将 赌博 参赌 聚赌 酒驾 醉驾 超生 违法生育 公车 兼职 经商 入股 有偿
        殴打 打人 打骂 辱骂 骂人 恐吓 耳光 动手 体罚 索要 吃拿卡要 刁难 抄袭 学术 文凭 考编 霸占
        强占 师德 猥亵 泄密 占为己有 中饱 茶水钱 加急费 跑腿费 萝卜岗 妻弟 小舅子 茶钱 活动费
        打点 白吃白 店白吃 馆白吃 倒卖 药代 假退休 空填 漏题 塞钱 塞信封 条烟 送烟 领导家亲戚
        表示一下 意思意思 踹了我 踢了我 打了我 不开票 不给票 不给条子 要钱才
        """,
    "wrong": """
        私自 变卖 亲戚 亲属 亲信 侄子 侄儿 关系 违规 违法 违反 黑恶 特权 恶霸 放任 默许 指使 撑腰
        伙同 串通 操纵 充当 背后 欺压 低保 账目 利用 涉嫌
        """,
    "manners": """
        态度 素质 补课 收费 家教 办班 作风 蛮横 嚣张 威胁 恶语 职称 学历 录用 招聘 拖欠 二胎 三胎
        """,
    "idle": "不作为 推诿 敷衍 懒政 皮球 慢作为 拖延 不管 不理 不予 效率",
    "punish": """
        查处 严查 彻查 严惩 惩处 惩治 惩罚 追究 处分 撤职 免职 罢免 开除 清除 双规 法办 绳之以法
        严肃 查实 核实 问责 追责 揪出 查清 查明 查办 查一查 查查 严办 党纪 国法 八项规定 下台
        """,
    "contact": "打电话 致电 联系 咨询 找了 去找 问了 询问 回复 答复 告知 反馈 告诉 电话",
    "fraud": "诈骗 立案 受害人 受害者 平台 投资 集资 经侦 案件 血汗钱 跑路",
    "own": "赔偿 赔钱 退款 补偿 工资 退还 我家 我父 我母 孩子 小孩 本人",
}
_BITS = {kind: 1 << number for number, kind in enumerate(_TABLE)}
_POST, _BAD, _WRONG, _MANNERS = (_BITS[kind] for kind in ("post", "misconduct", "wrong", "manners"))
_IDLE, _PUNISH, _CONTACT = (_BITS[kind] for kind in ("idle", "punish", "contact"))
_PERSON = _POST | _BITS["servant"]
_FAULT = _BAD | _WRONG | _MANNERS
_NAMED = 1 << len(_TABLE)  # a post beside a name
_TITLE_KINDS = (_BITS["own"], _BITS["fraud"], _NAMED, _BAD)
_IN_TITLE = len(_TITLE_KINDS)

_WORDS_AT: dict[int, list[tuple[str, int]]] = {}  # by the pair they begin with: a text holds few
for _kind, _words in _TABLE.items():
    for _word in _words.split():
        _WORDS_AT.setdefault(number_pairs(_word[:2]).item(), []).append((_word, _BITS[_kind]))
_MAY_BEGIN = np.zeros(PAIRS, bool)
_MAY_BEGIN[list(_WORDS_AT)] = True

_STOP = re.compile(r"[。！？!?；;\n]")
_LONGEST = 110  # characters read as one sentence where no stop comes
_SCRAP = 3  # characters too few for a sentence
_OPENING = 2  # sentences in which an accusation is told first
_END = 90  # characters at the end in which something is asked for
_GREETING = 60  # characters in which the letter may still be greeting its reader
_GREETED = re.compile(r"[们，,：:！! ]{0,2}(?:[您你]|大家|各位)|[们]?[：:]")
# Before a post these make it the one who is asked: 请局长, 尊敬的书记, 向县长, 各位主任.
_ASKING = frozenset("请望求盼给让谢向位级关敬")
_ASKED = 4  # characters before a post in which they do
# Before a post these make it none in office: 业委会主任, 保安队长, 冒充民警.
_PRIVATE = re.compile(
    "(?:业委会|业主委员会|家委会|家长委员会|保安|物业|车间|保健品)(?:的|副|总|部|公司)?$"
    "|(?:冒充|假冒|冒名|自称)[^，。]{0,4}$"
)
_BEFORE = 8  # characters in which they stand

SIGNS = 14

_Kinds = list[tuple[int, int]]  # where a word stands and the bits of its kind, in order


def find_signs(readings: Sequence[Reading]) -> Array:
    """(documents, `SIGNS`) float32: four signs in the title, eight in the body, two in both.

    Title: the writer's own loss, a fraud, a post beside a name, a misdeed. Body: whether the
    opening has a person in office at fault; sentences in which such a person is asked or answers;
    the shares in which one is idle, one is named; sentences with misdeeds, with what may be one,
    the share with manners; whether the end asks for punishment. Both, and last: that neither
    speaks of a person in office; that neither speaks of a misdeed.
    """
    found = _find_kinds([reading.title for reading in readings] + [r.body for r in readings])
    signs = np.zeros((len(readings), SIGNS), np.float32)
    for row, reading, title, body in zip(
        signs, readings, found[: len(readings)], found[len(readings) :], strict=True
    ):
        if title:
            row[:_IN_TITLE] = _weigh_title(title)
        if body:
            row[_IN_TITLE:-2] = _weigh_body(reading.body, body)
        kinds = _unite(title) | _unite(body)
        row[-2:] = not kinds & _PERSON, not kinds & _BAD
    return signs


def _unite(kinds: _Kinds) -> int:
    """The bits of all kinds together."""
    seen = 0
    for _, kind in kinds:
        seen |= kind
    return seen


def _weigh_title(kinds: _Kinds) -> list[bool]:
    seen = _unite(kinds)
    return [seen & kind > 0 for kind in _TITLE_KINDS]


def _weigh_body(body: str, kinds: _Kinds) -> list[float]:
    ends = _find_ends(body)
    sentences = [0] * (len(ends) + 1)
    for at, kind in kinds:
        sentences[bisect_left(ends, at)] |= kind
    told = [seen for seen in sentences if seen]
    people = [seen for seen in told if seen & _PERSON]
    tail = len(body) - _END
    return [
        any(seen & _PERSON and seen & _FAULT for seen in sentences[:_OPENING]),
        log1p(_count(people, _CONTACT)),
        _count(people, _IDLE) / len(sentences),
        _count(people, _NAMED) / len(sentences),
        log1p(_count(told, _BAD)),
        log1p(_count(told, _WRONG)),
        _count(told, _MANNERS) / len(sentences),
        any(at >= tail and kind & _PUNISH for at, kind in kinds),
    ]


def _count(sentences: list[int], kind: int) -> int:
    return sum(seen & kind > 0 for seen in sentences)


def _find_ends(body: str) -> list[int]:
    """Where the sentences of `body` end, but the last; scraps belong to the one before."""
    ends = []
    begun = 0
    stop = -1
    for piece in _STOP.split(body):
        stop += 1 + len(piece)
        while stop - begun > _LONGEST:
            comma = body.rfind("，", begun + _LONGEST // 2, begun + _LONGEST)
            begun = comma if comma > 0 else begun + _LONGEST
            ends.append(begun)
        if stop - begun > _SCRAP:
            ends.append(stop)
            begun = stop
    return ends[:-1]  # there the text ends, or but for a scrap


def _find_kinds(texts: Sequence[str]) -> list[_Kinds]:
    """The words of each text that stand in the table, but posts that are only addressed."""
    found: list[_Kinds] = [[] for _ in texts]
    pairs = number_pairs("\n".join(texts))
    places = _MAY_BEGIN.take(pairs).nonzero()[0]
    begins = np.array([0, *accumulate(len(text) + 1 for text in texts[:-1])])
    numbers = begins.searchsorted(places, "right") - 1
    offsets = places - begins.take(numbers)
    for number, at, pair in zip(
        numbers.tolist(), offsets.tolist(), pairs.take(places).tolist(), strict=True
    ):
        text = texts[number]
        for word, kind in _WORDS_AT[pair]:
            if not text.startswith(word, at):
                continue
            if kind & _PERSON and _is_private(text, at):
                continue
            if kind != _POST:
                found[number].append((at, kind))
            elif not _is_addressed(text, at, at + len(word)):
                named = _NAMED if stands_by_name(text, at, at + len(word)) else 0
                found[number].append((at, kind | named))
    return found


def _is_addressed(text: str, start: int, end: int) -> bool:
    """Whether the post in `text[start:end]` is the reader of the letter."""
    if not _ASKING.isdisjoint(text[max(start - _ASKED, 0) : start]):
        return True
    return start < _GREETING and _GREETED.match(text, end) is not None


def _is_private(text: str, start: int) -> bool:
    """Whether what stands before a post at `start` makes it none in office."""
    return _PRIVATE.search(text, max(start - _BEFORE, 0), start) is not None
