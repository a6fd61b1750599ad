"""What the operating system says when it refuses, in Chinese: its own words are English."""

import errno
import socket

_NAMES = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.EEXIST: "同名的文件已经存在",
    errno.ENOTEMPTY: "文件夹不是空的",
    errno.ENAMETOOLONG: "文件名过长",
    errno.ELOOP: "链接绕成了圈",
    errno.EACCES: "没有权限",
    errno.EPERM: "系统不允许",
    errno.EROFS: "所在的磁盘只能读",
    errno.EBUSY: "正被占用",
    errno.ETXTBSY: "正被占用",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "超过磁盘配额",
    errno.EFBIG: "文件过大",
    errno.EIO: "磁盘读写失败",
    errno.ENOMEM: "内存不足",
    errno.EMFILE: "打开的文件过多",
    errno.ENFILE: "打开的文件过多",
    errno.EADDRINUSE: "地址已被占用",
    errno.EADDRNOTAVAIL: "不是本机的地址",
    errno.ECONNREFUSED: "对方拒绝连接",
    errno.ECONNRESET: "对方断开了连接",
    errno.ETIMEDOUT: "对方没有应答",
    errno.EHOSTUNREACH: "连不上对方",
    errno.ENETUNREACH: "网络不通",
    socket.EAI_NONAME: "找不到这个主机名",  # also as a bare number, where it was told on
}


def name_fault(error: OSError) -> str:
    """Why the system refused, in a few words; the number of the error where it is a rare one."""
    if isinstance(error, socket.gaierror):
        return "找不到这个主机名"
    if error.errno is None:
        return "系统没有说明原因"
    return _NAMES.get(error.errno, f"系统错误 {error.errno}")
