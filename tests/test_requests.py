import pytest

from triage.requests import find_requests


def texts(title: str, content: str) -> list[str]:
    return [request.text for request in find_requests(title, content)]


def test_questions_and_demands_are_requests_and_the_story_is_not() -> None:
    assert texts(
        "电梯停运四天",
        "我家住幸福里3栋17楼。电梯从周三停到现在。请问什么时候能修好？希望尽快派人维修。谢谢领导！",
    ) == ["电梯停运四天", "请问什么时候能修好？", "希望尽快派人维修。"]


def test_numbered_points_are_requests_of_their_own() -> None:
    found = texts("", "小区问题如下：1、地下室漏水；2、楼道灯坏了；3、垃圾无人清运。")
    assert [text[:2] for text in found] == ["1、", "2、", "3、"]


def test_offsets_lead_back_to_the_field() -> None:
    title, content = "路灯不亮", "建设路路灯坏了。 请尽快修复路灯！ 能否加装两盏？"
    for request in find_requests(title, content):
        field = {"title": title, "content": content}[request.field]
        assert field[request.start : request.end] == request.text


@pytest.mark.parametrize(("title", "content"), [("", ""), (" ", "路灯坏了。"), ("", "谢谢！")])
def test_where_nothing_is_asked_there_is_no_request(title: str, content: str) -> None:
    assert find_requests(title, content) == ()
