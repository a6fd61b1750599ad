import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from api.cli.main import run
from api.files.batch import Suggested
from api.files.problemfile import Kept, is_told, keep_suggested, make_problem, tell_problems
from api.files.reading import CHINA_TIME
from triage.desk import load_desk
from triage.submissions import Submission

ROOT = Path(__file__).parent.parent
TINY = str(ROOT / "models" / "tiny")
NOISE = "翠屏苑小区3栋楼下的烧烤店每晚营业到两点，喝酒划拳，吵得老人孩子睡不着。"
ROWS = [
    {
        "id": "x1",
        "title": "翠屏苑小区楼下烧烤店深夜噪音扰民",
        "content": NOISE,
        "time": "2024-03-01",
    },
    {
        "id": "x2",
        "title": "请问居住证在哪里办",
        "content": "外地户口，租房，要带什么材料？",
        "time": "2024-03-02",
    },
    {
        "id": "x3",
        "title": "翠屏苑小区烧烤店夜里噪音扰民没人管",
        "content": "我住翠屏苑3栋，楼下烧烤店夜里喝酒划拳，老人孩子睡不着。",
        "time": "2024-03-05 22:10",
    },
]


@pytest.fixture(autouse=True)
def own_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path}/town.db")
    monkeypatch.setenv("TRIAGE_DATA_DIR", str(tmp_path / "town"))
    return tmp_path


def write_rows(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def problems(*arguments: object) -> int:
    return run(["problems", *map(str, arguments), "--model", TINY])


def test_a_matter_that_two_submissions_report_is_one_problem_with_its_task(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "in.jsonl", *ROWS)
    assert problems(source, "-o", tmp_path / "out.json") == 0
    answer = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert set(answer) == {"problems", "themes"}
    [problem] = answer["problems"]
    assert problem["member_ids"] == ["x1", "x3"]
    assert problem["size"] == 2
    assert "翠屏苑" in problem["name"]
    assert problem["first_seen"] == "2024-03-01T00:00:00+08:00"
    assert problem["last_seen"] == "2024-03-05T22:10:00+08:00"
    assert set(problem) == {
        *("id", "name", "size", "member_ids", "divisions", "first_seen", "last_seen"),
        *("heat", "theme", "lead_department", "suggested_task"),
    }
    assert problem["suggested_task"]["submission_ids"] == ["x1", "x3"]
    assert problem["suggested_task"]["measures"] == []
    [theme] = answer["themes"]
    assert theme["key"] == problem["theme"]
    assert theme["problems"] == [problem["id"]]


def test_the_same_file_always_gives_the_same_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_rows(tmp_path / "in.jsonl", *ROWS)
    assert problems(source) == 0
    once = capsys.readouterr().out
    assert problems(source) == 0
    assert capsys.readouterr().out == once


def test_bad_rows_are_told_of_and_kept_beside_and_the_rest_is_grouped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_rows(tmp_path / "in.jsonl", *ROWS, "{broken", {"id": "x9", "title": ""})
    assert problems(source, "-o", tmp_path / "out.json") == 3
    said = capsys.readouterr().err
    assert "2 行有误" in said
    assert "第 4 行" in said
    kept = (tmp_path / "out.json.errors.csv").read_text(encoding="utf-8-sig")
    assert "本行不是有效的 JSON" in kept
    assert "x9" in kept
    answer = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [problem["member_ids"] for problem in answer["problems"]] == [["x1", "x3"]]


def test_an_accusation_takes_no_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accused = "实名举报住建局副局长收受开发商贿赂二十万元，滥用职权，请纪委查处。"
    rows = [{"id": f"j{n}", "title": "举报住建局副局长受贿", "content": accused} for n in "12"]
    source = write_rows(tmp_path / "in.jsonl", *rows, *ROWS)
    assert problems(source, "-o", tmp_path / "out.json") == 0
    assert "2 件检举控告，不参加归并" in capsys.readouterr().err
    assert "j1" not in (tmp_path / "out.json").read_text(encoding="utf-8")
    assert problems(source, "-o", tmp_path / "out.json", "--confidential") == 0
    assert "j1" in (tmp_path / "out.json").read_text(encoding="utf-8")


def make_kept(row: dict[str, str], *, suspected: bool = False, confidential: bool = False) -> Kept:
    submission = Submission(row["id"], row["title"], row["content"])
    suggestion = load_desk(Path(TINY)).suggest(submission).as_dict()
    suggestion["confidential"] = suspected
    return keep_suggested(Suggested(submission, suggestion), confidential=confidential)


def test_what_may_be_an_accusation_is_a_member_without_its_words() -> None:
    told = {"id": "s1", "title": "翠屏苑烧烤店背后有某某所撑腰", "content": NOISE}
    members = [make_kept(told, suspected=True), make_kept(ROWS[0]), make_kept(ROWS[2])]
    problem = make_problem(members, now=datetime(2024, 3, 6, tzinfo=CHINA_TIME)).as_dict()
    assert problem["member_ids"] == ["s1", "x1", "x3"]
    assert problem["size"] == 3
    assert "撑腰" not in json.dumps(problem, ensure_ascii=False)
    assert problem["suggested_task"]["submission_ids"] == ["x1", "x3"]
    assert "撑腰" not in json.dumps(members[0].suggestion, ensure_ascii=False)


def test_a_problem_of_which_all_may_be_accusations_is_not_told() -> None:
    suspected = [make_kept(row, suspected=True) for row in (ROWS[0], ROWS[2])]
    assert not is_told(suspected)
    assert is_told([suspected[0], make_kept(ROWS[2])])
    assert not is_told([make_kept(ROWS[0])])
    assert is_told([make_kept(row, suspected=True, confidential=True) for row in ROWS[::2]])


@pytest.mark.slow
def test_problems_are_told_alike_by_one_process_and_by_two() -> None:
    first, second = make_kept(ROWS[0]), make_kept(ROWS[2])
    groups = [
        [replace(one, told=replace(one.told, id=f"{at} {one.told.id}")) for one in (first, second)]
        for at in range(600)
    ]
    now = datetime(2024, 3, 6, tzinfo=CHINA_TIME)
    alone = list(tell_problems(groups, now=now))
    assert len({record["id"] for record, _ in alone}) == 600
    assert list(tell_problems(groups, now=now, workers=2)) == alone


def test_the_answer_never_takes_the_place_of_the_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_rows(tmp_path / "in.jsonl", *ROWS)
    assert problems(source, "-o", source) == 1
    assert "请换一个文件名" in capsys.readouterr().err
    assert problems(write_rows(tmp_path / "empty.jsonl", ""), "-o", tmp_path / "out.json") == 1


def test_a_table_with_headers_of_its_own_is_read(tmp_path: Path) -> None:
    lines = ["号,事由,诉求内容", *(f"{row['id']},{row['title']},{row['content']}" for row in ROWS)]
    source = write_rows(tmp_path / "in.csv", *lines)
    columns = [f"--column={pair}" for pair in ("id=号", "title=事由", "content=诉求内容")]
    assert problems(source, "-o", tmp_path / "out.json", *columns) == 0
    answer = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert answer["problems"][0]["member_ids"] == ["x1", "x3"]
    assert answer["problems"][0]["first_seen"] is None
