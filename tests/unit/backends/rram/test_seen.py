"""LOADs that must find written what STOREs with gaps, or several ones, have written."""

import pytest
from rram_programs import as_map, core, module_of

from cimc.backends.rram.isa import (
    CallOp,
    LoadOp,
    LoopOp,
    SetOp,
    StepOp,
    StoreOp,
    WaitOp,
)
from cimc.backends.rram.verify.proof import prove


def verdict(*, length, offset=0, step=8, per_store=False, apart=False):
    """Core 0 stores 4 of each 8 bytes, core 1 loads, core 2 then stores all bytes.

    ``apart``: two STOREs of core 0 do so, one in front and one behind.
    """
    fetch = LoadOp(vd=0, base=1, offset=192, count=1, length=64, stride=0)
    store = StoreOp(base=0, offset=0, vs=0, length=4)
    # A CALL in the loop makes each execution a piece of its own.
    call = CallOp(core=1, s=0, by=1)
    body = [store, StepOp(a=0, by=8), *([call.clone()] if per_store else [])]
    parts = [LoopOp(body, count=2 if apart else 4)]
    parts += [parts[0].clone()] if apart else []
    writes = [SetOp(a=0, value=0), fetch, *parts]
    load = LoadOp(vd=0, base=0, offset=offset, count=1, length=length, stride=0)
    reads = [
        SetOp(a=0, value=0),
        WaitOp(s=0, by=4 if per_store else 1),
        LoopOp([load, StepOp(a=0, by=step)], count=3),
        CallOp(core=2, s=0, by=1),
    ]
    rewrites = [fetch.clone(), WaitOp(s=0, by=1)]
    rewrites.append(StoreOp(base=0, offset=0, vs=0, length=64))
    whole = as_map("in", 0, 256, "intermediate")
    preset = as_map("preset", 192, 64, "input")
    cores = core(0, writes if per_store else [*writes, call]), core(1, reads)
    module = module_of(
        *cores, core(2, rewrites), declarations=(whole, preset), memory=256
    )
    problem = prove(module)
    return "" if problem is None else str(problem.error())


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("per_store", [False, True])
@pytest.mark.parametrize(("length", "offset"), [(4, 0), (2, 0), (3, 1)])
def test_what_lies_in_segments_is_written(length, offset, per_store, apart):
    where = {"length": length, "offset": offset}
    assert verdict(**where, per_store=per_store, apart=apart) == ""


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("per_store", [False, True])
@pytest.mark.parametrize(
    ("length", "offset", "step"), [(5, 0, 8), (4, 1, 8), (4, 4, 8), (4, 0, 4)]
)
def test_what_lies_in_gaps_is_not(length, offset, step, per_store, apart):
    where = {"length": length, "offset": offset, "step": step}
    found = verdict(**where, per_store=per_store, apart=apart)
    assert "what it reads may not be written yet" in found
