"""Code of a sweep: loops where it repeats."""

from cimc.backends.racetrack.isa import LoopOp, StepOp
from cimc.backends.racetrack.lowering.code import Code, Repeat, build, plain, roll
from cimc.isa.program import MAX_LOOP_DEPTH


def step(by: int) -> Code:
    return plain(StepOp, a=0, by=by)


def test_runs_become_loops_and_runs_inside_them_inner_ones():
    once, twice, other = (step(1),), (step(2),), (step(3),)
    bodies = [other, *[once, once, twice] * 3, other]
    inner = Repeat(3, (Repeat(2, once), *twice))
    assert roll(bodies, longest=3) == [*other, inner, *other]


def test_the_innermost_loops_are_unrolled_where_too_many_nest():
    code = step(0)
    for by in range(1, MAX_LOOP_DEPTH + 2):
        code = Repeat(2, (code, step(by)))
    operations = build([code])
    for _ in range(MAX_LOOP_DEPTH):
        assert isinstance(operations[0], LoopOp)
        operations = operations[0].body()
    assert [op.by for op in operations] == [0, 1, 0, 1, 2]
