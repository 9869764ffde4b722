"""A placement after ShiftsReduce, and its shifts on the accesses of a program.

ShiftsReduce is by Khan, Hameed, Bläsing, Parkin and Castrillon ("ShiftsReduce:
Minimizing Shifts in Racetrack Memory 4.0", ACM TACO 16(4), 2019). This was written from
its idea as abstracts and surveys tell it, not from its text or code: the words of a
track are the vertices of a graph whose edges count how often two words are accessed one
right after the other; the vertex with the greatest weight goes to the middle; two
groups grow to its left and right, each time by the word that is tied to one of them
most. Ours are, and may differ: adjacency is the sum of the edges to all words of a
group, and the first word counts for both; of words that are tied equally, the one that
is tied less to the other group goes first, then it is the smaller group's turn, then
that of the word with the lowest number. The genetic search of the paper is left out.

There is one port per track, and it stays where it was used last (lazy). Unlike our
compiler, the placement does not choose the order of accesses: it takes them from a
program that goes through every row of weights, and every column of a map, from the
first to the last each time. The compiled program for one port with eager update is
such a program, so its accesses are taken; nothing is compiled for this placement.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.dialect import BankOp, banks_of
from cimc.isa.program import Section

__all__ = ["accesses_of", "eager_shifts", "lazy_shifts", "shifts_reduce"]

Accesses = dict[tuple[str, int, int], list[int]]
"""For every array (weights or maps, bank, number) its domains as they are accessed."""


def shifts_reduce(accesses: Sequence[int]) -> list[int]:
    """The words in the order in which they lie on the track."""
    edges: dict[int, Counter[int]] = defaultdict(Counter)
    for one, other in pairwise(accesses):
        if one != other:
            edges[one][other] += 1
            edges[other][one] += 1
    unplaced = set(accesses)
    middle = max(unplaced, key=lambda word: (edges[word].total(), -word))
    unplaced.remove(middle)
    groups: tuple[list[int], list[int]] = ([], [])
    ties = [Counter(edges[middle]), Counter(edges[middle])]
    while unplaced:
        _, _, _, minus_word, side = max(
            (
                ties[side][word],
                -ties[1 - side][word],
                -len(groups[side]),
                -word,
                side,
            )
            for word in unplaced
            for side in (0, 1)
        )
        word = -minus_word
        groups[side].append(word)
        ties[side].update(edges[word])
        unplaced.remove(word)
    left, right = groups
    return [*reversed(left), middle, *right]


def lazy_shifts(accesses: Sequence[int], track: Sequence[int]) -> int:
    """Steps of one lazy port from the first access to the last and back again.

    The port rests wherever it is used first, which no other place of rest betters.
    """
    place = {word: at for at, word in enumerate(track)}
    closed = [*accesses, accesses[0]]
    return sum(abs(place[one] - place[other]) for one, other in pairwise(closed))


def eager_shifts(accesses: Sequence[int]) -> int:
    """Steps of one port that goes to every domain from domain 0 and back."""
    return 2 * sum(accesses)


def accesses_of(module: ModuleOp) -> Accesses:
    """What a program for one port per track accesses in the course of an image.

    Banks take turns where one waits for another, so that the accesses to an array
    that several use are in the order that synchronisation enforces.
    """
    found: Accesses = defaultdict(list)
    sequences: Counter[tuple[int, int]] = Counter()
    banks = [_Bank(op, found, sequences) for op in banks_of(module)]
    while banks:
        waiting = [bank for bank in banks if not bank.run()]
        assert waiting != banks or any(bank.advanced for bank in banks), "deadlock"
        banks = waiting
    return found


class _Do(NamedTuple):
    """An instruction with the numbers that matter here, ready to run."""

    kind: str
    a: int = 0
    b: int = 0
    array: int = 0
    domain: int = 0


class _Bank:
    """Runs the main section of a bank as far as its accesses go."""

    def __init__(
        self, op: BankOp, found: Accesses, sequences: Counter[tuple[int, int]]
    ) -> None:
        self._number = op.number
        self._found = found
        self._sequences = sequences
        self._code = list(_flat(op.main))
        self._at = 0
        self._loops: list[list[int]] = []
        self._registers = [0] * 16
        self._expected: Counter[int] = Counter()
        self.advanced = False

    def run(self) -> bool:
        """Go on to the end (True), or to a WAIT that must wait (False)."""
        self.advanced = False
        registers, loops, number = self._registers, self._loops, self._number
        while self._at < len(self._code):
            kind, a, b, array, domain = self._code[self._at]
            match kind:
                case "step":
                    registers[a] += b
                case "weights":
                    key = (kind, number, array + registers[a])
                    self._found[key].append(domain + registers[b])
                case "maps":
                    key = (kind, 0, array + registers[a])
                    self._found[key].append(domain + registers[b])
                case "set":
                    registers[a] = b
                case "loop":
                    loops.append([self._at, a])
                case "end":
                    loops[-1][1] -= 1
                    if loops[-1][1]:
                        self._at = loops[-1][0]
                    else:
                        loops.pop()
                case "call":
                    self._sequences[array, a] += b
                case _:
                    if self._sequences[number, a] < self._expected[a] + b:
                        return False
                    self._expected[a] += b
            self._at += 1
            self.advanced = True
        return True


def _flat(body: Sequence[Operation]) -> list[_Do]:
    """Instructions that matter, one after the other."""
    code: list[_Do] = []
    for op in body:
        match op:
            case Section():
                code += _flat(op.body())
            case isa.LoopOp():
                code += [_Do("loop", op.count), *_flat(op.body()), _Do("end")]
            case isa.SetOp():
                code.append(_Do("set", op.a, op.value))
            case isa.StepOp():
                code.append(_Do("step", op.a, op.by))
            case isa.MacOp():
                assert op.count == 1, "the program is for several ports"
                code.append(_Do("weights", op.base, op.at, op.w, op.domain))
            case isa.ReadOp() | isa.WriteOp() | isa.TransferOp():
                code.append(_Do("maps", op.base, op.at, op.m, op.domain))
            case isa.CallOp():
                code.append(_Do("call", op.s, op.by, op.core))
            case isa.WaitOp():
                code.append(_Do("wait", op.s, op.by))
            case isa.ProgramOp():
                raise AssertionError("blocks take turns in an array")
            case _:
                pass
    return code
