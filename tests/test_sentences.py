import pytest

from triage.sentences import Act, read_sentences
from triage.text import clean_text

GREETING = "网友“柳河居民”您好！您的留言已收悉。现将有关情况回复如下："


def acts(sentence: str) -> frozenset[Act]:
    (read,) = read_sentences(clean_text(sentence))
    return read.acts


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("经城管局现场核实，该处确有占道经营。", Act.FOUND),
        ("经查，未发现该厂夜间排放。", Act.DENIED),
        ("根据《安平县物业管理办法》第十二条，维修基金须经三分之二业主同意。", Act.RULE),
        ("已责令物业公司停业整改。", Act.DONE),
        ("预计3月5日前恢复使用。", Act.PLANNED),
        ("我局将进一步加强巡查。", Act.PROMISED),
        ("请携带身份证到县政务大厅三楼窗口办理。", Act.INSTRUCTED),
        ("联系人王工，电话0712-1234567。", Act.CONTACT),
        ("该路段全长733米。", Act.FIGURE),
        ("您反映的问题已转县住建局核实办理。", Act.PASSED_ON),
        ("建议您向县教育局咨询。", Act.PASSED_ON),
        ("请您耐心等待。", Act.PUT_OFF),
        ("该问题不属于我局职责范围。", Act.PUT_OFF),
        ("如果您还有疑问，欢迎致电我局办公室。", Act.OFFERED),
        ("您不具备购买资格，须落户满两年。", Act.EXPLAINED),
    ],
)
def test_a_sentence_is_known_by_what_it_does(sentence: str, act: Act) -> None:
    assert act in acts(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "您好！",
        "网友“柳河居民”：您好！",
        "您的留言已收悉。",
        "感谢您对我们工作的理解与支持！",
        "2025年3月2日",
        "安平县住房和城乡建设局2025年3月2日",
        "特此回复。",
        "祝您生活愉快！",
    ],
)
def test_courtesies_say_nothing(sentence: str) -> None:
    assert acts(sentence) == {Act.COURTESY}


def test_a_courtesy_before_the_matter_is_taken_off() -> None:
    *_, last = read_sentences(clean_text(GREETING + "电梯已修复。"))
    assert last.body == "电梯已修复。"
    assert last.says_something


def test_passing_on_alone_says_nothing_but_with_a_rule_it_does() -> None:
    alone, ruled = read_sentences(
        "您反映的问题已转交县城管大队处理。按照《城市管理条例》规定，请向县城管大队投诉。"
    )
    assert (alone.says_something, ruled.says_something) == (False, True)


def test_offsets_lead_back_to_the_reply() -> None:
    reply = clean_text("您好！  经查，路灯已修复。\n1.关于井盖：下周更换。2025年3月2日网友：您好！")
    sentences = read_sentences(reply)
    assert all(reply[s.start : s.end].endswith(s.body) for s in sentences)
    assert [s.numbered for s in sentences if s.body] == [False, True]
    assert sentences[-1].acts == {Act.COURTESY}


@pytest.mark.parametrize("reply", ["", "   ", "。。。", "\n"])
def test_nothing_gives_no_sentence_that_says_anything(reply: str) -> None:
    assert not any(s.says_something for s in read_sentences(clean_text(reply)))


def test_a_long_reply_of_odd_characters_is_read_in_reasonable_time() -> None:
    for odd in ("“" * 20_000, "尊敬的" * 6_000, "您" * 20_000, "1、" * 9_000, "关于" * 9_000):
        read_sentences(odd[:20_000])
