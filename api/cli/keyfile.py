"""`triage keys rotate`: a new key in the key file, and all that is sealed sealed anew."""

import sys

from api.cli.town import now, open_store_here


def rotate_keys() -> None:
    """换一把加密密钥：写入密钥文件，并把反映人信息、检举控告等全部用新密钥重新加密。"""
    from triage.ledger.resealing import reseal, rotate_key
    from triage.roles import SHELL

    done = 0
    with open_store_here() as store:
        with store.writing() as session:
            key_id = rotate_key(session, who=SHELL.who, now=now())
        while True:  # each turn a transaction of its own: the service goes on meanwhile
            with store.writing() as session:
                turn = reseal(session)
            if not turn:
                break
            done += turn
    print(f"已换用密钥 {key_id}，重新加密 {done} 项")
    print(
        "请备份密钥文件；旧备份仍要旧密钥，所以文件里也留着它。重启服务后新内容也用新密钥",
        file=sys.stderr,
    )
