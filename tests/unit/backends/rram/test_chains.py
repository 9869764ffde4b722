"""Chains of cores that pass vectors on through a ring: proven link by link."""

import pytest
from rram_programs import as_map, core, module_of

from cimc.backends.rram.dialect import cores_of
from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    RingOp,
    StepOp,
    StoreOp,
    WaitOp,
)
from cimc.backends.rram.verify.accesses import _Checker
from cimc.backends.rram.verify.chains import chains_of
from cimc.backends.rram.verify.proof import _schedule, prove
from cimc.backends.rram.verify.skeleton import Skeleton
from cimc.backends.rram.verify.streams import streams_of
from cimc.backends.rram.verify.unfold import unfold

CORES, SEGMENTS, VECTORS = 4, 6, 15


def chain(*, credit=SEGMENTS, unawaited=None, offset=None, tidied=False):
    """Cores 3, 1, 0, 2 in this order; one may not wait, or use other bytes.

    Bytes of the last segment may be ``tidied`` by core 4 in the end.
    """
    order = [3, 1, 0, 2]
    cores = []
    for place, number in enumerate(order):
        at = {"base": 0, "offset": 2 if number == offset else 0}
        load = LoadOp(vd=0, count=1, length=4, stride=0, **at)
        store = StoreOp(vs=0, length=4, **at)
        following = order[(place + 1) % CORES]
        body = [
            *([] if number == unawaited else [WaitOp(s=0, by=1)]),
            *([load] if place else []),
            *([store] if place < CORES - 1 else []),
            StepOp(a=0, by=4),
            CallOp(core=following, s=0, by=1),
        ]
        start = LoadOp(vd=0, base=1, offset=192, count=1, length=4, stride=0)
        late = [WaitOp(s=0, by=VECTORS)] if number == unawaited else []
        ring = RingOp(a=0, base=0, size=4 * SEGMENTS, value=0)
        end = [CallOp(core=4, s=1, by=1)] if tidied and place == CORES - 1 else []
        main = [start, ring, LoopOp(body, count=VECTORS), *late, *end]
        credits = [] if place else [CreditOp(s=0, count=credit)]
        cores.append(core(number, main, credits))
    if tidied:
        load = LoadOp(vd=0, base=1, offset=192, count=1, length=2, stride=0)
        last = RingOp(a=0, base=0, size=4 * SEGMENTS, value=4 * (VECTORS - 1))
        store = StoreOp(vs=0, base=0, offset=0, length=2)
        cores.append(core(4, [load, last, WaitOp(s=1, by=1), store]))
    cores.sort(key=lambda op: op.number)
    whole = as_map("in", 0, 256, "input")
    return module_of(*cores, declarations=(whole,), memory=256)


def checked(module):
    """The chains found, and how many pairs are left to look at."""
    skeleton = Skeleton.of(cores_of(module), 1)
    unfolded = unfold(skeleton, 1)
    streams, _ = streams_of(skeleton, unfolded)
    schedule = _schedule(skeleton, unfolded)
    found = chains_of(streams, unfolded.pieces, schedule)
    return found, len(_Checker(streams, unfolded, schedule, more=False)._pairs)


def test_links_stand_for_all_pairs():
    found, pairs = checked(chain())
    assert [one.cores.tolist() for one in found] == [[3, 1, 0, 2]]
    assert not found[0].single
    assert pairs == 0
    assert prove(chain()) is None


@pytest.mark.parametrize(
    "fault", [{"credit": SEGMENTS + 1}, {"unawaited": 0}, {"unawaited": 1}]
)
def test_one_link_too_few_is_no_chain(fault):
    found, pairs = checked(chain(**fault))
    assert found == []
    assert pairs > CORES
    problem = prove(chain(**fault))
    assert problem is not None
    assert problem.kind == "unordered"


def test_cores_of_a_chain_use_the_same_segments():
    found, pairs = checked(chain(offset=0))
    assert found == []
    assert pairs > CORES


def test_loads_of_a_chain_are_written_whatever_else_writes_there():
    found, pairs = checked(chain(tidied=True))
    assert [one.cores.tolist() for one in found] == [[3, 1, 0, 2]]
    assert pairs > 0
    assert prove(chain(tidied=True)) is None
