"""What a queue keeps, in which order, and that it is on the disk before anybody is told."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from instruments.errors import DataDamaged, Refused, UnknownName, WriteFailed
from labctl import rundir
from labctl.asked import Asked
from labctl.service.items import Policy
from labctl.service.queue import Queue


def filled(folder: Path, count: int = 3) -> Queue:
    """A queue of so many items."""
    queue = Queue(folder)
    for number in range(count):
        queue.add(Asked(procedure="ahe", parameters={"loops": str(number + 1)}))
    return queue


def states(queue: Queue) -> str:
    return " ".join(f"{item.id}:{item.state}" for item in queue.book.items)


def test_what_was_added_is_there_after_a_new_start(tmp_path: Path) -> None:
    queue = filled(tmp_path)
    queue.pause("lunch")
    queue.set_policy(Policy(after_failure="skip", retries=2))
    again = Queue(tmp_path)
    assert again.book == queue.book
    assert (again.book.paused, again.book.why) == (True, "lunch")
    assert again.add(Asked(procedure="ahe")).id == "4"


def test_each_change_is_forced_to_the_disk_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        forced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell which file a handle is")
    queue = filled(tmp_path, 1)
    monkeypatch.setattr(os, "fsync", fsync)
    queue.pause("why")
    assert forced == ["queue.json.part", tmp_path.name]


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    queue = filled(tmp_path)
    queue.remove("3")
    assert queue.add(Asked(procedure="ahe")).id == "4"
    assert Queue(tmp_path).add(Asked(procedure="ahe")).id == "5"


def test_a_full_disk_refuses_an_item_and_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = filled(tmp_path)
    before = queue.file.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rundir.os, "fsync", full)
    with pytest.raises(WriteFailed, match=r"queue\.json: No space left"):
        queue.add(Asked(procedure="ahe"))
    assert states(queue) == "1:waiting 2:waiting 3:waiting"
    assert queue.file.read_bytes() == before
    with pytest.raises(WriteFailed):
        queue.take()
    assert states(queue) == "1:waiting 2:waiting 3:waiting"  # nothing has begun
    queue.note("1", state="finished")
    assert queue.book.paused  # a queue that cannot be kept does not go on
    assert "cannot be written" in queue.book.why


def test_items_are_moved_among_those_that_wait(tmp_path: Path) -> None:
    queue = filled(tmp_path)
    first = queue.take()
    assert first is not None
    assert (first.id, first.state, first.attempts) == ("1", "running", 1)
    queue.move("3", "2")
    assert states(queue) == "1:running 3:waiting 2:waiting"
    queue.move("3", None)
    queue.move("3", "3")
    assert states(queue) == "1:running 2:waiting 3:waiting"
    for number, before in (("1", None), ("2", "1")):
        with pytest.raises(Refused, match="item 1 is running, and only items that wait"):
            queue.move(number, before)
    with pytest.raises(UnknownName, match="there is no item '9' in this queue"):
        queue.move("9", None)


def test_what_is_on_is_neither_changed_nor_removed(tmp_path: Path) -> None:
    queue = filled(tmp_path, 2)
    queue.take()
    with pytest.raises(Refused, match="item 1 is on; abort it first"):
        queue.remove("1")
    with pytest.raises(Refused):
        queue.edit("1", Asked(procedure="sot-switching"))
    assert queue.edit("2", Asked(procedure="sot-switching")).asked.procedure == "sot-switching"
    queue.note("1", state="waiting", run="/runs/0001")  # it was cut, and is to be carried on
    with pytest.raises(Refused, match="was begun already, in /runs/0001"):
        queue.edit("1", Asked(procedure="ahe"))


def test_skipped_items_are_passed_over_and_wait_again_when_asked(tmp_path: Path) -> None:
    queue = filled(tmp_path, 2)
    queue.skip("1")
    taken = queue.take()
    assert taken is not None
    assert taken.id == "2"
    assert queue.again("1").state == "waiting"
    queue.note("2", state="finished")
    with pytest.raises(Refused, match="item 2 is finished; only what was skipped or did not finish"):
        queue.again("2")
    assert queue.book.items[1].ended is not None


def test_who_waits_for_an_item_gets_it_when_there_is_one_and_none_at_the_end(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    taken: list[str | None] = []

    def take() -> None:
        while True:
            item = queue.take()
            taken.append(None if item is None else item.id)
            if item is None:
                return
            queue.note(item.id, state="finished")

    waiting = threading.Thread(target=take)
    waiting.start()
    queue.pause("not yet")
    queue.add(Asked(procedure="ahe"))
    assert taken == []
    queue.go()
    while states(queue) != "1:finished":
        pass
    queue.close()
    waiting.join(10)
    assert taken == ["1", None]


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 2}', '{"schema": 1, "items": [{"id": "1"}]}'])
def test_a_file_that_is_no_queue_is_named_and_left_alone(content: str, tmp_path: Path) -> None:
    file = tmp_path / "queue.json"
    file.write_text(content)
    with pytest.raises(DataDamaged, match=r"queue\.json"):
        Queue(tmp_path)
    assert file.read_text() == content


def test_the_file_says_its_layout(tmp_path: Path) -> None:
    assert json.loads(filled(tmp_path).file.read_text())["schema"] == 1
