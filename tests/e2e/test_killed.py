"""Who writes an artifact and is killed leaves none, or a whole one.

Before it writes, a compiler touches nothing in its destination; so what is killed here
reads an artifact and writes it again, most of the time after it has begun to write.
"""

from __future__ import annotations

import random
from multiprocessing import get_context
from pathlib import Path
from time import sleep

import pytest

import cimc
from cimc.driver import execute_images
from tests.support.shipped import compiled, images

KILLS = 20

#: Seconds that writing takes, about.
WRITING = 0.03

#: Starts processes from one that has imported everything and has no threads.
_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(["cimc.driver"])


def write_again(source: Path, out: Path) -> None:
    """What ``cimc compile -o`` does in the end."""
    cimc.load(source).save(out)


@pytest.mark.parametrize("older", [False, True], ids=["first", "over an older one"])
def test_what_is_left_is_whole(older: bool, tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "folder" / "out"
    compiled("lenet5", "pelke-128", objective="area").save(source)
    if older:
        write_again(source, out)
    choose, left = random.Random(older), 0
    for kill in range(KILLS):
        process = _SERVER.Process(target=write_again, args=(source, out))
        process.start()
        while kill % 4 and process.is_alive() and not _begun(out, left):
            sleep(0.001)
        sleep(choose.uniform(0, WRITING))
        process.kill()
        process.join()
        left = len(list(out.parent.glob(".cimc-*")))
        if out.exists():
            cimc.load(out)

    write_again(source, out)  # whatever is left is not in the way
    artifact = cimc.load(out)
    verified = execute_images(artifact, images(artifact, "lenet5", 1), verify=True)
    assert verified.verified is not None
    verified.verified.require()


def _begun(out: Path, left: int) -> bool:
    """Whether there is one more folder in which an artifact is put together."""
    return len(list(out.parent.glob(".cimc-*"))) > left
