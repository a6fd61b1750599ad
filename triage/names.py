"""Names of private persons in a text, found by a cue and a surname.

A name is a surname and one or two characters that can stand in a given name, behind a cue
(我叫, 联系人, 本人), before a form of address (先生, 女士) or a mark of identity (，男，汉族), as a
signature, or alone between two marks. Officials are named with their office (张局长, 民警李明): no
cue, so they stay.
"""

import re
from collections.abc import Iterator

from triage.words import load_list

_COMMON = (  # surnames that seldom begin a word
    "王李张刘陈杨赵黄吴周徐孙朱胡郭林罗梁宋郑谢韩唐冯董萧肖程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎闫余潘杜戴夏钟汪田任姜范姚谭廖邹熊陆郝孔崔邱秦顾侯邵孟龙段雷钱汤尹"
    "黎易贺赖龚庞樊兰殷陶洪翟颜倪严芦俞鲁葛伍尤毕聂柴焦柳邢岳梅莫庄辛祝涂祁舒耿牟卜詹苗凌费纪靳童甄裴卫屈鲍覃霍翁隋薄柏柯阮桂闵丛邬冉辜吉饶刁瞿戚丘滕晋臧苟褚廉娄盖符"
    "奚穆燕郎邸冀谌姬屠郜晏栾郁蒙喻揭窦敖糜鄢卓仇艾蓝巩井虞卞竺冼楚佟栗匡巫鞠桑荆谈沙伏岑习胥蔺何高石牛文华左温施申齐宁游章盛"
    "粟"
)
_RARE = (  # surnames that begin everyday words too: read as names only behind a clear cue
    "金水云韦昌马凤花方酆史安常乐于时皮康元平和湛毛禹狄米贝明计成茅项席季麻强路危江骆万支昝管经房裘缪干解应宗宣贲单杭包诸钮嵇滑荣荀羊於惠曲家封芮羿储汲邴松富乌巴弓牧"
    "隗山谷车宓蓬全郗班仰秋仲伊宫暴甘钭厉戎祖武景束幸司韶蓟印宿白怀蒲邰从鄂索咸籍池乔阴能苍双闻莘党贡劳逄扶堵宰郦雍却璩濮寿通边扈郏浦尚农别充慕连茹宦鱼容向古慎戈庾终"
    "暨居衡步都满弘国寇广禄阙东欧殳沃利蔚越夔隆师厍晁勾融冷訾阚那简空毋乜养须丰巢关蒯相查后红权逯益桓公佘帅仝付代区练鹿占阳敬伦甯麦苑畅木商迟宇官保"
)
_COMPOUND = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|令狐|慕容|司徒|夏侯|端木|独孤|南宫|长孙|宇文|轩辕|闻人|申屠"
    "|太史|澹台|公冶|淳于|单于|钟离|呼延|西门|拓跋"
)
# Characters of no given name: function words, counters, everyday verbs, 某 of a masked name.
_NEVER = (
    "的了是在我你您他她它们不没有很就都还这那哪什么怎与及或但因所以被把给对向从到说称要会可想让请已再又也"
    "只去来做用住家位名个号楼栋室年月日时某等各每叫姓谁该本其此则之上下前后里外内中们啊吗呢吧哦找问买卖"
    "租付收交打开发现看听知见过着得地为将使比并而且却更最太非曾者男女区县市省乡镇村组路街院校厂店"
    "于至往由自几两十百千万亿多少块钱费款员主人表总氏书局长反系和第委性率价币册券票渣膏署盒欠拒"
)
_PLACE_ENDS = frozenset(
    "湖河江山岭坪坡湾塘冲岸铺桥园苑府庭城阁都港洲岛峡溪渡滩坝坳井田庄寺庙店湘楼厅间局处部费法权期压脂症病站巷塔宫墅沟洞崖馆"
)
_WORDS = frozenset(load_list("everyday.txt"))  # the file says which

# Nobody's personal data where they stand alone or in a list.
_FAMOUS_LIST = (
    "屈原 李白 杜甫 陆游 苏轼 柳宗元 周敦颐 范成大 范仲淹 王安石 王夫之 王阳明 "
    "曾国藩 左宗棠 胡林翼 彭玉麟 林则徐 魏源 黄兴 宋教仁 蔡锷 孙中山 朱德 曾山 "
    "陈毅 叶挺 贺龙 刘少奇 刘士奇 周恩来 彭德怀 罗荣桓 罗瑞卿 任弼时 潘心源 "
    "曾士峨 段德昌 张子清 陈云 叶剑英 邓小平 李大钊 陈独秀 雷锋 焦裕禄 周扬 "
    "周立波 周谷城 叶紫 沈从文 张国基 齐白石 袁隆平 钟南山 "
)
_FAMOUS = frozenset(_FAMOUS_LIST.split())

_GIVEN = rf"(?:[\u4e00-\u9fa5](?<![{_NEVER}]))"
_GIVEN_ANY = r"(?:[\u4e00-\u9fa5](?<![的了是在我你他她它们不这那哪某先女]))"
# As (?:欧阳|…|[王…]), but begun with one set of characters: so the search hops between surnames.
_FIRSTS = "".join(dict.fromkeys(name[0] for name in _COMPOUND.split("|")))
_SECONDS = "|".join(f"(?<={name[0]}){name[1]}" for name in _COMPOUND.split("|"))
_NAME = rf"[{_COMMON}{_FIRSTS}](?:{_SECONDS}|(?<=[{_COMMON}])){_GIVEN}{{1,2}}"
_ANY_NAME = rf"(?:{_COMPOUND}|[{_COMMON}{_RARE}]){_GIVEN_ANY}{{1,2}}"
_HAN = "[\u4e00-\u9fa5]"
_FOLLOW = (
    rf"(?:(?!{_HAN})|(?=[是住现男女的在于因患原家和与说称向被]|(?<!联)系|今年|手机|电话|身份证|联系"
    r"|老?先生|女士|小姐|同志|老?师傅))"
)
# What a person does or suffers: a name ends before it, behind a cue or another name.
_DOES = (
    r"(?<![现系患因称])(?=反映|来[电访信函]|致电|要求|投诉|举报|咨询|求助|申请|走失|失踪|去世|死亡"
    r"|受伤|不[退给还让肯予]|拖欠|欠|拒|打|把|将|已|没|曾|从|到|去|也|都|又|今|多次|长期|等|给|对|让|找"
    r"|[一二两三四五六七八九几]人|夫[妻妇]|父[子女]|一家|兄弟)"
)
_FOLLOWED = re.compile(_FOLLOW)
_NAMED = re.compile(f"{_NAME}(?:{_FOLLOW}|{_DOES})")
_BEHIND_POST = re.compile(rf"[（(：:是为叫]?(?P<name>[{_COMMON}](?:某|{_GIVEN_ANY}){{1,2}})")
_BEFORE_POST = re.compile(rf"[{_COMMON}](?:某|{_GIVEN_ANY}){{0,2}}$")

# Behind these a name is meant, so that any surname will do.
_SAID = (
    re.compile(  # 我叫, 名叫, 爸叫, 名字是, 真名, 本人姓名; 姓名：, 署名：, 落款：, 户主：, …人：
        r"[我爸妈名真本姓署落户人](?:(?<=我)名?叫|(?<=[爸妈名])叫|(?<=名)字[叫是]|(?<=真)名[叫是]?"
        r"|(?<=本)人(?:姓名|名?叫)|(?:(?<=[姓署])名|(?<=落)款|(?<=户)[名主]|(?<=人))[:： ])[:： ]?"
        rf"(?P<name>{_ANY_NAME}){_FOLLOW}"
    )
)
_SAID_GUARDS = ("叫", "名", "户主", "人:", "人：")
# Behind these it may be meant.
_CUE_LIST = (
    "我是 本人 户名 户主 姓名 联系人 申请人 反映人 投诉人 举报人 求助人 来访人 来电人 "
    "当事人 委托人 报案人 申诉人 信访人 受害人 监护人 咨询人 上访人 诉求人 控告人 承包人 代表人 "
    "负责人 代理人 残疾人 老人 工人 法人 债务人 业主 房主 村民 居民 农民 职工 "
    "学生 同学 患者 死者 员工 会员 妻子 丈夫 老公 老婆 父亲 母亲 爸爸 "
    "妈妈 儿子 女儿 儿媳 女婿 哥哥 弟弟 姐姐 妹妹 爷爷 奶奶 邻居 房东 "
    "老板 住户 承包商 包工头 股东 司机 同事 朋友 原告 被告 "
    "爱人 老伴 侄子 侄女 孙子 孙女 外甥 外孙 婆婆 公公 岳父 岳母 嫂子 姐夫 妹夫 长子 次子 长女 "
    "次女 工友 车主 店主 租户 租客 真名 伤者 家属 "
)
_CUES = tuple(_CUE_LIST.split())
# Right behind a cue (业主马小军反映, 村民李长江), a full name may have a surname that begins words,
# and characters that seldom stand in a given name.
_BEHIND_CUE = "|".join(
    f"(?<=(?:{'|'.join(cue for cue in _CUES if len(cue) == length)})...)" for length in (2, 3)
)
_CUED = re.compile(
    rf"[{_COMMON}马毛江骆乔万方史康韦白武金关常安]"
    rf"(?:{_GIVEN}|[家和开发来长书向年月中千百之])(?:{_GIVEN}|[发月家书中])(?:{_FOLLOW}|{_DOES})"
    rf"(?:{_BEHIND_CUE})"
)
_CALLED = ("爸叫", "妈叫", "他叫", "她叫")
_MANAGER = "经理"  # only where the name does something: 经理王大山打人
_JOINT = ":：,，、(（ 叫是系"
_CUT = {"任": "业主", "费": "会员"}  # 物业主任, 会员费
_CLOSE_JOINT = ":：(（ 叫是系"
_LISTED = "、和与及"  # between two names
# 反映人： 王 伟
_SPACED = re.compile(rf"人[:：] {{0,3}}(?P<name>[{_COMMON}{_RARE}] {{1,3}}{_GIVEN})(?!{_HAN})")
# 买买提·艾力, only behind a cue: 某某·御景湾 is an estate
_DOTTED = re.compile(
    rf"(?P<name>{_GIVEN_ANY}{{1,6}}(?:[·•・]{_GIVEN_ANY}{{1,6}}?){{1,2}})(?:{_FOLLOW}|{_DOES})"
)
_DOTTED_BEHIND = re.compile(
    rf"(?:{'|'.join((*_CUES, '我叫', '名叫', *_CALLED))})[:：(（ 叫是系]{{0,2}}{_DOTTED.pattern}"
)
_ADDRESS = ("先生", "女士", "小姐", "师傅", "老先生", "老师傅")
_MARK = re.compile(
    r"[,，、 :：(（]{0,2}(?:[男女][,，、。 )）]|汉族|身份证|联系电话|(?:电话|手机)[:： ]?[\d*]"
    r"|1[3-9][\d*]{9})"
)
_SIGNED = re.compile(r"[\s,，。]{0,4}(?:$|(?:19|20)\d{2}[年.-]|联系电话)")
_DOCUMENT = re.compile(r"[\[〔［【(（]{1,2}(?:19|20)\d{2}[\]〕］】)）]")  # 祁教联〔2017〕12号
_SIGNED_AFTER = frozenset("\n。！!？?，, :：;；礼")


# Of the Chinese characters that may stand before a name, those that can make it one.
_MAY_LEAD = frozenset({*(cue[-1] for cue in (*_CUES, *_CALLED, _MANAGER)), *_JOINT, "礼"})


def find_names(text: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of each private person's full name; may overlap."""
    ends = set()
    for start, end in _find_said(text):
        ends.add(end)
        yield start, end
    before: list[tuple[int, int]] = []  # names only if the one they are listed with is one
    for match in _NAMED.finditer(text):
        start, end = match.span()
        if _is_word(match[0]):
            continue
        if before and not (start == before[-1][1] + 1 and text[start - 1] == "、"):
            before.clear()
        last = text[start - 1 : start]  # "" where the text begins
        listed = last in _LISTED and start - 1 in ends and match[0] not in _FAMOUS
        if listed or (
            (last in _MAY_LEAD or not _is_han(last) or text.startswith(_ADDRESS, end))
            and _is_meant(text, start, end)
        ):
            ends.add(end)
            yield start, end
            yield from before
            before.clear()
        elif match[0] in _FAMOUS:
            before.clear()
        elif before or not _is_han(last):
            before.append((start, end))


def _find_said(text: str) -> Iterator[tuple[int, int]]:
    """Names that are said to be one, whatever the surname."""
    if "·" in text or "•" in text or "・" in text:
        for match in _DOTTED_BEHIND.finditer(text):
            if match["name"][-1] not in _PLACE_ENDS:
                yield match.span("name")
    if any(guard in text for guard in _SAID_GUARDS):
        for match in _SAID.finditer(text):
            if not _is_word(match["name"]):
                yield match.span("name")
    if "人:" in text or "人：" in text:
        yield from (match.span("name") for match in _SPACED.finditer(text))
    for match in _CUED.finditer(text):
        cut = _CUT.get(match[0][0])
        if not (_is_word(match[0]) or (cut and text.endswith(cut, 0, match.start()))):
            yield match.span()


def stands_by_name(text: str, start: int, end: int) -> bool:
    """Whether the post in `text[start:end]` stands beside a name: 校长李明, 李明校长, 李校长.

    A surname with one or two characters of a given name behind the post, or with none to two before
    it. Offices are not looked at by `find_names`: whoever holds one is not a private person.
    """
    behind = _BEHIND_POST.match(text, end)
    if behind and behind["name"][:2] not in _WORDS:
        return True
    before = _BEFORE_POST.search(text, max(start - 3, 0), start)
    return before is not None and before[0][:2] not in _WORDS


def masked_name(name: str) -> str:
    """The surname with 某 for each other character: 王某某, 欧阳某."""
    kept = 2 if len(name) > 2 and re.match(_COMPOUND, name) else 1
    return name[:kept] + re.sub("[^ ·•・]", "某", name[kept:])


def _is_meant(text: str, start: int, end: int) -> bool:
    """Whether what stands around a possible name makes it one."""
    before = text[max(0, start - 8) : start]
    if text.startswith(_ADDRESS, end):
        return before[-1:] not in ("感", "致")
    if before.endswith(_CUT.get(text[start], "\0")):
        return False
    does = not _FOLLOWED.match(text, end)
    if does and text[start] == "曾" and end - start == 2:
        return False  # 本人曾拨打
    if before.rstrip(_CLOSE_JOINT).endswith(_CUES) or before.endswith(_CALLED):
        return True
    if does:
        return before.endswith(_MANAGER)
    if before.rstrip(_JOINT).endswith(_CUES):
        return True
    if _is_han(before[-1:]) and before[-1:] != "礼":
        return False
    if _DOCUMENT.match(text, end):
        return False
    if _MARK.match(text, end):
        return True
    if before[-1:] in _SIGNED_AFTER and _SIGNED.match(text, end):
        return True
    alone = not _is_han(text[end : end + 1])
    return (
        alone
        and end - start == 3
        and text[end - 1] not in _PLACE_ENDS
        and text[start:end] not in _FAMOUS
    )


def _is_word(name: str) -> bool:
    return name[:2] in _WORDS or name[-2:] in _WORDS


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fa5"
