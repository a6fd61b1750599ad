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
        ("燃气泄漏", "抹上肥皂水，接头直冒泡"),
        ("燃气泄漏", "屋里像是烂鸡蛋的味，人头晕"),
        ("燃气泄漏", "瓶子接口吱吱地叫"),
        ("火灾", "电表那里一股焦味"),
        ("火灾", "there is smoke coming from the roof, it is on fire"),
        ("触电", "一开热水器，水管就电人"),
        ("坍塌", "风一大，整座桥在晃"),
        ("坍塌", "后坡上石头一直滚下来，砸了两家的屋"),
        ("洪水地灾", "大坝下面的地往外翻沙"),
        ("洪水地灾", "水进屋了，娃坐在桌子上"),
        ("轻生", "以后不会再有人骂我了"),
        ("轻生", "她拿头孢就着酒"),
        ("轻生", "她胳膊，手腕上一道道的"),
        ("轻生", "I want to die"),
        ("暴力威胁", "他放话叫我儿子回不了家"),
        ("暴力威胁", "大门口有人放花圈"),
        ("持械", "那人提着榔头守在楼道要打人"),
        ("持械", "他磨刀说要见血"),
        ("暴力伤人", "乘客和司机抢方向盘"),
        ("侵害未成年人", "三岁的孩子身上有淤青"),
        ("侵害未成年人", "教练手伸进女生衣服"),
        ("侵害未成年人", "继父夜里进我房间"),
        ("限制自由", "身份证交上去了，出门都要有人跟"),
        ("限制自由", "一个姑娘被人捂着嘴往车上拖"),
        ("限制自由", "把老人用绳子拴在床头"),
        ("失踪", "小儿昨天放学后不知去向"),
        ("失踪", "独居的老人家里灯亮着，敲门没人应"),
        ("中毒疫情", "一个班十三个都在吐"),
        ("中毒疫情", "吃了野生菌，他说看到小人"),
        ("中毒疫情", "寝室里三个确诊了结核"),
        ("中毒疫情", "小孩误吞纽扣电池"),
        ("中毒疫情", "喝完喜酒病倒了九个人"),
        ("中毒疫情", "巷口那条狗见人就咬"),
        ("人员被困伤亡", "下井清淤，人一直没上来"),
        ("人员被困伤亡", "羊水破了，车堵在路上送不出去"),
        ("人员被困伤亡", "一辆轿车悬在护栏外"),
        ("人员被困伤亡", "四楼的小孩爬上窗台"),
        ("交通危险", "道口的栏杆坏了，不落"),
        ("急病断治", "停电了，家里靠氧气的老人怎么办"),
        ("生产施工险情", "缆绳散股了"),
        ("生产施工险情", "探头让人拿塑料袋包住"),
        ("人员被困伤亡", "孩子喘得厉害"),
        ("人员被困伤亡", "拉砖的车翻了"),
        ("燃气泄漏", "液化气瓶滚在路上，有一只在呲气"),
        ("暴力威胁", "他要把我们全家都杀了"),
        ("群体聚集", "业主们说好周日政府门口不见不散，穿白衣"),
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
        "天天扛煤气罐上七楼，腰疼",
        "孩子玩游戏，嘴里喊救我救我",
        "小品里他假装晕倒，逗笑全场",
        "围墙倒塌好多年了，想重砌",
        "那次楼道着火，后来换了灯",
        "霓虹灯亮得跟着火似的",
        "他的外号叫炸弹",
        "教孩子们防溺水",
        "想考触电急救证",
        "老板扣着我们的工资卡",
        "大夫救我老伴一命",
        "自打我上班以来没见过这么好的同事",
        "上一位说的是煤气泄漏，我问水费",
        "成绩滑坡得厉害",
        "村口的树被人砍了三棵",
        "旧账翻了两遍，老车翻新要多少钱",
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


@pytest.mark.parametrize(
    ("said", "stance"),
    [
        ("话务员：您是说闻到煤气味？来电人：对，满屋都是。", "stated"),
        ("A：您好，请讲。B：喂。A：是家里煤气泄漏吗？B：嗯，快来。", "stated"),
        ("话务员：您家煤气泄漏吗？请您先别开灯。来电人：对。", "question"),
        ("话务员：有没有煤气泄漏？来电人：没有。", "negated"),
        ("操作间：您好，请讲。王女士：喂。操作间：煤气泄漏吗？王女士：我问电费。", "question"),
    ],
)
def test_what_the_operator_asks_is_as_the_caller_answers(
    lexicon: DangerLexicon, said: str, stance: str
) -> None:
    (found,) = (danger for danger in lexicon.find("", said) if danger.kind == "燃气泄漏")
    assert found.stance == stance


@pytest.mark.parametrize(
    ("said", "tense"),
    [
        ("从前天起水龙头滴不出一滴水", "lasting"),
        ("从前水龙头滴不出一滴水", "past"),
        ("墙上一条缝，去年一指宽，今天塞得进拳头", "now"),
    ],
)
def test_the_time_told_last_is_the_time_meant(
    lexicon: DangerLexicon, said: str, tense: str
) -> None:
    assert lexicon.find("", said)[0].tense == tense


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("巷口无故装了减速带", "交通危险"),
        ("开会每人发一瓶矿泉水", "矿场开采"),
        ("小广告泛滥成灾", "积水内涝"),
        ("危险品押运员证怎么换", "隐患"),
        ("愁得饭都吃不下", "生活无着"),
    ],
)
def test_words_within_other_words_mean_nothing(
    lexicon: DangerLexicon, said: str, kind: str
) -> None:
    assert kind not in {danger.kind for danger in lexicon.find("", said)}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("燃气泄漏", "厨房天燃汽一直在漏"),
        ("火灾", "仓库着伙了，全是浓咽"),
        ("轻生", "他说要跳搂"),
        ("中毒疫情", "十几个工人食物中度"),
        ("坍塌", "后墙快倒踏了"),
    ],
)
def test_misheard_words_are_read_as_meant_and_quoted_as_sent(
    lexicon: DangerLexicon, kind: str, said: str
) -> None:
    (found,) = (danger for danger in lexicon.find("", said) if danger.kind == kind)
    assert is_grave(found)
    assert found.text == said[found.start : found.end]
    assert found.text in found.reason
    assert lexicon.find(said, "")[0].text in said


def test_words_that_only_hold_what_may_be_misheard_stay(lexicon: DangerLexicon) -> None:
    assert lexicon.find("", "全天燃放烟花的规定；捆绑价格；解决提问") == ()


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
