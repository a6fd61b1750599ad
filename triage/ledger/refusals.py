"""Why a database refused, in a few Chinese words: its own are English, and clerks ask what to do.

SQLite says it by number, PostgreSQL by a code or, before a connection stands, by a sentence alone.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError

_BY_NUMBER = {
    sqlite3.SQLITE_READONLY: "数据库文件或所在文件夹不能写，请改权限",
    sqlite3.SQLITE_PERM: "没有读写数据库文件的权限",
    sqlite3.SQLITE_CANTOPEN: "打不开数据库文件，请看它的文件夹在不在、能不能写",
    sqlite3.SQLITE_FULL: "磁盘已满，请腾出空间",
    sqlite3.SQLITE_IOERR: "读写磁盘失败，请检查磁盘",
}
_BY_CODE = {
    "42501": "数据库用户没有建表或读写的权限，请让数据库管理员授权",
    "53100": "数据库服务器的磁盘已满",
    "53300": "数据库的连接已用完",
}
_BY_SENTENCE = {
    "failed to resolve host": "找不到这个主机名",
    "could not translate host name": "找不到这个主机名",
    "Connection refused": "对方没有开启数据库服务",
    "timeout expired": "对方没有应答",
    "No such file or directory": "找不到本机的数据库服务",
    "password authentication failed": "用户名或密码不对",
    "no password supplied": "没有给出密码",
    "no pg_hba.conf entry": "对方不许这个用户从本机连接",
    "does not exist": "没有这个库或这个用户",
    "too many clients": "数据库的连接已用完",
}


def find_reason(error: BaseException) -> str | None:
    """Why the driver refused, or None where it is not known or the database was merely busy."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    number = getattr(origin, "sqlite_errorcode", None)
    if number is not None:
        return _BY_NUMBER.get(number & 0xFF)  # the rest says where in the file it happened
    code = getattr(origin, "sqlstate", None)
    if code is not None:
        return _BY_CODE.get(code)
    said = str(origin)
    return next((reason for words, reason in _BY_SENTENCE.items() if words in said), None)
