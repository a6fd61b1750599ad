"""What goes out where the words of the desk are looked up: trees to choose from, names of codes."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from triage.departments import Department
from triage.divisiontree import Branch
from triage.ledger.people import Person
from triage.ledger.views import StoredDepartment
from triage.pinyin import spell
from triage.submissions import MAX_CONTENT, MAX_TITLE
from triage.taxonomy import Taxonomy

_INITIALS = "拼音首字母，供键入查找"
_PINYIN = "全拼，不带声调"


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Level3Out(_Out):
    """三级领域，来件就归到这一级。"""

    code: str
    name: str
    initials: str = Field(description=_INITIALS)
    pinyin: str = Field(description=_PINYIN)


class Level2Out(Level3Out):
    """二级领域。"""

    children: list[Level3Out]


class Level1Out(Level3Out):
    """一级领域。"""

    children: list[Level2Out]


class TaxonomyOut(_Out):
    """内容分类，三级的树。"""

    name: str
    size: int = Field(description="三级领域共几个")
    levels: list[Level1Out]

    @classmethod
    def tell(cls, taxonomy: Taxonomy) -> Self:
        """The tree of the leaves, in their order."""
        tops: dict[str, Level1Out] = {}
        groups: dict[tuple[str, str], Level2Out] = {}
        for section in taxonomy.sections:
            top = tops.setdefault(
                section.above, Level1Out(**_named(section.above, section.level1), children=[])
            )
            group = Level2Out(**_named(section.code, section.level2), children=[])
            top.children.append(group)
            groups[section.level1, section.level2] = group
        for domain in taxonomy:
            leaf = Level3Out(**_named(domain.code, domain.level3))
            groups[domain.level1, domain.level2].children.append(leaf)
        return cls(name=taxonomy.name, size=len(taxonomy), levels=list(tops.values()))


class DirectoryLineOut(_Out):
    """一个责任单位；上级的办案人也看得到下级的台账。"""

    code: str
    name: str
    full_name: str
    kind: str
    active: bool = Field(description="false：已撤并，不再接收新来件")
    parent: str | None = Field(description="上级单位的代码")
    aliases: list[str]
    duties: str = Field(description="职责；已撤并的为空")
    initials: str = Field(description=_INITIALS)
    pinyin: str = Field(description=_PINYIN)

    @classmethod
    def tell(cls, stored: StoredDepartment, known: Department | None, parent: str | None) -> Self:
        """The department of the ledger with what the town's directory says of it."""
        return cls(
            code=stored.code,
            name=stored.name,
            full_name=stored.full_name,
            kind=stored.kind,
            active=stored.active,
            parent=parent,
            aliases=list(known.aliases) if known else [],
            duties=known.duties if known else "",
            **_spelt(stored.name),
        )


class PersonOut(_Out):
    """一位可以承办的人。"""

    login: str
    name: str
    initials: str = Field(description=_INITIALS)
    pinyin: str = Field(description=_PINYIN)

    @classmethod
    def tell(cls, person: Person) -> Self:
        """The person, with how the name is typed."""
        return cls(login=person.login, name=person.name, **_spelt(person.name))


class BranchOut(_Out):
    """一个行政区划。"""

    code: str
    name: str
    level: str = Field(description="province 省级，city 市级，county 县级，street 乡镇街道")
    parent: str | None = Field(description="上级的代码")
    below: int = Field(description="直接下级有几个")
    initials: str = Field(description=_INITIALS)
    pinyin: str = Field(description=_PINYIN)

    @classmethod
    def tell(cls, branch: Branch) -> Self:
        """The division and how its name is typed."""
        told = {name: getattr(branch, name) for name in ("code", "name", "level", "parent")}
        return cls(**told, below=branch.below, **_spelt(branch.name))


class DivisionOut(_Out):
    """一个行政区划在树上的位置：从省到它自己，以及直接下级。"""

    path: list[BranchOut]
    full_name: str
    children: list[BranchOut]


class TermOut(_Out):
    """一个词条。"""

    term: str
    about: str


class NamedOut(_Out):
    """一个代码和它的中文名。"""

    code: str | int
    name: str


class WordsOut(_Out):
    """各种代码的中文名，和词汇表。"""

    enumerations: dict[str, list[NamedOut]] = Field(
        description="urgencies 紧急程度、natures 诉求性质、states 条目状态、commands 动作等"
    )
    glossary: list[TermOut]


class WrittenIn(BaseModel):
    """正在登记的文字。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "请回电", "content": "我姓张，电话13800000000，住幸福里3栋。"}]
        },
    )

    title: str = Field("", max_length=MAX_TITLE, description="标题")
    content: str = Field("", max_length=MAX_CONTENT, description="正文")


class PersonalSpanOut(_Out):
    """文字中的一处个人信息。"""

    field: str = Field(description="title 或 content")
    start: int = Field(description="从第几个字起，从 0 数")
    end: int
    kind: str
    name: str = Field(description="是什么，如 电话")


class PersonalDataOut(_Out):
    """文字中的个人信息，和遮盖后的样子；字数不变，位置对得上。"""

    spans: list[PersonalSpanOut]
    title: str = Field(description="遮盖后的标题")
    content: str = Field(description="遮盖后的正文")


BODIES = (WrittenIn,)


def _named(code: str, name: str) -> dict[str, str]:
    return {"code": code, "name": name, **_spelt(name)}


def _spelt(name: str) -> dict[str, str]:
    spelling = spell(name)
    return {"initials": spelling.initials, "pinyin": spelling.pinyin}
