"""What the columns of towns' own spreadsheets are called, and which field each one is.

Shared by the edges that read submissions and by the readers of training records: a file that can
be classified today can be learnt from tomorrow.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from triage.errors import InvalidFile
from triage.text import clean_text

# Best name first: where a file has both 诉求内容 and 备注, the better one is taken.
COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        "id",
        "编号",
        "工单编号",
        "工单号",
        "留言编号",
        "来件编号",
        "信访件编号",
        "信访编号",
        "诉求编号",
        "受理编号",
        "登记编号",
        "流水号",
        "序号",
    ),
    "title": (
        "title",
        "标题",
        "主题",
        "留言主题",
        "留言标题",
        "工单标题",
        "诉求标题",
        "来件标题",
        "事项标题",
        "概况",
    ),
    "content": (
        "content",
        "内容",
        "留言详情",
        "留言内容",
        "诉求内容",
        "工单内容",
        "来件内容",
        "信访内容",
        "反映内容",
        "投诉内容",
        "主要内容",
        "问题描述",
        "事项描述",
        "诉求描述",
        "详情",
        "正文",
        "反映问题",
        "反映事项",
        "存在问题",
        "具体问题",
        "问题内容",
        "问题",
        "内容摘要",
    ),
    "channel": ("channel", "渠道", "来源", "来件渠道", "诉求来源", "工单来源", "受理渠道"),
    "received_at": (
        "received_at",
        "time",
        "时间",
        "收件时间",
        "收到时间",
        "留言时间",
        "受理时间",
        "来件时间",
        "来电时间",
        "来信时间",
        "来访时间",
        "反映时间",
        "登记时间",
        "诉求时间",
        "创建时间",
        "收件日期",
        "收到日期",
        "来件日期",
        "来电日期",
        "来信日期",
        "来访日期",
        "受理日期",
        "反映日期",
        "登记日期",
        "日期",
    ),
    "place": ("place", "地点", "地址", "事发地点", "事发地址", "问题地点", "诉求地点", "发生地址"),
    "likes": ("likes", "点赞数", "点赞", "点赞量", "获赞数", "赞数", "支持数", "点赞人数"),
    "level1": ("level1", "l1", "一级分类", "一级标签", "一级类别", "一级领域"),
    "level2": ("level2", "l2", "二级分类", "二级标签", "二级类别", "二级领域"),
    "level3": ("level3", "l3", "三级分类", "三级标签", "三级类别", "三级领域"),
    "domain": ("domain", "分类", "类别", "领域"),
    "urgency": ("urgency", "紧急程度", "紧急度"),
    "nature": ("nature", "诉求性质", "诉求类型", "性质"),
    "flags": ("flags", "风险标签", "标签"),
    "part": ("part", "批次"),
    "lead": (
        "lead",
        "主办单位",
        "牵头单位",
        "责任单位",
        "承办单位",
        "办理单位",
        "责任部门",
        "主责单位",
        "主办",
    ),
    "assisting": ("assisting", "协办单位", "配合单位", "协助单位", "配合部门", "协办"),
    "division": ("division", "行政区划", "区划", "乡镇街道", "所属街道", "所属乡镇", "属地"),
    "opened_at": ("opened_at", "交办时间", "交办日期", "派单时间", "转办时间"),
    "deadline_at": (
        "deadline_at",
        "办理时限",
        "完成时限",
        "办结时限",
        "整改时限",
        "截止时间",
        "截止日期",
    ),
    "state": ("state", "状态", "办理状态", "办理进度"),
    "outcome": ("outcome", "办理结果", "办结类型"),
    "reply": ("reply", "回告内容", "答复内容", "办理情况", "整改情况", "处理情况", "回告", "答复"),
    "replied_at": ("replied_at", "回告时间", "回告日期", "答复时间", "回复时间"),
    "closed_at": ("closed_at", "办结时间", "办结日期", "销号时间", "销号日期", "完成时间"),
    "name": (
        "name",
        "反映人",
        "反映人姓名",
        "姓名",
        "来信人",
        "来访人",
        "来电人",
        "诉求人",
        "联系人",
    ),
    "phone": ("phone", "联系电话", "电话", "手机", "手机号", "手机号码", "电话号码", "联系方式"),
    "id_number": ("id_number", "身份证号", "身份证号码", "证件号", "证件号码", "身份证"),
    "address": ("address", "住址", "家庭住址", "联系地址", "通讯地址", "户籍地址"),
}
SUBMISSION_FIELDS = ("id", "title", "content", "channel", "received_at", "place", "likes")
SUBMITTER_FIELDS = ("name", "phone", "id_number", "address")
LABEL_FIELDS = ("level1", "level2", "level3", "domain", "urgency", "nature", "flags", "part")
LIST_FIELDS = (
    *SUBMISSION_FIELDS,
    *("level1", "level2", "level3", "domain", "urgency", "nature"),
    *("lead", "assisting", "division", "opened_at", "deadline_at"),
    *("state", "outcome", "reply", "replied_at", "closed_at"),
)

# 标题（必填）, *内容, 编号： and the like
_DECORATION = re.compile(r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]|【[^【】]*】|[\s*＊:：_\-]")


def column_key(name: str) -> str:
    """A header cell without case, spaces, stars and bracketed hints, for comparing."""
    return _DECORATION.sub("", clean_text(name)).casefold()


_FIELD_OF_KEY = {
    column_key(name): (field, rank)
    for field, names in COLUMN_NAMES.items()
    for rank, name in enumerate(names)
}


def find_columns(
    header: Sequence[str],
    *,
    fields: Iterable[str] = SUBMISSION_FIELDS,
    columns: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Where in `header` each of `fields` stands; fields that the header lacks are left out.

    `columns` maps a field to the header it has in this file and goes before the known names; ""
    leaves the field out.
    Raises InvalidFile where `columns` names a field that does not exist or a header not there.
    """
    wanted = tuple(fields)
    named = dict(columns or {})
    unknown = [field for field in named if field not in wanted]
    if unknown:
        raise InvalidFile(f"列对应中没有字段“{unknown[0]}”，可用的字段：{'、'.join(wanted)}")
    keys = [column_key(cell) for cell in header]
    found: dict[str, int] = {}
    for field, name in named.items():
        if not name:
            continue
        if column_key(name) not in keys:
            present = "、".join(cell.strip() for cell in header if cell.strip())
            raise InvalidFile(f"文件中没有列“{name}”，现有的列：{present}", field=field)
        found[field] = keys.index(column_key(name))
    ranks: dict[str, int] = {}
    for position, key in enumerate(keys):
        field, rank = _FIELD_OF_KEY.get(key, ("", 0))
        if field not in wanted or field in named or position in found.values():
            continue
        if field not in ranks or rank < ranks[field]:
            found[field], ranks[field] = position, rank
    return found
