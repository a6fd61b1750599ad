"""What the sentences of an official reply do: which find facts, cite rules, act, promise, pass on.

Read by cues alone, so that every mark can be shown with the words that earned it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

# Between sentences; a reply often glues a second one on behind a date.
_BREAK = re.compile(
    r"[。！？!?；;]+[”\"』」)）]*"
    r"|(?<=日)(?=(?:尊敬的|亲爱的)?(?:网友|来信人|市民朋友|[“\"]|您[好的反所]))"
    r"| {2,}"
    r"|(?<=[^\d一二三四五六七八九十]) +(?=[一二三四五六七八九十\d]{1,2}[、.．])"
)
_QUANTITY = (
    r"(?:万?元|万|米|公里|平方|㎡|户|人|份|台|家|%|％|亩|栋|幢|层|天|个|套|名|次|公顷|处|辆|吨|km|公斤"
    r"|千瓦|度|岁|倍|条|座|所|起|批|张|盏|株|周|年|小时|分钟|℃|分贝|号)"
)
_NUMBER = r"\d[\d.,．]*"
_DAY = r"(?:\d{2,4} ?年)? ?\d{1,2} ?月(?:\d{1,2} ?日|底|初|份|中旬|上旬|下旬)?"
_YEAR = r"(?:20\d\d|二[〇0○零]..) ?年"
_PHONE = (
    r"(?<![A-Za-z\d-])(?:0\d{2,3} ?[-－—-]? ?\d{4,}(?:[-－—]?\d+)?|[2-8]\d{6,7}|1[3-9]\d{9}"
    r"|[*0]{4}[-－—]?[*0]{4,}|12[0-9]{3}|9\d{4}|400[-\d]{7,10})(?!\d)"
)
_WORKED = (
    r"(?:责令|要求|督促|下达|下发|拆除|整改|安排|完成|启动|立案|处罚|罚款|停业|停工|停产|停止|约谈|清理|修复|维修"
    r"|更换|安装|发放|拨付|退还|退费|退款|支付|解决|取消|整治|查处|取缔|关停|暂扣|扣押|公示|通知|告知|协商"
    r"|协调|设置|恢复|开通|通车|建成|竣工|投入|落实|办理|申报|申请|列入|纳入|批复|审批|上报|拟定|制定|出台"
    r"|开展|组织|联系|沟通|对接|受理|登记|处理|调整|增设|增派|加派|巡查|收取|缴纳|签订|划定|警告|批评|暂停"
    r"|终止|回填|清运|移除|劝离|劝导|补发|补办|注销|免除|减免|赔偿|补偿|约定|达成|检修|抢修|铺设|硬化|亮灯|供水"
    r"|供电|撤销|封闭|封堵|清除|栽种|补种|覆盖|种植|施工|动工|开工|招标|移交)"
)


class Act(StrEnum):
    """What a sentence of a reply does; one sentence may do several things."""

    COURTESY = "courtesy"  # greets, thanks, acknowledges, signs
    PASSED_ON = "passed_on"  # hands the matter or the citizen on to somebody else
    PUT_OFF = "put_off"  # asks for patience or material, or declares itself not competent
    FOUND = "found"  # says what was found, and how
    FIGURE = "figure"  # numbers, days
    RULE = "rule"  # a law, policy, plan or procedure
    DONE = "done"  # a measure already taken
    PLANNED = "planned"  # a measure with its time
    PROMISED = "promised"  # good will without measure or time
    INSTRUCTED = "instructed"  # how the citizen gets it: papers, place, steps
    CONTACT = "contact"  # where to turn, with a number
    OFFERED = "offered"  # the usual offer to ask again
    EXPLAINED = "explained"  # a reason, a condition, a yes or no
    DENIED = "denied"  # what was claimed is not so


_ACTS: dict[Act, str] = {
    Act.PASSED_ON: (
        r"(?:已|现|将|并|予以|均|即|转|我们|我办|们会|会)[^，。；,]{0,14}"
        r"(?:转(?!让|移(?!交)|入|出|为|变|型|学|正|化|账|户|发证|业|换|诊|基因|盘|包|租|制)"
        r"|交(?:由|给|办|相关|有关|市|区|县|[A-Z])|移交|反馈给|反馈至|通报)"
        r"[^，。；,]{0,30}(?:办理|办|核查|核处|处理|调查|落实|答复|部门|单位|县|市|区|局|镇|乡|街道|政府|支队|大队|院|委|科室)"
        r"|(?:建议|请|可|烦请|敬请|欢迎|具体)(?:您|你|网友)?[^，。；,]{0,10}(?:咨询|向|到|联系|找|与|登[录陆])"
        r"[^，。；]{0,40}(?:反映|咨询|联系|了解|投诉|举报|申请|申诉|查询|诉讼|部门|局|单位|政府|网)"
        r"|(?:敬请|请)(?:留意|关注)[^，。；]{0,12}(?:回复|反馈|进展|公告)"
    ),
    Act.PUT_OFF: (
        r"耐心等[待候]|(?:请|望|希望|恳请|烦请|需要?您|能)[^，。；]{0,8}提供(?!本)|进一步提供|无联系方式|不属于?[^，。；]{0,14}(?:职责"
        r"|职能|管辖|范围|范畴|权限)"
        r"|(?:无法|不能|难以)[^，。；]{0,12}(?:核实|查询|查实|联系|核查|调查|判断|回复|答复|确认)"
        r"|(?:情况|地点|位置|信息|内容|线索)[^，。；]{0,6}(?:不[够]?(?:清|明|详|具体|完整))|没有?[^，。；]{0,8}(?:个人信息|联系方式"
        r"|具体(?:地址|信息))"
        r"|(?:如有|有)[^，。；]{0,10}(?:情况|进展|结果)[^。；]{0,10}(?:及时)?(?:回复|反馈|告知)|(?:及时|再"
        r"|另行)[^，。；]{0,8}(?:回复|反馈|告知|答复)"
        r"|(?:处理|办理|调查)(?:情况|结果)[^，。；]{0,8}(?:会|将)[^，。；]{0,8}(?:反馈|回复|告知|发布)"
    ),
    Act.FOUND: (
        r"经[^，。；]{0,14}(?:查|核实|核查|调查|了解|核对|排查|走访|询问|检查|勘查|勘察|踏勘|协调|协商|研究|沟通|审核|证实|监测|检测)"
        r"|据(?:了解|查|悉|调查|核实|介绍|反馈)|调查(?:发现|得知|了解|核实|情况|结果)|查明|查实|查阅|属实|得知|核实情况|核查情况"
        r"|现场(?:查看|核实|检查|勘查|勘察|踏勘|了解|调查|走访|查勘|核查|督查|督导|协调)|实地|上门|走访|巡查时|赶[赴往到]现场|到达现场"
        r"|(?:工作人员|执法人员|民警|干部|专人|技术人员|工作组|调查组)[^，。；]{0,16}(?:到|前往|赴|对|进行|与|联系|核|查)"
        r"|(?:目前|现阶段|现已|截至|截止|当前)[^，。；]{0,24}(?:已|正在|正|尚未|未|处于|完成|达)"
    ),
    Act.FIGURE: rf"{_NUMBER} ?{_QUANTITY}|{_DAY}|{_YEAR}|\d+ ?[#号]",
    Act.RULE: (
        r"《[^《》]{2,60}》|[〔\[［【(（](?:19|20)\d\d[〕\]］】)）]|第[一二三四五六七八九十百零\d]+条|国家标准"
        r"|GB ?[/T]*\d+"
        r"|(?:根据|依据|按照?|依照|遵照|参照|属于?|符合|执行|违反|经)[^，。；]{0,34}"
        r"(?:规定|文件|办法|条例|政策|标准|方案|通知|规划|程序|法律|法规|规范|细则|制度|原则|流程|协议|合同|批复|要求|法)"
    ),
    Act.DONE: (
        rf"{_WORKED}了|(?:已经?|当即|立即|当场|现场|随即|依法|对其|均|多次|先后|及时|共|日|我局|我办|我镇"
        rf"|街道)[^，。；]{{0,18}}{_WORKED}"
        r"|责令|下达[了《]|已(?:于|在)"
    ),
    Act.PLANNED: (
        rf"(?:预计|计划|拟|将(?:于|在)|争取[在于]?|力争|确保|预期|定于|准备|安排在|打算)[^，。；]{{0,24}}(?:{_DAY}|{_YEAR}"
        rf"|年底|年内|月底|本月|本周|下周|近期|今年|明年|季度|学期|工作日|小时|[天日]内|{_WORKED})"
        rf"|(?:{_DAY}|{_YEAR}|年底|年内|月底|今年|明年|下半年|上半年|近日|[天日]内)(?:之?前|底|内)?[^，。；]{{0,14}}(?:完成"
        rf"|启动|开工|建成|实施|投入|竣工|通车|开学|开园|交付|到位|开通|改造|修复|施工|拆除|解决|使用|办结)"
        rf"|(?:待|一旦|等)[^，。；]{{2,24}}(?:后|完成)[^。；]{{0,10}}(?:将|再|立即|即可|启动|安排)"
    ),
    Act.PROMISED: (
        r"(?:将|会|要|下一步|今后|后续|正在?|继续|进一步)[^，。；]{0,10}"
        r"(?:进一步|加强|加大|加快|积极|尽快|尽早|努力|逐步|督促|持续|适时|不断|认真|争取|研究|考虑|完善|密切|严格|全力|协调|推进|跟踪|关注|落实|提高"
        r"|提升|改进|优化|监督)"
    ),
    Act.INSTRUCTED: (
        r"(?:持|凭|携带?|提供|准备|填写|提交|出具|带齐?|持有)[^。；]{1,40}(?:到|至|去|在|向|前往|于)[^，。；]{1,30}(?:办理|申请"
        r"|登记|打印|补|缴|领取|查询|提交|办|窗口|报名|报销)"
        r"|(?:可以?|请|须|需要?|应)(?:您|先|由|凭|持|直接|自行|在|到|向|去|通过|前往)[^。；]{0,40}(?:办理|申请|登记|打印|补缴|缴费"
        r"|缴纳|领取|提交|窗口|报名|报销|申报|登录|下载|关注|购买|转移|参保|过户)"
        r"|(?:流程|程序|步骤|材料|资料|手续|条件|方式)(?:如下|为|是|包括|有|:|：)|(?:携带|备齐|提交)[^。；]{0,20}(?:身份证|户口|证明"
        r"|原件|复印件|材料|资料)|(?:可以?|能够?)(?:在|到|享受|申请|办理|领取|报销|就读|入学|补缴|继续|直接)"
    ),
    Act.CONTACT: _PHONE,
    Act.OFFERED: (
        r"(?:如果?|若|倘若|同时|对)(?:您|你|仍|还|需|有|对|我们|方便|以上|网友|欢迎)[^。；]{0,40}(?:联系|咨询|致电|来电|拨打|反映|了解"
        r"|提出|意见|建议)"
        r"|(?:您|你)?还可以拨打|欢迎[^。；]{0,24}(?:来电|致电|咨询|拨打|监督|意见|建议)"
    ),
    Act.EXPLAINED: (
        r"因为|因此|由于|鉴于|所以|故|导致|属于|不属于|不符合|符合|不能|无法|不予|暂不|尚未|未达|不具备|不得|可以|均可|即可|需要?|应当?|须|按照?"
        r"|凭|持|如果|若|方可|才能|有权|无权|允许|禁止|不再|只[能要需]|就是|不是|是指|包括|条件"
    ),
    Act.DENIED: r"不属实|不实|并不存在|不存在|未发现|没有发现|无此|与事实不符|并非|误解",
}
SOLID = frozenset(
    {Act.FOUND, Act.RULE, Act.PLANNED, Act.INSTRUCTED, Act.DENIED}
)  # what makes a sentence more than good words
_SIGNATURE = (
    r"(?:[\u4e00-\u9fffA-Z\d]{0,24}(?:局|委|办|办公室|政府|街道|中心|支队|大队|处|公司|院|站|所))?"
    r"[ ,，]*(?:(?:20\d\d|二[〇0○零Ｏo].."
    r"|201\d)[年.\-/—－ ]*"
    r"[\d一二三四五六七八九十]{1,3}[月.\-/—－ ]*[\d一二三四五六七八九十]{1,3}日?)"
)
_POLITE = (
    r"^[ ,，、]*(?:"
    r"(?:尊敬的|亲爱的|各位)?(?:网友|来信人|市民|群众|朋友|同志|先生|女士|用户|居民|业主"
    r"|家长)*[_]?[“\"‘']?[A-Za-z]{0,3}\d{5,}[”\"’']?(?:网友|先生|女士|同志)?[:：,， ]*"
    r"|(?:尊敬的|亲爱的|各位)(?:网友|来信人|市民|群众|朋友|同志|先生|女士|用户|居民|业主|家长)*"
    r"[:：,， ]*"
    r"|(?:网友|来信人|市民|同志|朋友)+(?:[“\"].{0,16}?[”\"])?[:：,， ]*"
    r"|[“\"][^”\"]{0,16}[”\"](?:网友)?[:：,， ]*"
    r"|[您你]们?好[:：,，!！。 ]*"
    r"|[^，,。；:：]{0,24}?(?:收悉|收到|获悉|知悉|悉知|悉收|已阅|已受理)[了]?[:：,， ]*"
    r"|[^。；:：]{0,40}?(?:回复|答复|汇报|说明|解答|情况|如下|报告)如下[:：,，。 ]*"
    r"|(?:关于|对于|就|针对|对)?(?:[您你]|网友)?们?(?:所|在|于|通过)?(?:反映|提出|咨询|提及|投诉|留言|来信|发帖|举报|述|提|询问|关心|关注"
    r"|建议|要求)的?[“\"《‘「].{2,60}?[”\"》’」]的?(?:的?(?:问题|情况|一[帖贴事]|咨询|事宜|留言|来信|诉求|建议|投诉|请求|帖子"
    r"|要求))*[:：,，、 ]*"
    r"|(?:我[局办镇县区市委们单位街道公司校院]+)?"
    r"(?:领导|对此|对您反映的问题|十分|非常)*高度(?:重视|关注|重注)[:：,， ]*"
    r"|(?:在此|再次|首先|同时|也|并|最后|特此|衷心|非常|十分|诚挚|对此|深表)*(?:感谢|谢谢|致谢|表示感谢).*"
    r"|(?:特|专|以上|此)此?(?:回复|答复|函复|说明|告知|复).*"
    r"|(?:敬|顺|恭)?祝.*|此致.*|(?:请|敬请|望)?(?:予以|给予)?(?:谅解|理解|见谅|支持).*|欢迎.{0,24}(?:监督|意见|建议|理解).*"
    rf"|{_SIGNATURE}[:：,，。 ]*"
    r")"
)
_BARE = re.compile(r"[\W_\d]+")
_MARKER = re.compile(
    r"^[ ]*(?:[一二三四五六七八九十]{1,2}[、是]|\d{1,2}[、.．)）](?!\d)"
    r"|[(（][一二三四五六七八九十\d]{1,2}[)）]|[①-⑩])"
    r"|第[一二三四五六七八九十][,，、]|(?:问题|关于)[一二三四五]"
)
_LEAST = 5  # characters that a sentence must hold behind its courtesies to say anything


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a reply: its offsets, what is left of it without courtesies, what it does."""

    start: int
    end: int
    body: str
    acts: frozenset[Act]
    numbered: bool

    @property
    def says_something(self) -> bool:
        """Whether it is more than courtesy, passing on, putting off or the usual offer."""
        if Act.OFFERED in self.acts or Act.COURTESY in self.acts:
            return False
        if self.acts & {Act.PASSED_ON, Act.PUT_OFF}:
            return bool(self.acts & SOLID)
        return True


def read_sentences(reply: str) -> tuple[Sentence, ...]:
    """The sentences of a clean reply (see `clean_text`), in order."""
    sentences, start = [], 0
    ends = [match.end() for match in _BREAK.finditer(reply)]
    for end in (*ends, len(reply)):
        piece = reply[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            sentences.append(_read(piece.strip(), start + lead))
        start = end
    return tuple(sentences)


@cache
def _compile_cues() -> tuple[re.Pattern[str], dict[Act, re.Pattern[str]]]:
    """Courtesies and acts, at the first reply: a service that starts need not wait for it."""
    return re.compile(_POLITE), {act: re.compile(cue) for act, cue in _ACTS.items()}


def _read(piece: str, start: int) -> Sentence:
    body = piece
    polite, cues = _compile_cues()
    while body and (said := polite.match(body)) and said.end():
        body = body[said.end() :]
    numbered = _MARKER.search(body) is not None
    end = start + len(piece)
    if len(_BARE.sub("", body)) < _LEAST:
        return Sentence(start, end, "", frozenset({Act.COURTESY}), numbered)
    acts = {act for act, cue in cues.items() if cue.search(body)}
    return Sentence(start, end, body, frozenset(acts), numbered)
