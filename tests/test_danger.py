"""Danger evidence: what is found, how it is meant, and what a clerk is told. All texts invented."""

import hashlib
import re
from importlib.resources import files
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.danger import (
    EVIDENT,
    Danger,
    DangerLexicon,
    load_dangers,
    rank_reasons,
)
from triage.danger_table import scan
from triage.errors import InvalidData
from triage.stances import STANCES, TENSES
from triage.text import clean_text

DATA = (files("triage") / "data" / "danger.toml").read_bytes()
TITLE = "关于小区情况的反映"


@pytest.fixture(scope="module")
def lexicon() -> DangerLexicon:
    return load_dangers(DATA)


def read(lexicon: DangerLexicon, content: str, title: str = "") -> tuple[Danger, ...]:
    return lexicon.find(clean_text(title), clean_text(content))


def stated(dangers: tuple[Danger, ...], level: int) -> set[str]:
    return {d.kind for d in dangers if d.stance == "stated" and d.level <= level}


CALM_LEVEL_1 = [
    ("轻生", "我婆婆昨晚又说不想活了，今天把存折交代给了孙女。"),
    ("轻生", "他不想活咯，一个人坐在窗台上。"),
    ("轻生", "药瓶空了，她留下一张字条，上面写着大家保重。"),
    ("轻生", "工友爬到塔吊上，说见不到老板就不下来。"),
    ("轻生", "我弟弟买了农药放在床头，谁劝都不听。"),
    ("燃气泄漏", "楼道里煤气味好大，三楼没人开门。"),
    ("燃气泄漏", "厨房的天然气管一直嘶嘶响，像是漏气了。"),
    ("点火威胁", "有个男的提着一桶汽油进了办事大厅。"),
    ("触电", "昨夜大风，電線掉下來横在菜市场门口。"),
    ("触电", "喷水池边的灯漏电，孩子摸了一下麻手。"),
    ("坍塌", "山坡上的裂缝一夜之间能伸进拳头，坡下还住着人。"),
    ("坍塌", "围墙往外倾斜，学生每天从下面过。"),
    ("洪水地灾", "水库坝脚下午开始冒浑水，下游有个村子。"),
    ("电梯困人", "电梯里面还有两个老人，已经四十分钟。"),
    ("人员被困伤亡", "两个工人被埋在沟里，还没救上来。"),
    ("人员被困伤亡", "大巴滞留在山口，车里有人喘不上气。"),
    ("失踪", "我孙女上午在公园走失，穿红裙子。"),
    ("失踪", "父亲一早出门，电话关机，老人有痴呆症，到现在没找到。"),
    ("限制自由", "我表弟被骗进传销，手机被收，想走走不了。"),
    ("限制自由", "她被关在地下室三天了，求你们去看看。"),
    ("暴力威胁", "前夫扬言要杀全家，今晚就过来。"),
    ("持械", "一个男人拿着菜刀在楼道里挨家敲门。"),
    ("暴力伤人", "现在两边已经打起来了，快来人。"),
    ("中毒疫情", "午饭后学校有二十多名学生呕吐，校医忙不过来。"),
    ("中毒疫情", "村里那条疯狗今天咬了五个人。"),
    ("中毒疫情", "幼儿园很多班的小朋友流鼻血，查不出原因。"),
    ("群体聚集", "两百多名业主今早聚集在售楼部门口，路已经堵死。"),
    ("群体聚集", "出租车司机明早停运，约好把车横在路口。"),
    ("群体聚集", "老师们将于元旦后自发前往市政府请愿。"),
    ("群体聚集", "几百户业主不得已，计划组织聚众维权。"),
    ("群体聚集", "出租车已停工半个月，没有人来问。"),
    ("群体聚集", "职工们汇集在局机关大门等一个说法。"),
    ("化学品泄漏", "罐车侧翻，白雾冒出来，味道刺鼻，有人晕倒。"),
    ("火灾", "仓库现在冒黑烟，卷帘门打不开。"),
    ("爆炸", "河边挖出一枚炮弹，几个孩子在敲。"),
    ("急病断治", "小区突然停电，母亲靠呼吸机，电瓶只能撑一会儿。"),
]


@pytest.mark.parametrize(("kind", "content"), CALM_LEVEL_1)
def test_a_danger_told_calmly_is_level_1(lexicon: DangerLexicon, kind: str, content: str) -> None:
    assert kind in stated(read(lexicon, content), 1)


@pytest.mark.parametrize(
    "content",
    [
        "放学时家长聚集在学校门口接孩子，路口堵得厉害。",
        "居民每晚聚集在小区广场跳舞，音乐开得很响。",
        "去火车站的公交车晚上八点就停运了，转车不便。",
        "项目资金不到位，工人停工半年了，房子交不了。",
    ],
)
def test_people_side_by_side_and_works_at_rest_are_no_mass_incident(
    lexicon: DangerLexicon, content: str
) -> None:
    assert "群体聚集" not in stated(read(lexicon, content, title=TITLE), 1)


LEVEL_2 = [
    ("停水", "我们小区已经停水三天了"),
    ("停电", "台区天天停电，冰箱里的药都坏了"),
    ("停气停暖", "暖气停了五天，屋里结冰"),
    ("电梯", "电梯频繁掉层，业主不敢坐"),
    ("消防通道", "消防通道被私家车堵死"),
    ("井盖", "人行道上的井盖不见了"),
    ("校门口交通", "小学门口没有斑马线，学生横穿马路"),
    ("房屋危险", "楼下装修把承重墙砸了"),
    ("高空坠物", "外墙瓷砖经常脱落"),
    ("强拆", "明天上午要来强拆我家的房子"),
    ("正在倾倒砍伐", "渣土车每晚往鱼塘里倾倒渣土"),
    ("期限临近", "报名后天截止，系统一直打不开"),
    ("考前噪音", "马上高考了，工地夜里还在施工"),
    ("讨薪断粮", "拖欠农民工工资，快过年了没钱回家"),
    ("生活无着", "家里已经断粮，米缸见底"),
    ("校车隐患", "幼儿园校车超载，无证上路"),
    ("饮水污染", "自来水发黄发臭，不能喝"),
]


@pytest.mark.parametrize(("kind", "content"), LEVEL_2)
def test_a_cut_off_a_hazard_or_a_window_of_days_is_level_2(
    lexicon: DangerLexicon, kind: str, content: str
) -> None:
    found = read(lexicon, content, title=content)
    assert kind in stated(found, 2)
    assert kind not in stated(found, 1)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("电梯坠困", "电梯突然下坠两层，门也打不开"),
        ("断水未复", "整栋楼停水已经四天，至今没人来修"),
        ("停电", "物业不给售电，说要先交清停车费"),
        ("积水内涝", "一下雨巷子里积水到膝盖"),
        ("房屋危险", "二楼装修把房梁打孔，整栋楼都担心"),
        ("房屋危险", "邻居在自家楼下挖地下室"),
        ("高空坠物", "楼上有人夜里往下扔酒瓶"),
        ("路口事故", "这个弯道事故不断，上周又有两人受伤"),
        ("路口事故", "人行道被围挡占完，行人只能走在机动车道上"),
        ("开学报名在即", "马上开学了，孩子的学籍还没有转过来"),
        ("开学报名在即", "报名网站登录不上，家长都在等"),
        ("期限临近", "通知说三号之前必须办完，逾期不予受理"),
        ("生活无着", "下岗以后没有任何收入，吃饭都成问题"),
        ("被抓被扣", "几位邻居去问情况，被带走后一直不放人"),
        ("传销", "我外甥说在外面做工程，其实是传销"),
        ("强拆", "旧仓库没有谈妥就叫人拆了"),
        ("正在倾倒砍伐", "有人把病死猪抛进水沟"),
        ("正在倾倒砍伐", "施工队在毁绿，山体挖开一大片"),
        ("饮水污染", "砖厂的废水就排在村里饮用水上游"),
        ("食品安全", "食堂的饭菜里有虫"),
    ],
)
def test_a_hazard_told_in_passing_is_found(lexicon: DangerLexicon, kind: str, content: str) -> None:
    found = read(lexicon, content + "，请领导过问。", title="反映一件事")
    assert kind in stated(found, 2)
    assert kind not in stated(found, 1)


@pytest.mark.parametrize(
    ("weak", "chronic", "acute"),
    [
        ("时停时供", "我们这里经常停水", "我们这里停水三天了"),
        ("时停时供", "一到夏天就停电", "今天突然停电"),
        ("矿场开采", "村口的采石场开采多年", "昨晚有人盗采河砂"),
        ("伤病救治", "他抢救后住院两个月，医院不肯赔", "工友掉进井里，还在抢救"),
        ("泛称隐患", "道路狭窄，存在很大的安全隐患", "围墙随时会倒下砸到人"),
        ("打架勒索", "孩子在学校和同学打架", "刚才几个保安殴打业主"),
    ],
)
def test_what_is_chronic_or_disputed_tells_against_urgency(
    lexicon: DangerLexicon, weak: str, chronic: str, acute: str
) -> None:
    told = {danger.kind: danger for danger in read(lexicon, chronic, title=TITLE)}
    assert told[weak].strength < EVIDENT
    assert max(d.strength for d in read(lexicon, acute, title=TITLE)) > told[weak].strength


MANNERS_OF_SPEAKING = [
    "等了三个小时，想死的心都有了",
    "这事真把我气炸了",
    "真是急死了，天天打电话没人接",
    "夏天车间热死人不偿命，希望装空调",
    "开盘价格吓死人",
    "搬一趟家累死了",
    "打死我也不会再买这个楼盘",
    "押金死活不给退",
    "要命的是客服还挂我电话",
    "这政策简直是跳楼价清仓",
    "物业公司绑架业主交费",
    "小区门禁罢工，路灯罢工",
    "停车费就像定时炸弹",
    "点了外卖，饿了么骑手进不来",
]


@pytest.mark.parametrize("content", MANNERS_OF_SPEAKING)
def test_a_manner_of_speaking_is_no_danger(lexicon: DangerLexicon, content: str) -> None:
    assert stated(read(lexicon, content, title=TITLE), 2) == set()
    assert stated(read(lexicon, content), 1) == set()


NOT_STATED = [
    ("hypothetical", "如果发生火灾后果不堪设想"),
    ("hypothetical", "万一电梯坠落谁来负责"),
    ("hypothetical", "建议加强预防自杀的宣传"),
    ("hypothetical", "建议学校开展防触电、防溺水教育，避免孩子落水"),
    ("hypothetical", "看到新闻报道外地煤气爆炸，很担心"),
    ("question", "请问本市有没有预防自杀的政策，自杀干预找哪个部门"),
    ("question", "咨询一下停电补偿怎么申请"),
    ("negated", "幸好没有发生爆炸"),
    ("negated", "我们从没说过罢工"),
    ("figurative", "业主都说想死的心都有了，跳楼价买的房"),
]


@pytest.mark.parametrize(("stance", "content"), NOT_STATED)
def test_what_is_not_stated_is_marked_and_weak(
    lexicon: DangerLexicon, stance: str, content: str
) -> None:
    found = read(lexicon, content, title=TITLE)
    assert stance in {danger.stance for danger in found} or not found
    assert stated(found, 1) == set()
    assert all(danger.strength < 0.5 for danger in found)


def test_a_worry_stays_weaker_than_the_fact(lexicon: DangerLexicon) -> None:
    worry = read(lexicon, "如果围墙垮塌就会砸到人")
    fact = read(lexicon, "围墙今天垮塌，砸到人了")
    assert max(d.strength for d in worry) < max(d.strength for d in fact)
    assert not stated(worry, 1)
    assert "坍塌" in stated(fact, 1)


def test_the_past_is_weaker_than_the_present(lexicon: DangerLexicon) -> None:
    past = read(lexicon, "去年有老人困在电梯里，后来修好了")
    present = read(lexicon, "现在有老人困在电梯里")
    assert {danger.tense for danger in past if danger.kind == "电梯困人"} <= {"past"}
    assert stated(past, 1) == set()
    assert "电梯困人" in stated(present, 1)
    assert max(d.strength for d in past) < max(d.strength for d in present)


def test_acute_evidence_is_level_1_only_where_it_happens_now(lexicon: DangerLexicon) -> None:
    assert "暴力伤人" in stated(read(lexicon, "刚才保安殴打业主，头上都是血", title=TITLE), 1)
    lasting = read(lexicon, "保安殴打业主的事一直没有结果", title=TITLE)
    assert "暴力伤人" in stated(lasting, 2)
    assert "暴力伤人" not in stated(lasting, 1)


def test_a_hazard_named_in_the_title_weighs_more_than_a_side_remark(
    lexicon: DangerLexicon,
) -> None:
    body = "物业收费不透明，消防通道也被堵了。"
    aside = read(lexicon, body, title="物业收费不透明")
    headed = read(lexicon, body, title="消防通道被堵无人管")
    assert max(d.strength for d in aside) < max(d.strength for d in headed if d.field == "content")
    assert headed[0].field == "title"


def test_who_is_in_danger_is_told(lexicon: DangerLexicon) -> None:
    def who(content: str) -> str | None:
        return read(lexicon, content)[0].who

    assert who("我女儿说不想活了") == "child"
    assert who("我不想活了") == "self"
    assert who("独居老人敲门不应") == "elder"
    assert who("我丈夫留了遗书") == "other"


def test_the_reason_quotes_the_words_and_says_what_they_mean(lexicon: DangerLexicon) -> None:
    danger = read(lexicon, "孩子爸爸在外地。昨晚又说不想活了，怎么劝都不听。")[0]
    assert danger.reason == "“昨晚又说不想活了”：有人有轻生风险"
    past = read(lexicon, "前年他曾经割腕。")[0]
    assert past.reason.endswith("（过去的事）")


def test_reasons_name_each_kind_once_the_gravest_first(lexicon: DangerLexicon) -> None:
    content = "小区停水三天，又停水。如果发生火灾怎么办。邻居说不想活了，昨晚又说不想活了。"
    reasons = rank_reasons(read(lexicon, content))
    assert "轻生" in reasons[0]
    assert sum("轻生" in reason for reason in reasons) == 1
    assert "停水" in reasons[1]
    assert len(reasons) <= 3
    assert rank_reasons(()) == ()


def test_reasons_do_not_quote_the_same_words_twice(lexicon: DangerLexicon) -> None:
    dangers = read(lexicon, "电梯突然下坠，老人不敢坐")
    assert {"电梯", "电梯坠困"} <= {danger.kind for danger in dangers}
    assert sum("下坠" in reason for reason in rank_reasons(dangers)) == 1


def test_cues_of_a_settled_or_planned_matter_are_counted(lexicon: DangerLexicon) -> None:
    def cue(name: str, content: str) -> float:
        (values,) = lexicon.features([()], [("", content)])
        return values[lexicon.feature_names.index(f"cue:content:{name}")]

    assert cue("settled", "法院判决后又去仲裁，律师也请了") > cue("settled", "家里没有水")
    assert cue("plan", "建议在路口增设路灯") > 0
    assert cue("told", "后来又说已经处理") > 0
    assert cue("cannot", "一家人无法正常生活") > 0


@pytest.mark.parametrize("content", [text for _, text in CALM_LEVEL_1 + LEVEL_2 + NOT_STATED])
def test_every_danger_points_at_its_own_words(lexicon: DangerLexicon, content: str) -> None:
    clean = clean_text(content)
    for danger in lexicon.find("", clean):
        assert clean[danger.start : danger.end] == danger.text
        assert danger.text.strip()
        assert danger.text in danger.reason or danger.reason.startswith("“")
        assert danger.stance in STANCES
        assert danger.tense in TENSES
        assert danger.level in (1, 2)
        assert 0 < danger.strength <= 1


@pytest.mark.parametrize(
    "content", ["", " ", "死", "😀😀😀", "hello world", "\x00\x01\ufffd", "。。。"]
)
def test_odd_input_gives_no_danger_and_no_error(lexicon: DangerLexicon, content: str) -> None:
    assert read(lexicon, content, title=content) == ()


def test_features_follow_their_names(lexicon: DangerLexicon) -> None:
    title, content = "救命", "我不想活了，明天就是最后一天。"
    dangers = lexicon.find(title, content)
    values, empty = lexicon.features([dangers, ()], [(title, content), ("标题", "")])
    by_name = dict(zip(lexicon.feature_names, values, strict=True))
    assert len(set(lexicon.feature_names)) == len(lexicon.feature_names)
    assert by_name["kind:轻生"] == by_name["level1:content"] > 0.8
    assert by_name["level1:title"] == 0
    assert by_name["cue:title:plea"] == 1
    assert by_name["cue:content:days"] > 0
    assert by_name["no title"] == 0
    assert set(empty) == {0.0}


def test_messages_read_together_are_read_as_each_alone(lexicon: DangerLexicon) -> None:
    messages = [("燃气泄漏", content) for _, content in CALM_LEVEL_1] + [("", ""), ("", "楼")]
    together = lexicon.find_many(messages)
    assert together == [lexicon.find(*message) for message in messages]
    assert lexicon.features(together, messages) == [
        *chain.from_iterable(
            lexicon.features([found], [message])
            for found, message in zip(together, messages, strict=True)
        )
    ]


def test_a_very_long_text_yields_bounded_evidence(lexicon: DangerLexicon) -> None:
    sentence = "楼道煤气味很大，电线掉下来，房子快要倒塌，消防通道堵死。"
    found = lexicon.find("", sentence * 3000)
    once = lexicon.find("", sentence)
    assert {danger.kind for danger in found} == {danger.kind for danger in once}
    assert len(found) <= 6 * len({danger.kind for danger in once})


def test_text_without_stops_is_read_to_its_end(lexicon: DangerLexicon) -> None:
    assert "轻生" in stated(read(lexicon, "今天去办事大厅交材料" * 500 + "她说不想活了"), 1)


def change(old: str, new: str) -> bytes:
    text = DATA.decode()
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfe\x00", "TOML"),
        (b"[words\n", "TOML"),
        (b"", "words"),
        (change("level = 1\n", "level = 3\n"), "level"),
        (change("strength = 0.95\n", "strength = 1.5\n"), "strength"),
        (change('on = "gas"\n', 'on = "gass"\n'), "gass"),
        (change("risk = ", "riks = "), "risk"),
        (change('who = "public"\n', 'who = "public"\ncolour = "red"\n'), "colour"),
        (change('gas = ["煤气"', 'gas = ["气"'), "气"),
        (change("{gas}~(?:泄漏", "{gas}~((?:泄漏"), "燃气泄漏"),
        (change("figurative = [", "figurativ = ["), "figurative"),
        (change("soon = [", "later = ["), "later"),
        (change("strength = 0.95\n", 'strength = "高"\n'), "strength"),
        (change('who = "public"\n', 'who = "nobody"\n'), "who"),
        (change('kind = "燃气泄漏"\n', "kind = 3\n"), "kind"),
        (change("[words]\n", "[words]\nempty = []\n"), "empty"),
        (change("[words]\n", '[words]\nflat = "煤气"\n'), "flat"),
        (change("[misheard]\n", '[misheard]\n"煤其" = "煤气罐"\n'), "煤其"),
        (change("[misheard]\n", '[misheard]\n"汽" = "气"\n'), "汽"),
        (change("[misheard]\n", '[misheard]\n"煤气" = "煤气"\n'), "煤气"),
        (change("[misheard]\n", '[misheard]\n"煤其" = ["煤气"]\n'), "煤其"),
        (
            change("[misheard]\n", "[misread]\n").replace(b"[words]", b"misheard = 1\n[words]", 1),
            "misheard",
        ),
    ],
)
def test_a_broken_table_is_refused_with_the_place_named(data: bytes, said: str) -> None:
    with pytest.raises(InvalidData, match=said) as raised:
        load_dangers(data)
    assert "请" in str(raised.value) or "应" in str(raised.value)


@pytest.mark.parametrize("sources", [("今天|今晚", r"\d+天", "天晚|晚上"), ("上", "晚上")])
@settings(max_examples=60, deadline=None)
@given(text=st.text("今天晚上3几", max_size=12))
def test_patterns_apart_find_what_one_alternation_finds(
    sources: tuple[str, ...], text: str
) -> None:
    patterns = [re.compile(source) for source in sources]
    apart = [match.span() for _, match in scan(patterns, text, 0, len(text))]
    assert apart == [match.span() for match in re.finditer("|".join(sources), text)]


def test_a_pattern_that_fits_nothing_at_all_ends() -> None:
    assert len(list(scan([re.compile("(?:今晚)?")], "今晚着火", 0, 4))) <= 4


def test_a_trigger_word_is_found_beside_any_character(lexicon: DangerLexicon) -> None:
    content = "电梯里困住两个人，快来。"
    plain, shifted = (read(lexicon, before + content, TITLE) for before in ("", "😀\ud800"))
    assert plain
    assert [(d.kind, d.start + 2) for d in plain] == [(d.kind, d.start) for d in shifted]


def test_the_numbers_stand_in_the_order_the_models_were_fitted_with(lexicon: DangerLexicon) -> None:
    # Where this fails an entry of a new kind, or of a known one above its first, has moved them:
    # put it below, or fit the models again.
    names = "\n".join(lexicon.feature_names).encode()
    assert hashlib.sha256(names).hexdigest()[:16] == "01d16147ffe794e2"


def test_a_town_s_own_kind_is_found_and_moves_no_number(lexicon: DangerLexicon) -> None:
    own = """
[[danger]]
kind = "蜂群"
level = 1
strength = 0.8
on = "fire"
risk = "蜂群伤人"
patterns = ["着火的蜂窝"]
"""
    text = DATA.decode()
    first = text.index("[[danger]]")
    town = load_dangers((text[:first] + own + text[first:]).encode())
    assert town.feature_names == lexicon.feature_names
    dangers = town.find("", "树上着火的蜂窝")
    assert "蜂群" in {danger.kind for danger in dangers}
    (values,) = town.features([dangers], [("", "树上着火的蜂窝")])
    assert len(values) == len(town.feature_names)
    assert values[town.feature_names.index("level1:content")] >= 0.72
