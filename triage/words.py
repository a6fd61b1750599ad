"""Cutting Chinese text into words, with the terms of the field kept whole.

The words are those of jieba plus `data/words.txt`. rjieba gives them about thirty times faster;
where it cannot be imported (no wheel for the platform) jieba itself stands in and cuts the same.
"""

import re
import warnings
from collections.abc import Callable
from functools import cache
from importlib.resources import files

Cutter = Callable[[str], list[str]]

# rjieba keeps 7-1-402, K8-12 and v2.0 whole; jieba does so once the inner mark is hidden.
_INNER_MARK = re.compile(r"(?<=[a-zA-Z0-9])[-._](?=[a-zA-Z0-9])")


def cut_words(text: str) -> list[str]:
    """The words of clean text (see `clean_text`), in order; joined they give `text` again."""
    return _load_cutter()(text)


def load_terms() -> tuple[str, ...]:
    """The domain dictionary: terms that are kept whole though a general dictionary lacks them."""
    return load_list("words.txt")


def load_list(name: str) -> tuple[str, ...]:
    """The words in the file `name` of triage/data, in order; a line that begins with # is none."""
    lines = (files("triage") / "data" / name).read_text(encoding="utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _load_cutter() -> Cutter:
    """The fastest cutter there is; built at the first call in each process (0.1 s)."""
    try:
        return load_rjieba()
    except ImportError:
        return load_jieba()


def load_rjieba() -> Cutter:
    """The cutter that rjieba gives. Raises ImportError where it is not installed."""
    import rjieba

    # Its own dictionary, which it builds as it is imported: another would take as long again.
    for term in load_terms():
        rjieba.add_word(term, None, None)
    return rjieba.cut


def load_jieba() -> Cutter:
    """The cutter that jieba itself gives: the same words, slower, 1.5 s to build."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba 0.42 is older than the warnings it sets off
        import jieba

    tokenizer = jieba.Tokenizer()
    # Not `initialize()`: it would unmarshal a cache file that lies in the shared temp directory.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for term in load_terms():
        tokenizer.add_word(term)

    def cut(text: str) -> list[str]:
        words: list[str] = []
        start = 0
        for word in tokenizer.cut(_INNER_MARK.sub("0", text)):
            words.append(text[start : start + len(word)])
            start += len(word)
        return words

    return cut
