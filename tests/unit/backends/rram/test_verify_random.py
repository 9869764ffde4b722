"""Random programs: the verifier accepts what the simulator runs to the end, not more.

Every CALL has its WAIT and all bytes are there when an image starts, so that nothing
can go wrong but order. What one run of the simulator finds does not depend on its
timing, since it keeps vector clocks.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from rram_programs import as_map, core, encode, module_of, small_chip
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from cimc.backends.rram.dialect import FeatureMapsOp
from cimc.backends.rram.isa import (
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    NextOp,
    RingOp,
    SetOp,
    SlotOp,
    StepOp,
    StoreOp,
    WaitOp,
    WalkOp,
)
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.backends.rram.verify.proof import prove
from cimc.diagnostics import VerificationError
from cimc.weights import WeightStore

CORES = 3
MEMORY = 256
PROGRAMS = 60
IMAGES = 6

#: What the verifier may say where the simulator says this, or runs to the end ("").
#: A race hides the deadlock behind it.
AGREED = {
    "": {"proven"},
    "E043": {"unordered", "deadlock"},
    "E045": {"deadlock"},
}


class Generator:
    """Programs of three cores; s0 and s1 of each are called by the next two.

    The last quarter of memory is never stored to. With ``batch`` registers begin
    further on in each image.
    """

    def __init__(self, seed: int, *, rings: bool, batch: bool = False) -> None:
        self.random, self.rings, self.batch = Random(seed), rings, batch
        self.left: Counter[tuple[int, int]] = Counter()

    def word(self, low: int, high: int) -> int:
        return 4 * self.random.randint(low, high)

    def program(self) -> ModuleOp:
        mains = [[*self.start(), *self.body(n, 1, 0)] for n in range(CORES)]
        for (number, register), count in sorted(self.left.items()):
            if count > 0:
                mains[number].append(WaitOp(s=register, by=count))
            elif count < 0:
                source = (number + 1 + register) % CORES
                call = CallOp(core=number, s=register, by=-count)
                at = self.random.choice([1, len(mains[source])])
                mains[source].insert(at, call)
        cores = [core(n, main, self.credits()) for n, main in enumerate(mains)]
        whole = as_map("in", 0, MEMORY, "input")
        if self.batch:
            size = MEMORY - 4 * (IMAGES - 1)
            one = as_map("in", 0, size, "input")
            whole = FeatureMapsOp(**one.values, images=IMAGES, pitch=4)
        return module_of(*cores, declarations=(whole,), memory=MEMORY)

    def credits(self) -> list[Operation]:
        counts = [self.random.choice([0, 0, 0, 1, 2]) for _ in range(2)]
        return [CreditOp(s=s, count=n) for s, n in enumerate(counts) if n]

    def start(self) -> list[Operation]:
        ops: list[Operation] = [LoadOp(vd=0, base=1, offset=192, count=1, length=64)]
        if self.rings:
            base, size = self.random.choice([(0, 32), (0, 32), (0, 64), (32, 32)])
            columns = self.random.randint(1, 3)
            ops += [
                RingOp(a=0, base=base, size=size, value=self.word(0, 3)),
                WalkOp(a=0, columns=columns, column=0, step=4, jump=self.word(-1, 2)),
            ]
            if self.random.random() < 0.5:
                ops.append(RingOp(a=1, base=base, size=size, value=self.word(0, 7)))
        if self.batch:
            pitches = self.random.choice([(0, 0), (8, 8), (8, 8), (16, 16), (8, 16)])
            ops += [SlotOp(a=a, pitch=pitch) for a, pitch in enumerate(pitches)]
        return ops

    def body(self, number: int, times: int, depth: int) -> list[Operation]:
        ops: list[Operation] = []
        for _ in range(self.random.randint(1, 5)):
            if depth < 2 and self.random.random() < 0.25:
                count = self.random.randint(1, 4)
                inside = self.body(number, times * count, depth + 1)
                ops.append(LoopOp(inside, count=count))
            else:
                ops.append(self.instruction(number, times))
        return ops

    def instruction(self, number: int, times: int) -> Operation:
        kinds = ["load", "store", "call", "wait", "wait"]
        if self.rings:
            kinds += ["step", "next", "next"]
        elif not self.batch:
            kinds += ["set"]
        base = self.random.randint(0, 1)
        register, by = self.random.randint(0, 1), self.random.randint(1, 2)
        match self.random.choice(kinds):
            case "load":
                return LoadOp(
                    vd=0,
                    base=base,
                    offset=self.word(0, 7),
                    count=self.random.randint(1, 2),
                    length=4,
                    stride=self.word(1, 3),
                )
            case "store":
                return StoreOp(base=base, offset=self.word(0, 7), vs=0, length=4)
            case "call":
                called = (number - 1 - register) % CORES
                self.left[called, register] += times * by
                return CallOp(core=called, s=register, by=by)
            case "wait":
                self.left[number, register] -= times * by
                return WaitOp(s=register, by=by)
            case "step":
                return StepOp(a=0, by=self.word(-1, 3))
            case "next":
                return NextOp(a=0)
            case _:
                return SetOp(a=base, value=self.word(0, 24))


def compare(module: ModuleOp) -> tuple[str, str]:
    """What the simulator and the verifier say of a program."""
    simulator = Simulator(encode(module), WeightStore(), small_chip())
    size = MEMORY - 4 * (simulator.batch - 1)
    image = np.arange(size, dtype=np.uint8).reshape(1, 1, -1)
    trap = ""
    try:
        simulator.run_batch([{"in": image}] * simulator.batch)
    except VerificationError as error:
        trap = error.diagnostic.code
    problem = prove(module)
    return trap, problem.kind if problem else "proven"


def test_verifier_and_simulator_agree():
    seen: Counter[tuple[str, str]] = Counter()
    for seed in range(PROGRAMS):
        module = Generator(seed, rings=False).program()
        trap, verdict = compare(module)
        assert verdict in AGREED[trap], (seed, trap, verdict)
        seen[trap, verdict] += 1
    assert min(seen["", "proven"], seen["E043", "unordered"]) > PROGRAMS // 10
    assert seen["E045", "deadlock"] > 0


def tally(programs: int, **kind: bool) -> Counter[tuple[str, str]]:
    """How often there is which trap and verdict; rings have verdicts of their own."""
    seen: Counter[tuple[str, str]] = Counter()
    for seed in range(programs):
        trap, verdict = compare(Generator(seed, **kind).program())
        allowed = {*AGREED[trap], "wrong order", "beyond"}
        assert verdict in allowed, (seed, trap, verdict)
        seen[trap, verdict] += 1
    return seen


def test_verifier_and_simulator_agree_on_rings():
    """Bytes that are too old or too new for a ring are no trap in the simulator."""
    seen = tally(PROGRAMS, rings=True)
    assert min(seen["", "proven"], seen["E043", "unordered"]) > PROGRAMS // 10


@pytest.mark.parametrize("rings", [False, True])
def test_what_is_proven_of_a_batch_holds_for_all_images(rings):
    """The verifier looks at the first few, and may not know of the others."""
    seen = tally(4 * PROGRAMS, rings=rings, batch=True)
    assert min(seen["", "proven"], seen["E043", "unordered"]) > PROGRAMS // 10


@pytest.mark.parametrize("ring", [False, True])
def test_generator_covers_loops_and_both_sides(ring):
    text = "".join(str(Generator(seed, rings=ring).program()) for seed in range(20))
    for name in ("loop", "call", "wait", "credit", "store"):
        assert f"rram.{name}" in text
