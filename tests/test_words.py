"""Words: rjieba and jieba cut alike, and the terms of the field stay whole."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rjieba

from triage.text import clean_text
from triage.words import cut_words, load_jieba, load_rjieba, load_terms

SEED = Path(__file__).parents[1] / "training" / "corpus" / "seed.jsonl"
SAMPLES = [
    "我家楼下新开的烧烤店油烟扰民，住改商没有人管，打了几次电话都说在处理。",
    "紫荆苑7-1-402的不动产权证办了三年，维修基金从1.2万涨到1.9万，业主大会开过吗？",
    "水位价格高达2.5元每吨，绩效200-400元，最多4.5个小时；B-07地块v2.0版规划",
    "The lift of block K8-12 has been broken for 3.5 days!!! pls help",
    "😀😀 ㎡ × ① 〇 100% 3.5% 12345热线 a_b c.d e-f -- .. __",
    "",
    " ",
    "哦",
]


@pytest.fixture(scope="module")
def jieba():
    return load_jieba()


@pytest.mark.parametrize("text", SAMPLES)
def test_words_joined_give_the_text_again(text):
    assert "".join(cut_words(text)) == text


@pytest.mark.parametrize("text", SAMPLES)
def test_jieba_stands_in_for_rjieba_word_for_word(text, jieba):
    assert jieba(text) == load_rjieba()(text)


def test_jieba_stands_in_for_rjieba_on_the_seed_corpus(jieba):
    rjieba_cut = load_rjieba()
    lines = SEED.read_text(encoding="utf-8").splitlines()[::20]
    for record in map(json.loads, lines):
        text = clean_text(record["title"] + "\n" + record["content"])
        assert jieba(text) == rjieba_cut(text)


def test_both_cut_odd_mixtures_of_marks_and_letters_alike(jieba):
    rjieba = load_rjieba()
    dice = random.Random(20)  # noqa: S311  the same strings each time, nothing secret
    alphabet = "路口业主涨到A1b2-._+#&% 号楼的:/,，。\n\t×㎡é😀0.5"
    for _ in range(3000):
        text = "".join(dice.choices(alphabet, k=dice.randint(2, 9)))
        assert jieba(text) == rjieba(text), text


def test_every_term_of_the_field_is_kept_whole():
    assert [term for term in load_terms() if cut_words(term) != [term]] == []


def test_terms_are_kept_whole_within_a_sentence():
    words = cut_words("小区住改商严重，断头路三年没通，找网格员和人社局都没用，一楼油烟管道直排")
    assert {"住改商", "断头路", "网格员", "人社局", "直排"} <= set(words)


def test_compounds_of_whole_words_stay_apart():
    assert cut_words("餐饮油烟") == ["餐饮", "油烟"]


@pytest.mark.parametrize("text", ["我打的电话", "按摩的店", "疫苗本来就贵", "不想活动"])
def test_terms_do_not_tear_the_words_beside_them(text):
    assert cut_words(text) == rjieba.cut(text)


def test_terms_are_unique_and_many():
    terms = load_terms()
    assert len(set(terms)) == len(terms)
    assert 300 <= len(terms) <= 800


def test_general_words_are_cut_as_jieba_cuts_them():
    assert cut_words("他来到了网易杭研大厦") == ["他", "来到", "了", "网易", "杭研", "大厦"]


def test_cutting_is_safe_from_many_threads():
    with ThreadPoolExecutor(8) as pool:
        cuts = set(map(tuple, pool.map(cut_words, [SAMPLES[0]] * 200)))
    assert cuts == {tuple(cut_words(SAMPLES[0]))}


def test_cleaned_garbage_can_be_cut():
    garbage = clean_text("\ud800\x00\x01" + bytes(range(256)).decode("latin-1"))
    assert "".join(cut_words(garbage)) == garbage


def test_a_text_of_a_hundred_thousand_characters_is_cut_whole():
    text = "物业公司不作为，电梯困人。" * 8000
    assert len("".join(cut_words(text))) == len(text)
