"""Danger evidence in the short words of a call, and what only sounds like it (invented texts)."""

from importlib.resources import files

import pytest

from triage.classifiers import is_grave
from triage.danger import DangerLexicon, load_dangers, rank_reasons
from triage.text import clean_text


@pytest.fixture(scope="module")
def lexicon() -> DangerLexicon:
    return load_dangers((files("triage") / "data" / "danger.toml").read_bytes())


def grave(lexicon: DangerLexicon, content: str) -> set[str]:
    return {d.kind for d in lexicon.find("", clean_text(content)) if is_grave(d)}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("燃气泄漏", "厨房漏燃气，不敢开灯"),
        ("燃气泄漏", "楼下天然气一直在漏"),
        ("燃气泄漏", "灶台后面的软管漏气"),
        ("燃气泄漏", "阀门嘶嘶往外冒"),
        ("燃气泄漏", "屋里臭鸡蛋味，灶早关了"),
        ("失踪", "我孙子丢了，快帮我找"),
        ("失踪", "女儿放学没回家"),
        ("轻生", "药片攒够了"),
        ("轻生", "我只想解脱"),
        ("轻生", "想从天台迈下去"),
        ("轻生", "我坐在河边，水好冷"),
        ("轻生", "不想再给家里添负担"),
        ("轻生", "他抽屉里有一份绝命书"),
        ("轻生", "工人爬到吊臂上不下来"),
        ("轻生", "喝下去就解脱了"),
        ("侵害未成年人", "叔叔总摸我"),
        ("侵害未成年人", "校长脱女生裤子"),
        ("人员被困伤亡", "客车冲下河了"),
        ("人员被困伤亡", "班车翻了"),
        ("人员被困伤亡", "缆车悬在空中不动"),
        ("人员被困伤亡", "娃摔进枯井里了"),
        ("人员被困伤亡", "池子下去三个人，都上不来"),
        ("人员被困伤亡", "小孩卡在防盗网上"),
        ("暴力伤人", "外面有人开枪"),
        ("暴力伤人", "隔壁杀人了"),
        ("坍塌", "后山往下滑"),
        ("坍塌", "桥快塌了"),
        ("洪水地灾", "堤坝漏水，水是浑的"),
        ("火灾", "配电箱冒烟"),
        ("触电", "电缆断下来横在路上"),
        ("触电", "门口掉下来一根高压线"),
        ("爆炸", "车间炸了"),
        ("化学品泄漏", "危化品车翻车了"),
        ("电梯困人", "电梯里还关着一个老人"),
        ("中毒疫情", "一家人煤烟中毒了"),
    ],
)
def test_a_few_words_of_a_call_are_enough(lexicon: DangerLexicon, kind: str, content: str) -> None:
    assert kind in grave(lexicon, content)


@pytest.mark.parametrize(
    "content",
    [
        "本厂没有发生过爆炸",
        "十多年前我家煤气泄漏过，想问如何检修",
        "围墙五年前倒塌过",
        "煤气泄漏过一次",
        "孩子走失后已经找到",
        "昨天有人困在电梯里，已经放出来了",
        "仓库着火，后来扑灭了",
        "话务员：您家里是煤气泄漏吗？来电人：没有，只问价钱",
        "话务员：是有人跳楼，对吧。来电人：不是，我问社保",
        "有人造谣说大坝要垮",
        "群里说司机要罢工，后来是谣言",
        "社区演习模拟仓库起火，浓烟很大，有人喊救命",
        "梦到房子要塌",
        "孩子作文里有人跳楼",
        "物业费贵得叫人想跳楼",
        "恨不得去跳楼",
        "火车站的子弹头列车什么时候开通",
        "我被困在办证系统里出不去",
        "身份证丢了，怎么补办",
        "水压低，高层水上不来",
        "老师摸了他的头",
        "业主群都炸了锅",
        "煤气漏接电话没人管",
    ],
)
def test_what_only_sounds_like_danger_is_not_grave(lexicon: DangerLexicon, content: str) -> None:
    assert grave(lexicon, content) == set()


@pytest.mark.parametrize(
    "content",
    [
        "话务员：请讲。来电人：有人要跳楼",
        "孩子走失，还没有找到",
        "井里困住五个人，已经救出三个，还有两个",
        "三年前倒塌过的围墙现在又要塌了",
        "孩子作文里写自己不想活了",
        "不是谣言，大坝要垮",
    ],
)
def test_what_is_meant_stays_grave(lexicon: DangerLexicon, content: str) -> None:
    assert grave(lexicon, content)


def test_what_the_operator_repeats_is_not_what_is_told(lexicon: DangerLexicon) -> None:
    said = "话务员：请问什么事？来电人：我家漏煤气。话务员：漏煤气？"
    (told,) = (danger for danger in lexicon.find("", said) if danger.stance == "stated")
    assert told.start < said.index("漏煤气？")


def test_a_dead_telephone_is_no_power_cut(lexicon: DangerLexicon) -> None:
    assert lexicon.find("", "我手机快没电了") == ()
    assert "停电" in {danger.kind for danger in lexicon.find("", "全村没电了")}


def test_the_reason_names_what_is_meant(lexicon: DangerLexicon) -> None:
    assert rank_reasons(lexicon.find("", "今晚喝下去就清静了")) == (
        "“今晚喝下去就清静了”：有人有轻生风险",
    )
    assert rank_reasons(lexicon.find("", "村口一条疯狗追人咬"))[0].endswith("：疯狗或恶犬咬人")


def test_a_quote_begins_at_a_stop_or_with_the_words(lexicon: DangerLexicon) -> None:
    content = "我们这个老旧小区东边靠近菜市场后面那条没有路灯的小巷子里头有人说不想活了，快来"
    (reason,) = rank_reasons(lexicon.find("", content))
    quote = reason[1 : reason.index("”")]
    assert quote.startswith("不想活")
    near = lexicon.find("", "住在三楼，那位大姐昨天夜里又说不想活了，快来")[0].reason
    assert near.startswith("“那位大姐昨天夜里又说不想活了”")
