"""The callers of `bench/mixed.py`, run by locust: three hand in, five read, two work, of ten.

Kept apart because locust changes the sockets of the process it runs in.
"""

import json
import os
from itertools import count
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant, task

from bench.sample import make_sample

_FILED = int(os.environ["BENCH_FILED"])
_DATA = os.environ["BENCH_DATA"]
# Behind those that stand in the ledgers already: what comes in on a day is seldom a mere copy.
_SAMPLE = make_sample(_FILED + 3072, data=Path(_DATA) if _DATA else None)[_FILED:]
_NUMBERS = count()
_DEPARTMENTS = os.environ["BENCH_DEPARTMENTS"].split(",")
_KEY = os.environ["BENCH_KEY"]


class Office(FastHttpUser):
    """One caller, who sends the next request when the answer to the last has come."""

    wait_time = constant(0)

    def on_start(self) -> None:
        self.client.auth_header = f"Bearer {_KEY}"
        self.entries: list[dict[str, Any]] = []

    def _send(self, method: str, path: str, name: str, body: Any = None) -> bytes:
        """What is answered, as it came: whoever only reads takes nothing apart, and the processor
        that would take is the service's too. Empty where the request failed."""
        headers = {"Authorization": f"Bearer {_KEY}"}
        with self.client.request(
            method, path, name=name, json=body, headers=headers, catch_response=True
        ) as answer:
            if answer.status_code not in (200, 201):
                answer.failure(f"{answer.status_code}: {answer.text[:120]}")
                return b""
            answer.success()
            return bytes(answer.content)

    @task(3)
    def submit(self) -> None:
        number = next(_NUMBERS)
        told = _SAMPLE[number % len(_SAMPLE)]
        body = {"id": f"{os.getpid()}-{number}", "title": told.title, "content": told.content}
        answer = self._send("POST", "/v1/submissions", "submit", body)
        if answer and (entry := json.loads(answer)["entry"]):
            self.entries.append(entry)

    @task(5)
    def read(self) -> None:
        department = _DEPARTMENTS[next(_NUMBERS) % len(_DEPARTMENTS)]
        self._send("GET", f"/v1/ledgers/{department}", "read")

    @task(2)
    def work(self) -> None:
        """Sign for an entry of one's own, then add to its record."""
        if not self.entries:
            self.submit()
            return
        entry = self.entries[-1]
        command = "accept" if entry["state"] == "assigned" else "progress"
        body = {"version": entry["version"], "note": "已派人到现场查看"}
        answer = self._send("POST", f"/v1/entries/{entry['id']}/{command}", "work", body)
        if answer:
            self.entries[-1] = json.loads(answer)["entry"]
