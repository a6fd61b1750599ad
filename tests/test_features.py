"""What the models see: which terms, how often, and where they stand in what was sent."""

import pickle
from collections.abc import Sequence

import numpy as np
import pytest

from triage.features import MOST_READ, CharacterRuns, Reading, TextFeatures, read_text

MATTERS = [
    ("小区电梯停运", "小区电梯停运四天，物业公司没有人来维修，老人下不了楼。"),
    ("油烟扰民", "楼下烧烤店油烟扰民，每天晚上营业到凌晨两点，请环保部门处理。"),
    ("公交车班次太少", "108路公交车班次太少，上班高峰等了40分钟，希望增加班次。"),
    ("拖欠工资", "工地老板拖欠工资三个月，二十多名工人没有钱回家过年。"),
    ("路灯不亮", "学校门口的路灯不亮，学生晚上放学看不见路，请维修路灯。"),
    ("医保怎么办理", "请问新生儿医保怎么办理，需要带什么材料，去哪里办理。"),
]


def read_matters(times: int) -> tuple[list[Reading], list[int]]:
    """Each matter as told by `times` writers."""
    readings = [read_text(*matter) for matter in MATTERS for _ in range(times)]
    return readings, list(range(len(readings)))


@pytest.fixture(scope="module")
def features() -> TextFeatures:
    return TextFeatures(min_writers=5, min_body_runs=5).fit(*read_matters(5))


def list_runs(runs: CharacterRuns) -> list[str]:
    """The vocabulary as text, in column order."""
    texts = []
    for key in runs.keys_.keys.tolist():
        codes = [key >> shift & 0xFFFF for shift in (32, 16, 0)]
        texts.append("".join(chr(code) for code in codes if code))
    return texts


def list_terms(features: TextFeatures) -> list[list[str]]:
    """The vocabulary of each block."""
    return [list_runs(block.terms) for block in features.blocks_]


def fold(text: str) -> str:
    return "".join("0" if char in "123456789" else char.lower() for char in text if char != " ")


# --- privacy --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tellers", "enters"), [(4, False), (5, True)])
def test_no_term_of_fewer_than_min_writers_groups_enters_the_vocabulary(
    tellers: int, enters: bool
) -> None:
    readings = [
        read_text("关于雷阿婆的事", "村里的雷阿婆没有低保") if number < tellers else read_text(*m)
        for number, m in enumerate(MATTERS * 5)
    ]
    fitted = TextFeatures(min_writers=5, min_body_runs=5).fit(readings, range(len(readings)))
    for terms in list_terms(fitted):
        assert any("雷" in term for term in terms) is enters


def test_near_copies_of_one_writer_count_once() -> None:
    others, _ = read_matters(5)
    copies = [read_text("关于雷阿婆的事", "村里的雷阿婆没有低保")] * 20
    writers = [0] * 20 + list(range(1, len(others) + 1))
    fitted = TextFeatures(min_writers=5, min_body_runs=5).fit([*copies, *others], writers)
    assert not any("雷" in term for terms in list_terms(fitted) for term in terms)
    assert all(any("路" in term for term in terms) for terms in list_terms(fitted))


def test_a_text_sent_twice_by_its_writer_makes_no_term_commoner() -> None:
    readings, writers = read_matters(5)
    once = TextFeatures(min_writers=5, min_body_runs=5).fit(readings, writers)
    twice = TextFeatures(min_writers=5, min_body_runs=5).fit(readings * 2, writers * 2)
    assert list_terms(once) == list_terms(twice)
    for one, two in zip(once.blocks_, twice.blocks_, strict=True):
        np.testing.assert_array_equal(one.idf_, two.idf_)


# --- what is left out -----------------------------------------------------------------------------


def test_what_is_not_kept_is_not_looked_up_and_rows_are_as_long_as_before() -> None:
    features = TextFeatures(min_writers=5, min_body_runs=5).fit(*read_matters(5))
    titles, bodies = list_terms(features)
    rarity = dict(zip(bodies, features.blocks_[1].idf_.tolist(), strict=True))
    telling = np.array(["路" not in term for term in (*titles, *bodies)])
    kept = features.keep(telling)
    assert list_terms(kept) == [[t for t in terms if "路" not in t] for terms in (titles, bodies)]
    assert kept.blocks_[1].idf_.tolist() == [rarity[term] for term in list_terms(kept)[1]]
    rows = kept.transform([read_text(*MATTERS[4])])
    assert rows.shape[1] == len(kept) == telling.sum()
    assert rows.power(2).sum() == pytest.approx(0.5 + 0.5 * kept.title_scale**2)


# --- offsets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "content"),
    [
        MATTERS[0],
        ("小區電梯停運", "小區電梯停運四天，物業公司沒有人來維修，老人下不了樓。"),
        ("路 灯\u3000不亮", "  学校门口的 路\n灯不亮，学生晚上\u200b放学看不见路"),
        ("１０８路公交车", "😀１０８路公交车班次太少🚌🚌，上班高峰等了４０分钟"),
        ("路灯不亮", ""),
        ("", "路灯不亮"),
    ],
)
def test_every_offset_leads_back_to_the_term_in_what_was_sent(
    features: TextFeatures, title: str, content: str
) -> None:
    neighbours = [read_text(*MATTERS[3]), read_text(title, content), read_text(*MATTERS[4])]
    plain = neighbours[1].title, neighbours[1].content
    assert tuple(map(len, plain)) == (len(title), len(content))
    laid, found = features.locate(neighbours)
    terms = [(kind, term) for kind in enumerate(list_terms(features)) for term in kind[1]]
    starts = np.cumsum(laid.sizes) - laid.sizes
    seen = 0
    for text, written in ((1, plain[0]), (4, plain[1])):  # all titles stand before all bodies
        places = found.start - starts[text]
        for at in np.flatnonzero((places >= 0) & (places < laid.sizes[text])).tolist():
            (block, _), term = terms[found.column[at]]
            assert features.blocks_[block].field == ("title" if text == 1 else "body")
            said = written[places[at] : places[at] + found.length[at]]
            assert fold(said) == term
            seen += 1
    assert seen >= 9


def test_a_run_goes_on_over_a_blank_but_not_over_the_end_of_a_text(
    features: TextFeatures,
) -> None:
    first = len(features.blocks_[0].terms)
    column = first + list_runs(features.blocks_[1].terms).index("路灯")
    laid, found = features.locate([Reading("", body, body) for body in ("在路 灯下", "路", "灯")])
    here = found.column == column
    assert (found.start[here].tolist(), found.length[here].tolist()) == ([laid.bodies + 1], [3])


# --- rows -----------------------------------------------------------------------------------------


def test_a_batch_says_what_each_says_alone(features: TextFeatures) -> None:
    texts: Sequence[tuple[str, str]] = [*MATTERS, ("", ""), ("路灯", "x"), ("", "公交车 班次")]
    readings = [read_text(*text) for text in texts]
    batch = features.transform(readings)
    assert batch.shape == (len(readings), len(features))
    for number, reading in enumerate(readings):
        alone = features.transform([reading])
        np.testing.assert_array_equal(batch[number].toarray(), alone.toarray())


def test_rows_are_of_length_one_at_most_and_weigh_titles_less(features: TextFeatures) -> None:
    rows = features.transform([read_text(*matter) for matter in MATTERS])
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    expected = np.sqrt((0.7**2 + 1) / 2)
    np.testing.assert_allclose(lengths, expected, rtol=1e-5)
    assert expected <= 1


def test_a_term_said_more_often_weighs_more_and_a_rare_one_more_than_a_common(
    features: TextFeatures,
) -> None:
    block = features.blocks_[1]
    column = list_runs(block.terms).index
    once, thrice = (
        features.transform([read_text("", text)]).toarray()[0]
        for text in ("路灯和班次", "路灯路灯路灯和班次")
    )
    first = len(features.blocks_[0].terms)
    lamp, bus = first + column("路灯"), first + column("班次")
    assert thrice[lamp] / thrice[bus] > once[lamp] / once[bus]
    assert block.idf_[column("，")] < block.idf_[column("路灯")]


def test_traditional_full_width_and_other_numbers_make_the_same_row(
    features: TextFeatures,
) -> None:
    plain, other = (
        features.transform([read_text(title, content)]).toarray()
        for title, content in (
            ("108路公交车", "108路公交车班次太少，等了40分钟"),
            ("１０８路公交車", "２０６路公交車班次太少，等了９０分鐘"),
        )
    )
    np.testing.assert_array_equal(plain, other)
    assert plain.any()


def test_nothing_known_makes_an_empty_row(features: TextFeatures) -> None:
    rows = features.transform([read_text("", ""), read_text("😀", "qwxzj \ud800")])
    assert rows.nnz == 0


def test_what_stands_beyond_the_part_that_is_read_changes_nothing(features: TextFeatures) -> None:
    long = "路灯不亮，" * (MOST_READ // 5)
    one, two = features.transform([read_text("", long), read_text("", long + "拖欠工资")]).toarray()
    np.testing.assert_array_equal(one, two)


def test_a_vocabulary_of_nothing_still_answers() -> None:
    empty = TextFeatures(min_writers=5).fit([read_text("路灯", "")], [0])
    assert empty.transform([read_text("路灯", "")]).shape == (1, 0)


def test_stored_and_loaded_they_see_the_same(features: TextFeatures) -> None:
    readings = [read_text(*matter) for matter in MATTERS]
    loaded = pickle.loads(pickle.dumps(features))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(
        loaded.transform(readings).toarray(), features.transform(readings).toarray()
    )


def test_a_title_that_says_nothing_is_read_as_none() -> None:
    assert read_text("问题反映", "楼道里有煤气味").title == ""
    assert read_text("漏气", "楼道里有煤气味").title == "漏气"
    assert read_text("问题反映", "").title == "问题反映"  # all there is
