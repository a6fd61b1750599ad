"""Titles and opening sentences of messages, freed of what surrounds the matter itself.

People write 关于恳请领导解决A区B小区电梯问题的建议 and mean B小区电梯. What is taken away at either
end is courtesy, the act of writing, and the bare word "problem"; what is left stands as written.
"""

import re
from collections.abc import Iterator

_OFFICES = (
    r"(?:市|省|区|县|镇|街道|贵)?(?:委|政府|人民政府)?(?:各位|各级)?"
    r"(?:领导|政府|书记|市长|县长|区长|省长|局长|有关部门|相关部门|有关单位|相关单位|职能部门|贵局|部门)"
    r"(?:们)?"
)
_ASKED = (
    r"(?:帮助|帮忙|帮(?!扶)|严查|彻查|严惩|查处|查一查|重视|关注(?=[^，。]{6})|关心|协调|督促|敦促|介入|监督"
    r"|加快|尽快|尽早|早日|(?:予以|给予)?解决(?:一下)?|(?:妥善)?处理(?:一下)?|管管|管一管|核实"
    r"|明确(?=[^，。]{8})|公布(?=[^，。]{12}))"
)
_LEAD = re.compile(
    r"^(?:[\W_]+"
    r"|再次|再(?=[次度反投问请])|多次|第?[一二三四五六七八九十\d]+[次问](?=[反投举请求咨A-Z])"
    r"|强烈|实名|联名|紧急|十万火急|依然|恳切"
    r"|关于(?:要求|请求|反映|咨询|建议|投诉|举报|对)?|有关(?!部门|单位)|对于|针对"
    r"|请求|恳请|恳求|跪求|急求|请(?!假|示|客|来|人|帖|愿|你|您)|请(?:您|你们?)(?!好)|敬请"
    r"|要求|希望|盼望?|期盼|望(?=[政领有相能市尽])|呼吁|建议(?!稿)"
    r"|咨询|请教|请问|想?询问|想问|问(?!题|政)|求助|求(?!职|学|医|婚|救)"
    r"|举报|投诉|检举|质疑|反映|反应(?!堆|慢)|反馈|控诉|诉(?!求|讼)|曝光|揭露"
    rf"|[对给致]?(?:尊敬的)?{_OFFICES}(?:[，,：: ]*[你您]们?好)?"
    r"(?=[^\u4e00-\u9fff]|[请能帮尽解关重协给对可加督严彻查管监整取])"
    rf"|{_ASKED}(?=[^，。]{{5}})"
    r"|一下|你好|您好|在此|我(?:想|要|们要)(?=[反投举咨问])"
    r"|(?:能否|是否(?:可以|能)|可否|能不能|可不可以)(?=[^，。]{8}))+"
)
_TAIL = re.compile(
    r"(?:[\W_]+"
    r"|(?<=[^\W_])(?:的|之|等)?"
    r"(?:相关|有关|一些|[两几三]点|若干|具体|进一步|补充|合理化|小小|个人)*"
    r"(?:(?<!质量)问题|(?:存在|有)?的?情况(?!下)|事宜|建议|意见|投诉|举报|咨询|请求|诉求|疑问|质疑|反馈"
    r"|求助|反映|申诉|请示|报告|看法|一事|之事|事件|补充|存在|信访件|公开信|申请)"
    r"(?:及(?:建议|诉求|意见|疑问|改善))?"
    r"|(?<=[，。,.!！?？;； ])(?:请|望|盼|恳请|希望|敬请|求|跪求|强烈要求)[^，。,]{0,16}"
    r"(?:解决|处理|重视|关注|回复|答复|管管|监管|查处|严查|帮助|介入|支持|落实|过问|负责|说法|公道"
    r"|做主|作主|调查)"
    r"|(?<=[，。,.!！?？;； ])(?:谁来?管[^，。]{0,4}|怎么办|何时解决|谢谢|何解|怎么解决|有没有人管"
    r"|无人管|为什么|如何解决|何时能解决|是否合理|合理吗|合法吗))+$"
)
_BREAKS = re.compile(r"[。！？!?；;，,：:…—~～]+|\s{2,}|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_STOPS = re.compile(r"[。！？!?；;，,：:…—~～\s]+")
_NOT_MATTER = re.compile(
    r"(?:入户|下乡|集中)?(?:走访|接访|接待|回访).*[时中]$"
    r"|我们?(?=[是系家住现叫就于在])|本人|咱们|俺|来[电访信]人(?=[是系家住现])"
    r"|尊敬|敬爱|各位|亲爱|您好|你好|谢谢|感谢|此致|领导好"
    r"|但|而|可是|所以|因|然后|并|且|后来?|其中|同时|于是|如果|请|希望|根据|为响应|自|从"
)
# Towns and districts, as codes (A市A3区) or by name at the beginning of a place.
_CODES = re.compile(r"西地省|[A-Z]市(?:(?=[A-Z]\d)|(?![政民委]))|[A-Z]\d{1,2}[区县]市?")
_NOT_BEFORE = (
    "小社园片校景城库矿辖学厂院街营东西南北业山新生住地发商居内"  # 小区, 社区: no district
)
_DISTRICT = r"[区县](?![域间内长政委级城道])"
_NAMED = re.compile(
    r"(?:[\u4e00-\u9fff]{2,3}省)?"
    r"(?:[\u4e00-\u9fff]{2,3}(?<![超夜股楼城上早都闹菜])市(?![场政民委井内区])"
    rf"(?:[\u4e00-\u9fff]{{1,3}}(?<![小社园片校景]){_DISTRICT})?"
    rf"|[\u4e00-\u9fff]{{1,3}}(?<![{_NOT_BEFORE}]){_DISTRICT})?"
)
_VAGUE = re.compile(
    r"太差|太黑|黑心|无良|何时了|谁之过|天理|良心|可怜|救救|心寒|令人|天怒|怨声|维权|强烈|凭什么"
    r"|难道|何在|究竟|到底|竟然|如此|触目惊心|苦不堪言|我|你|您|他们|已解决|感谢|不作为|说法|公道|相互"
    r"|这[样种个]|那[样种个]|岂|坑|血汗|信访|回复|答复|投诉|反映|网帖|留言|职能部门|\*\*"
)
# Who says it and how, between the place and the matter: 柳岸花园业主联名反映……
_SAYERS = re.compile(
    r"(?:全体|部分|广大|众)?(?:业主|居民|村民|家长|员工|群众|市民)们?(?:联名|集体|强烈|实名|多次|再次)*"
    r"(?:反映|投诉|呼吁|请求|要求|举报)(?=[^，。]{4})"
)
_ASKS = re.compile(
    r"[?？]|有没有|是否|能否|可否|何时|几时|什么时候|怎么|如何|为何|为什么|凭什么|哪[里些个]"
    r"|[吗呢](?![\u4e00-\u9fff])"
)
_FILLER = re.compile(
    r"经常性?(?=[\u4e00-\u9fff])|长期以来|长期|严重(?=影响|扰|超)|一直以来|一直|多次|非常|十分|真的|实在"
    r"|现在|目前|仍然|还是|居然|竟然|大量的?|请问|到底|究竟|已经|迟迟|频频|公然|肆意|年年|天天|再次|存在"
    r"|相关|有关"
)
_TOLD = re.compile(
    r"^(?:(?:入户|下乡|集中)?(?:走访|接访|接待|回访)[^，。：]{0,14}?(?:时|中|户)[，：:]?)?"
    r"(?:(?:来电人|来访人|来信人|反映人|投诉人|市民|群众|村民|居民|当事人|店主|老人|家长|业主)"
    r"[^，。：]{0,10}?)?"
    r"(?:来电|来访|来信|谈到|讲到)?(?:反映|表示|咨询|建议|询问|担心|提出|称|说|讲|认为|想问)[，：:]?"
)
# A title of nothing but these says that somebody writes, and not what about: 群众来访, 问题反映.
_FORMAL = re.compile(
    r"(?:关于|有关|相关|对于|一些|几点|几个|若干|个人|小小|合理化|的|之|一下"
    r"|反映人|投诉人|来电人|来访人|来信人|反映|反应|咨询|询问|建议|意见|投诉|举报|求助|诉求|请求|请示"
    r"|请问|恳请|申请|检举|控诉|反馈|紧急|急求|急|实名|匿名|联名|再次|多次"
    r"|问题|情况|事项|事情|事宜|请?处理|解决|关注|帮助|帮忙|重视"
    r"|群众|市民|村民|居民|网民|网友|业主|热心|本人|来电|来访|来信|来件|留言|信访件?|信件|信箱|邮箱|热线"
    r"|工单|话务|通话|电话|语音|录音|走访|入户|下乡|接访|登记|记录|微信|公众号|小程序|平台"
    r"|省长|市长|县长|区长|镇长|乡长|局长|书记|领导|主任|政府|有关部门|相关部门|各位|尊敬的|敬爱的"
    r"|您们?好|你们?好|您好|谢谢|感谢|无标题|标题|无题|测试|编号?|第|号|年|月|日|[\W\d_])++"
)
_LEAST = 2
_END = 24  # characters at the end that are looked at: a pattern bound to the end is slow to search


def tidy(text: str) -> str:
    """A clean title or clause without the courtesies around it; "" where nothing else is in it."""
    text = text.strip()
    lead = _LEAD.match(text)
    if lead and len(text) - lead.end() >= _LEAST:
        text = text[lead.end() :]
    while (tail := _TAIL.search(text, max(_LEAST, len(text) - _END))) and tail[0]:
        text = text[: tail.start()]
    text = _SAYERS.sub("", text)
    if text.startswith(("对", "就")) and not text.startswith(("就业", "就医", "就读", "就近")):
        text = text[1:]
    return text.strip("的 ，,。.、:：；;！!？?") if len(text) > _LEAST else text


def says_nothing(title: str) -> bool:
    """Whether a title tells no matter: it is empty, formal through and through, or a town alone."""
    return not title or _FORMAL.fullmatch(title) is not None or not cut_admin(title)


def list_parts(text: str) -> list[str]:
    """The parts of a tidy title between its marks, tidied, in order."""
    return [part for part in (tidy(one) for one in _BREAKS.split(text)) if len(part) > _LEAST]


def list_sentences(content: str) -> Iterator[str]:
    """The clauses of a clean content that may tell the matter, tidied."""
    for part in _STOPS.split(content):
        if part and not _NOT_MATTER.match(part) and "您好" not in part:
            yield tidy(_TOLD.sub("", part))


def drop_codes(text: str) -> str:
    """The text with a blank for each code of a town or district."""
    return _CODES.sub(" ", text)


def cut_admin(text: str) -> str:
    """The text without the towns and districts that it begins with, and without their codes."""
    text = _CODES.sub("", text)
    named = _NAMED.match(text)
    return text[named.end() :] if named else text


def is_admin(place: str) -> bool:
    """Whether a place is no more than a town or a district."""
    return len(cut_admin(place)) < _LEAST


def find_admin(text: str) -> int:
    """Where the towns and districts end that a text begins with; 0 where it begins otherwise."""
    at = 0
    while code := _CODES.match(text, at):
        at = code.end()
    named = _NAMED.match(text, at)
    return named.end() if named else at


def drop_filler(text: str) -> str:
    """The text without words that only press: 长期, 多次, 严重."""
    return _FILLER.sub("", text)


def count_vague(text: str) -> int:
    """How often a text says how one feels instead of what is the matter."""
    return len(_VAGUE.findall(text))


def asks(text: str) -> bool:
    """Whether a text asks instead of saying what is the matter."""
    return _ASKS.search(text) is not None
