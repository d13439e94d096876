"""Kills writers at random moments and looks at what they leave: python killing.py FOLDER KILLS SEED.

A child writes one tensor after another into a store and says each time how many rows it was told are there. After each
kill those rows must be there, and what is found in the store must be right to the last bit. A reader in a process of
its own looks all the time. Prints what was seen as JSON, and ends with 1 if anything was lost or wrong.
"""

import json
import os
import random
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from fusion.errors import StoreError
from fusion.store import journals
from fusion.store.entries import find, read
from fusion.store.keys import key
from fusion.store.writers import writing

ROWS, WIDTH, TENSORS = 400, 50, 4
ANSWER = struct.Struct("ii")
ROOM = 3 * (128 + ROWS * WIDTH * 4)
"""One tensor less than are written in turn, so that one leaves for each that comes."""


class StopError(Exception):
    """Leaves a tensor as it is."""


def parts(number: int) -> dict[str, object]:
    return {"tensor": f"killed/{number}"}


def truth(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=(ROWS, WIDTH)).astype("float32")


def write(folder: Path, answer: int, seed: int) -> None:
    """Writes until it is killed."""
    chance = random.Random(seed)
    while True:
        number = chance.randrange(TENSORS)
        rows = truth(number)
        with writing(folder, parts(number), shape=(WIDTH,), rows=ROWS, most=ROOM) as writer:
            while writer.done < ROWS:
                writer.append(rows[writer.done : writer.done + chance.randint(1, 40)])
                os.write(answer, ANSWER.pack(number, writer.done))
                # As computing would: most of a writer's time passes between appends.
                time.sleep(chance.uniform(0, 0.002))


def look(folder: Path) -> None:
    """Reads until it is killed; ends with 3 when a row is wrong."""
    expected = [truth(number) for number in range(TENSORS)]
    while True:
        for number in range(TENSORS):
            found = find(folder, key(parts(number)))
            try:
                rows = None if found is None else read(found)
            except StoreError as error:
                if "was removed since" not in str(error):
                    os._exit(4)
                continue
            if rows is not None and not np.array_equal(rows, expected[number]):
                os._exit(3)
        time.sleep(0.002)


def started(work, *arguments) -> int:
    process = os.fork()
    if not process:
        try:
            work(*arguments)
        finally:
            os._exit(5)
    return process


def killed(process: int) -> int:
    """Kills a child, and returns how it ended: 0 if it was still at work."""
    os.kill(process, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return 0 if status == -signal.SIGKILL else status


def told(answers: int, last: bytes) -> dict[int, int]:
    """Returns the rows of the tensor last written that the child was told are there."""
    while piece := os.read(answers, 65536):
        last = piece[-ANSWER.size :]
    return dict([ANSWER.unpack(last)]) if last else {}


def lost(folder: Path, number: int, told: int) -> bool:
    """Whether rows that were told to be there are not; a whole tensor may have been told and left."""
    if told == ROWS:
        return False
    there = 0
    with suppress(StopError), writing(folder, parts(number), shape=(WIDTH,), rows=ROWS, most=ROOM) as writer:
        there = writer.done
        raise StopError
    return there < told


def wrong(folder: Path) -> bool:
    for number in range(TENSORS):
        found = find(folder, key(parts(number)))
        if found is not None and not np.array_equal(read(found), truth(number)):
            return True
    return False


def main(folder: Path, kills: int, seed: int) -> int:
    journals.CHUNK = 20_000
    chance = random.Random(seed)
    seen = {"kills": 0, "midway": 0, "found": 0, "lost": 0, "wrong": 0, "failed": 0}
    reader = started(look, folder)
    while seen["kills"] < kills:
        answers, answer = os.pipe()
        writer = started(write, folder, answer, chance.random())
        os.close(answer)
        last = b""
        for _ in range(chance.randrange(40)):
            last = os.read(answers, ANSWER.size)
        time.sleep(chance.uniform(0, 0.004))
        seen["failed"] += killed(writer) != 0
        seen["kills"] += 1
        for number, count in told(answers, last).items():
            seen["midway"] += count < ROWS
            seen["lost"] += lost(folder, number, count)
        os.close(answers)
        seen["wrong"] += wrong(folder)
        seen["found"] += sum(find(folder, key(parts(number))) is not None for number in range(TENSORS))
    seen["failed"] += killed(reader) != 0
    print(json.dumps(seen))
    return 1 if seen["lost"] or seen["wrong"] or seen["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
