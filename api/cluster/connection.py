"""A Dask cluster to work on: one of this machine's own processes, or one that is there already."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from api.files.batch import count_cores
from triage.errors import InvalidInput, TriageError

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
_SCHEMES = ("tcp://", "tls://")
_PATIENCE = 20  # seconds to reach the scheduler, and for the first worker to show


@contextmanager
def connect(address: str, *, workers: int | None = None) -> Iterator["Client"]:
    """A client of the cluster at `address` ("tcp://…", "tls://…"), or of a "local" one.

    A local one has `workers` processes (None: one a core) and listens on this machine only. Raises
    InvalidInput for another kind of address, TriageError where there is no cluster to be had.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise TriageError("用集群要先安装部件：pip install 'minsheng-triage[cluster]'") from error
    if address == LOCAL:
        with (
            LocalCluster(
                n_workers=workers or count_cores(),
                threads_per_worker=1,
                # whoever reaches a scheduler runs code on it: others on this machine shall not
                security=True,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.ERROR,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    if not address.startswith(_SCHEMES):
        raise InvalidInput(f"--cluster 应是 local 或 tcp://主机:端口，而不是“{address}”")
    if workers is not None:
        raise InvalidInput("--workers 只用于 --cluster local；集群有几个进程由集群自己定")
    try:
        client = Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise TriageError(f"连不上集群 {address}，请核对地址，看调度进程是否在运行") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise TriageError(f"集群 {address} 里没有工作进程，请先启动 dask worker") from error
        yield client


def run_all(
    client: "Client", call: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]]
) -> Iterator[tuple[str, Any]]:
    """(name, what `call` returned for its arguments, or a TriageError) of each task as it ends.

    A task whose worker dies is given to another, so `call` must bear being called again, and even
    twice at once. Raises TriageError where the cluster itself is lost.
    """
    from distributed import as_completed
    from distributed.client import FutureCancelledError

    run = uuid4().hex
    futures = {
        client.submit(call, *given, key=f"{call.__name__}-{run}-{name}", pure=False): name
        for name, given in tasks.items()
    }
    try:
        for future in as_completed(futures):
            name = futures.pop(future)
            try:
                yield name, future.result()
            except FutureCancelledError as error:
                raise _lost() from error
            except TriageError as error:
                yield name, error
            except Exception as error:
                yield name, _explain(error)
            future.release()
    except OSError as error:
        raise _lost() from error
    finally:
        client.cancel(list(futures), force=True)


def _lost() -> TriageError:
    return TriageError("与集群的连接断了，请再执行一次同一条命令：已完成的部分不会重做")


def _explain(error: Exception) -> TriageError:
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return TriageError("做这一部分的进程几次都意外退出（可能是内存不足），请把它拆小")
    if isinstance(error, ModuleNotFoundError):
        return TriageError(f"集群上没有安装 {error.name}，各台机器要装同一版本的民声分诊")
    return TriageError(f"出错（{type(error).__name__}：{str(error)[:200]}）")
