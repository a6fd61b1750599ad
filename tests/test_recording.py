"""Submissions sent at the same moment are recorded together, and none costs another."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from service_factories import run_service

TOLD = {"title": "幸福里小区电梯停运", "content": "三号楼电梯停运三天，老人下不了楼，物业不管。"}


def test_of_many_at_once_each_gets_its_own_answer(tmp_path: Path) -> None:
    bodies = [{"id": f"L-{n}", **TOLD} for n in range(12)]
    bodies += [{"id": "L-3", **TOLD}, {"id": "L-4", **TOLD, "title": "别的"}, {"id": "L-5"}]
    with run_service(tmp_path) as running, running.client("submit", "read") as client:
        gate = Barrier(len(bodies))

        def send(body: dict[str, str]) -> tuple[str, int]:
            gate.wait()
            answer = client.post("/v1/submissions", json=body)
            if answer.status_code in (200, 201):
                assert answer.json()["submission"]["id"] == body["id"]
            return body["id"], answer.status_code

        with ThreadPoolExecutor(len(bodies)) as pool:
            told = list(pool.map(send, bodies))
        said: dict[str, list[int]] = {}
        for name, status in told:
            said.setdefault(name, []).append(status)
        assert sorted(said.pop("L-3")) == [200, 201]
        assert sorted(said.pop("L-4")) == [201, 409]
        assert sorted(said.pop("L-5")) == [201, 422]
        assert set(map(tuple, said.values())) == {(201,)}
        for body in bodies[:12]:
            assert client.get(f"/v1/submissions/{body['id']}").status_code == 200
