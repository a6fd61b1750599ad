"""Eight clients over HTTP on the same entries, on both databases: no step is lost or done twice."""

import threading
from pathlib import Path

import httpx
from service_factories import NO_AUTHORITIES, RunningService, run_service
from work_factories import file_one, give, try_to

CLIENTS = 8
STEPS_EACH = 4
TOLD = "该条目刚被他人改过，请刷新后再办理"


def work(running: RunningService, headers: httpx.Headers, name: str, entries: list[int]) -> None:
    """Add so many steps, looking again whenever somebody else was faster."""
    with httpx.Client(
        base_url=running.url, headers=headers, timeout=60, trust_env=False, verify=NO_AUTHORITIES
    ) as client:
        for step in range(STEPS_EACH):
            entry_id = entries[step % len(entries)]
            while True:
                answer = try_to(client, entry_id, "progress", note=f"{name}-{step}")
                if answer.status_code == 200:
                    break
                assert (answer.status_code, answer.json()["detail"]) == (409, TOLD)


def test_eight_clients_race_on_the_same_entries_and_every_step_is_kept_once(
    store_url: str, tmp_path: Path
) -> None:
    with (
        run_service(tmp_path, database_url=store_url) as running,
        running.client("work", department="住建局") as client,
    ):
        entries = [file_one(running, name) for name in ("A-1", "A-2")]
        for entry_id in entries:
            give(client, entry_id, "accept")
        failures: list[BaseException] = []

        def run(name: str) -> None:
            try:
                work(running, client.headers, name, entries)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(f"甲{n}",)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        notes = []
        for entry_id in entries:
            file = client.get(f"/v1/entries/{entry_id}").json()
            versions = [action["version"] for action in file["actions"]]
            assert versions == list(range(2, file["entry"]["version"] + 1))
            notes += [action["note"] for action in file["actions"] if action["note"]]
        assert sorted(notes) == sorted(
            f"甲{n}-{s}" for n in range(CLIENTS) for s in range(STEPS_EACH)
        )
