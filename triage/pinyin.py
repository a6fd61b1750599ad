"""How Chinese names are typed by sound: in full (fangwu) and by the first letters (fw).

The dictionary behind it takes a moment to load, so it is loaded with the first name.
"""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a name is typed: lower-case letters and digits, without tones and spaces."""

    pinyin: str
    initials: str


@lru_cache(maxsize=65_536)
def spell(name: str) -> Spelling:
    """The usual sound of a name; letters and digits in it stay, other characters fall away.

    A character with several sounds gets the one it has in the words around it (重庆 chongqing).
    """
    from pypinyin import lazy_pinyin

    written = name.casefold()
    kept = [part for part in map(_plain, lazy_pinyin(written)) if part]
    initials = (part if part in written else part[0] for part in kept)
    return Spelling("".join(kept), "".join(initials))


def _plain(syllable: str) -> str:
    return "".join(
        letter for letter in syllable.casefold() if letter.isascii() and letter.isalnum()
    )
