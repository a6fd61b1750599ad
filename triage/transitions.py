"""The table of the workflow: each command, when it may be given, by whom, and what follows.

`triage.workflow` answers the questions that this table is asked.
"""

from dataclasses import dataclass
from enum import StrEnum

from triage.ledger.states import EntryState
from triage.roles import Action


class Command(StrEnum):
    """A step that someone takes with an entry (经办动作); the value stands in addresses, rows."""

    REGISTER = "register"
    CONFIRM = "confirm"
    CORRECT = "correct"
    ASSIGN = "assign"
    REASSIGN = "reassign"
    RECALL = "recall"
    OVERRULE = "overrule"
    ACCEPT = "accept"
    RETURN = "return"
    DELEGATE = "delegate"
    PROGRESS = "progress"
    ATTACH = "attach"
    REQUEST_EXTENSION = "request-extension"
    GRANT_EXTENSION = "grant-extension"
    REFUSE_EXTENSION = "refuse-extension"
    PAUSE = "pause"
    RESUME = "resume"
    REPLY = "reply"
    DECLINE = "decline"
    FORWARD = "forward"
    ALARM = "alarm"
    SPLIT = "split"
    MERGE = "merge"
    EVALUATE = "evaluate"
    CLOSE = "close"
    REOPEN = "reopen"
    URGE = "urge"
    WITHDRAW = "withdraw"


COMMAND_NAMES = {
    Command.REGISTER: "登记",
    Command.CONFIRM: "确认建议",
    Command.CORRECT: "更正建议",
    Command.ASSIGN: "交办",
    Command.REASSIGN: "改派",
    Command.RECALL: "收回",
    Command.OVERRULE: "驳回退件",
    Command.ACCEPT: "签收",
    Command.RETURN: "退回",
    Command.DELEGATE: "指定承办人",
    Command.PROGRESS: "记录进展",
    Command.ATTACH: "附证据",
    Command.REQUEST_EXTENSION: "申请延期",
    Command.GRANT_EXTENSION: "批准延期",
    Command.REFUSE_EXTENSION: "不批延期",
    Command.PAUSE: "暂停计时",
    Command.RESUME: "恢复计时",
    Command.REPLY: "回告",
    Command.DECLINE: "不予受理",
    Command.FORWARD: "转送",
    Command.ALARM: "转紧急热线",
    Command.SPLIT: "拆分",
    Command.MERGE: "并件",
    Command.EVALUATE: "评价",
    Command.CLOSE: "销号",
    Command.REOPEN: "重办",
    Command.URGE: "督办",
    Command.WITHDRAW: "撤回",
}

# What a command is given besides the version; the key stands in the API, the value in refusals.
FIELD_NAMES = {
    "note": "理由或说明",
    "lead": "主办单位",
    "assisting": "协办单位",
    "assignee": "承办人",
    "name": "文件名",
    "content": "文件内容",
    "amount": "延长多少",
    "unit": "时间单位",
    "text": "回告内容",
    "outcome": "办理结果",
    "ground": "依据",
    "to": "转往何处",
    "matter": "事项",
    "parts": "拆出的事项",
    "into": "并入哪一条目",
    "solved": "是否解决",
    "satisfaction": "满意程度",
    "comment": "评价内容",
    "submission_id": "评价人的来件编号",
    "level": "督办方式",
    "person": "包案人",
    "by": "督办期限",
}

DISCIPLINE = "discipline"
FORWARD_BODIES = {
    "court": "人民法院",
    "procuratorate": "人民检察院",
    "arbitration": "仲裁机构",
    DISCIPLINE: "纪检监察机关",
    "political-legal": "政法机关",
    "higher-office": "上级信访部门",
    "other-place": "外地有关部门",
}
EMERGENCY_LINES = {"110": "公安", "119": "消防", "120": "急救", "122": "交通事故"}
URGE_LEVELS = {"urge": "督办", "listed": "挂牌督办"}
SATISFACTION_NAMES = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}

_UNDECIDED = (EntryState.REGISTERED, EntryState.RETURNED)
AT_WORK = (EntryState.ACCEPTED, EntryState.REOPENED)
_OPEN = (*_UNDECIDED, EntryState.ASSIGNED, *AT_WORK)
_ANSWERED = (EntryState.REPLIED, EntryState.EVALUATED)
OFF_THE_LINE = (EntryState.CLOSED, EntryState.DECLINED, EntryState.FORWARDED, EntryState.MERGED)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: in `before` (empty: there is no entry yet) who has the right `action`
    may give `command`, with what it `needs` and `takes` (keys of `FIELD_NAMES`).

    `after` None: the state stays. `turn` is another state, and when it comes to that. With
    `assisting` an assisting department may do it too.
    """

    command: Command
    before: tuple[EntryState, ...]
    after: EntryState | None
    action: Action
    effect: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    turn: tuple[str, EntryState] | None = None
    assisting: bool = False


TRANSITIONS = (
    Transition(
        Command.REGISTER,
        (),
        EntryState.REGISTERED,
        Action.SUBMIT,
        "来件入库，附系统建议，没把握的等人复核",
        turn=("系统有把握", EntryState.ASSIGNED),
    ),
    Transition(
        Command.CONFIRM,
        (EntryState.REGISTERED,),
        EntryState.ASSIGNED,
        Action.DECIDE,
        "按系统建议交办，时限开始计算",
    ),
    Transition(
        Command.CORRECT,
        (EntryState.REGISTERED,),
        EntryState.ASSIGNED,
        Action.DECIDE,
        "按经办人认定交办，系统建议原样保留",
    ),
    Transition(
        Command.CORRECT,
        (EntryState.RETURNED, EntryState.ASSIGNED, *AT_WORK),
        None,
        Action.DECIDE,
        "改领域、紧急程度、性质、单位等",
        turn=("换了主办单位", EntryState.ASSIGNED),
    ),
    Transition(
        Command.CORRECT,
        _ANSWERED,
        None,
        Action.DECIDE,
        "改领域、紧急程度、性质等；已回告的不能再换主办单位",
    ),
    Transition(
        Command.ASSIGN,
        _UNDECIDED,
        EntryState.ASSIGNED,
        Action.ASSIGN,
        "送到主办单位，签收和异议的期限重新计算；退回的件即同意退回，办理时限不重新计算",
        needs=("lead",),
        takes=("assisting", "note"),
    ),
    Transition(
        Command.REASSIGN,
        (EntryState.ASSIGNED, *AT_WORK),
        EntryState.ASSIGNED,
        Action.ASSIGN,
        "换主办单位，原承办人清空，新单位另行签收；办理时限不重新计算",
        needs=("lead", "note"),
        takes=("assisting",),
    ),
    Transition(
        Command.RECALL,
        (EntryState.ASSIGNED,),
        EntryState.RETURNED,
        Action.ASSIGN,
        "收回没有签收的件；到期无人签收的由系统自动收回，不计退回次数",
        takes=("note",),
    ),
    Transition(
        Command.OVERRULE,
        (EntryState.RETURNED,),
        EntryState.ASSIGNED,
        Action.ASSIGN,
        "不同意退回，仍由原单位办理，该单位不能再退",
        needs=("note",),
    ),
    Transition(
        Command.ACCEPT,
        (EntryState.ASSIGNED, EntryState.REOPENED),
        EntryState.ACCEPTED,
        Action.WORK,
        "记下签收时间和承办人",
        takes=("assignee", "note"),
    ),
    Transition(
        Command.RETURN,
        (EntryState.ASSIGNED, EntryState.ACCEPTED),
        EntryState.RETURNED,
        Action.WORK,
        "在异议期内说明理由退给受理员，退回次数加一；受理员同意（交办他处）或驳回",
        needs=("note",),
    ),
    Transition(
        Command.DELEGATE,
        AT_WORK,
        None,
        Action.WORK,
        "换单位内的承办人",
        needs=("assignee",),
        takes=("note",),
    ),
    Transition(
        Command.PROGRESS,
        (*AT_WORK, *_ANSWERED),
        None,
        Action.WORK,
        "在经办记录中写一笔",
        needs=("note",),
        assisting=True,
    ),
    Transition(
        Command.ATTACH,
        (EntryState.ASSIGNED, *AT_WORK, *_ANSWERED),
        None,
        Action.WORK,
        "照片、记录等随条目保存，并记下摘要值",
        needs=("name", "content"),
        takes=("note",),
        assisting=True,
    ),
    Transition(
        Command.REQUEST_EXTENSION,
        AT_WORK,
        None,
        Action.WORK,
        "请求延长办理时限，等督查员批；同一时候只能有一份",
        needs=("amount", "unit", "note"),
    ),
    Transition(
        Command.GRANT_EXTENSION,
        AT_WORK,
        None,
        Action.RULE_EXTENSION,
        "办理时限后移，不超过所依规定的上限；延期次数加一",
        takes=("amount", "note"),
    ),
    Transition(
        Command.REFUSE_EXTENSION,
        AT_WORK,
        None,
        Action.RULE_EXTENSION,
        "时限不变，理由告知承办单位",
        needs=("note",),
    ),
    Transition(
        Command.PAUSE,
        AT_WORK,
        None,
        Action.WORK,
        "按规定列明的事由停表",
        needs=("ground",),
        takes=("note",),
    ),
    Transition(
        Command.RESUME,
        AT_WORK,
        None,
        Action.WORK,
        "恢复计时，停表的时间补回",
        takes=("note",),
    ),
    Transition(
        Command.REPLY,
        AT_WORK,
        EntryState.REPLIED,
        Action.WORK,
        "停表；每一位反映人都能看到；不予支持的须写明依据",
        needs=("text", "outcome"),
        takes=("ground", "note"),
    ),
    Transition(
        Command.DECLINE,
        _UNDECIDED,
        EntryState.DECLINED,
        Action.ASSIGN,
        "不再受理，依据告知反映人",
        needs=("ground",),
        takes=("note",),
    ),
    Transition(
        Command.DECLINE,
        AT_WORK,
        EntryState.DECLINED,
        Action.WORK,
        "不再受理，依据告知反映人",
        needs=("ground",),
        takes=("note",),
    ),
    Transition(
        Command.FORWARD,
        _OPEN,
        EntryState.FORWARDED,
        Action.ASSIGN,
        "转往法院、仲裁等本系统以外的机关；转纪检的，整件来件当场封存进纪检台账",
        needs=("to", "note"),
    ),
    Transition(
        Command.ALARM,
        _OPEN,
        None,
        Action.ASSIGN,
        "特急的立即转 110、119、120、122，台账照常办理后续；待复核的可随认定一步办成",
        needs=("to",),
        takes=("note",),
    ),
    Transition(
        Command.SPLIT,
        _OPEN,
        None,
        Action.ASSIGN,
        "一件多事：拆出的事项各成一条，各交各的单位",
        needs=("parts",),
        takes=("matter", "note"),
    ),
    Transition(
        Command.MERGE,
        _OPEN,
        EntryState.MERGED,
        Action.ASSIGN,
        "并入同一事项的另一条；反映人一个不少，每人都得到回告；取更急的级别和更早的时限",
        needs=("into",),
        takes=("note",),
    ),
    Transition(
        Command.EVALUATE,
        _ANSWERED,
        EntryState.EVALUATED,
        Action.EVALUATE,
        "记下是否解决、是否满意；反映人自评或受理员回访",
        needs=("solved", "satisfaction"),
        takes=("comment", "submission_id"),
        turn=("未解决", EntryState.REOPENED),
    ),
    Transition(
        Command.EVALUATE,
        (EntryState.CLOSED,),
        None,
        Action.EVALUATE,
        "销号以后补记的评价",
        needs=("solved", "satisfaction"),
        takes=("comment", "submission_id"),
        turn=("未解决", EntryState.REOPENED),
    ),
    Transition(
        Command.CLOSE,
        (EntryState.REPLIED,),
        EntryState.CLOSED,
        Action.CLOSE,
        "没有评价而销号，须写明依据，如多次联系不上",
        needs=("ground",),
        takes=("note",),
    ),
    Transition(
        Command.CLOSE,
        (EntryState.EVALUATED,),
        EntryState.CLOSED,
        Action.CLOSE,
        "已回告、已评价，从清单上划去",
        takes=("ground", "note"),
    ),
    Transition(
        Command.REOPEN,
        (*_ANSWERED, *OFF_THE_LINE),
        EntryState.REOPENED,
        Action.REOPEN,
        "回到主办单位重新办理，时限重新计算，重办次数加一",
        needs=("note",),
    ),
    Transition(
        Command.URGE,
        (*_OPEN, EntryState.REPLIED),
        None,
        Action.URGE,
        "督办次数加一；挂牌督办须写明包案人和期限",
        needs=("note",),
        takes=("level", "person", "by"),
    ),
    Transition(
        Command.WITHDRAW,
        _OPEN,
        EntryState.CLOSED,
        Action.WITHDRAW,
        "反映人撤回或登记有误；没有办理结果，不计入办结",
        needs=("note",),
    ),
)
