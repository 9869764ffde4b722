"""Python's collector, paused."""

import gc
import weakref

from cimc.driver.collector import collector_paused


class Node:
    """What refers to itself, as IR does."""

    def __init__(self) -> None:
        self.me = self


def is_young(node: Node) -> bool:
    """Whether the next few objects would have the collector look at it."""
    return any(found is node for found in gc.get_objects(generation=0))


def test_what_comes_in_a_pause_is_old_behind_it():
    assert gc.isenabled()
    before = Node()
    assert is_young(before)
    with collector_paused():
        assert not gc.isenabled()
        node = Node()
        assert is_young(node)
    assert gc.isenabled()
    assert not is_young(node)
    assert gc.get_freeze_count() == 0


def test_a_pause_begins_without_what_the_last_one_left():
    with collector_paused():
        dead = weakref.ref(Node())
    assert dead() is not None
    with collector_paused():
        assert dead() is None


def test_a_collector_that_is_off_stays_off():
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
