"""Routes by which a page learns its words: what to choose from, and what codes are called."""

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from api.auth import CallerHere, needs
from api.bodies import OneBody, read_as
from api.schemas.submissions import ErrorOut
from api.schemas.words import (
    BranchOut,
    DirectoryLineOut,
    DivisionOut,
    NamedOut,
    PersonalDataOut,
    PersonalSpanOut,
    PersonOut,
    TaxonomyOut,
    TermOut,
    WordsOut,
    WrittenIn,
)
from api.service import ServiceHere
from api.slashes import WITH_SLASHES
from api.words import PERSONAL_DATA_NAMES, list_enumerations, load_glossary
from triage.divisiontree import grow_tree
from triage.ledger.departments import list_directory
from triage.ledger.people import list_people
from triage.privacy import find_personal_data, mask
from triage.roles import Action, Caller
from triage.taxonomy import Taxonomy
from triage.text import clean_text

router = APIRouter(prefix="/v1", tags=["名称"])
Writer = Annotated[Caller, Depends(needs(Action.SUGGEST))]
Planner = Annotated[Caller, Depends(needs(Action.PLAN_TASKS))]


@router.get("/taxonomy", response_model=TaxonomyOut)
def get_taxonomy(_caller: CallerHere, service: ServiceHere) -> TaxonomyOut:
    """内容分类的树，各有拼音首字母和全拼，供选择或键入查找。"""
    return _tell_taxonomy(service.desk.taxonomy)


@router.get("/directory", response_model=list[DirectoryLineOut])
def get_directory(_caller: CallerHere, service: ServiceHere) -> list[DirectoryLineOut]:
    """单位目录：名称、别名、上级、职责、拼音；按代码排列，撤并的在内。"""
    with service.store.reading() as session:
        lines = list_directory(session)
    known = service.desk.departments
    return [DirectoryLineOut.tell(line, known.find(line.code), above) for line, above in lines]


@router.get(
    "/people",
    response_model=list[PersonOut],
    responses={404: {"model": ErrorOut, "description": "没有这个责任单位"}},
)
def get_people(
    caller: Planner,
    service: ServiceHere,
    department: Annotated[
        str | None, Query(description="责任单位的代码或名称；不填为看得到的全部单位")
    ] = None,
) -> list[PersonOut]:
    """一个责任单位及其下属单位可以承办的人：登录名、姓名、拼音；停用的不在内。"""
    with service.store.reading() as session:
        found = list_people(session, caller=caller, department=department)
    return [PersonOut.tell(person) for person in found]


@router.get(
    "/divisions",
    response_model=list[BranchOut],
    responses={404: {"model": ErrorOut, "description": "没有这个上级区划"}},
)
def get_divisions(
    _caller: CallerHere,
    service: ServiceHere,
    under: Annotated[
        str | None, Query(max_length=9, description="上级的代码；不填为各省，查找时为全国到县")
    ] = None,
    q: Annotated[
        str | None, Query(max_length=50, description="名称、全拼或首字母的开头；填了就在其下查找")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="查找时最多几个")] = 20,
) -> list[BranchOut]:
    """一个行政区划的直接下级，或按名称、拼音查找其下的区划。"""
    tree = grow_tree(service.desk.divisions.gazetteer)
    found = tree.list_under(under) if q is None else tree.search(q, under=under, limit=limit)
    return [BranchOut.tell(branch) for branch in found]


@router.get("/divisions/{division}", response_model=DivisionOut)
def get_division(
    _caller: CallerHere,
    service: ServiceHere,
    division: Annotated[str, Path(max_length=9, description="行政区划代码"), WITH_SLASHES],
) -> DivisionOut:
    """一个行政区划在树上的位置。"""
    tree = grow_tree(service.desk.divisions.gazetteer)
    path = tree.list_path(division)
    return DivisionOut(
        path=[BranchOut.tell(branch) for branch in path],
        full_name="".join(branch.name for branch in path),
        children=[BranchOut.tell(branch) for branch in tree.list_under(division)],
    )


@router.get("/words", response_model=WordsOut)
def get_words(_caller: CallerHere) -> WordsOut:
    """各种代码的中文名，和词汇表。"""
    return WordsOut(
        enumerations={
            name: [NamedOut(code=code, name=said) for code, said in codes.items()]
            for name, codes in list_enumerations().items()
        },
        glossary=[TermOut.model_validate(term) for term in load_glossary()],
    )


@router.post("/privacy:find", response_model=PersonalDataOut, openapi_extra={"x-body": "WrittenIn"})
def post_find_personal_data(_caller: Writer, body: OneBody) -> PersonalDataOut:
    """文字中哪些是个人信息、遮盖后是什么样子；不入库。"""
    written = read_as(body, WrittenIn)
    texts = {"title": written.title, "content": written.content}
    spans = [
        PersonalSpanOut(
            field=field,
            start=found.start,
            end=found.end,
            kind=found.kind,
            name=PERSONAL_DATA_NAMES[found.kind],
        )
        for field, text in texts.items()
        for found in find_personal_data(clean_text(text))
    ]
    return PersonalDataOut(spans=spans, **{field: mask(text) for field, text in texts.items()})


@lru_cache(maxsize=4)
def _tell_taxonomy(taxonomy: Taxonomy) -> TaxonomyOut:
    """Spelt once: half a thousand names take a moment."""
    return TaxonomyOut.tell(taxonomy)
