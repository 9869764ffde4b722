"""Copies of the layers of a pipeline, against all choices there are."""

from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cimc.passes.tile.pace import (
    pace_for_energy,
    pace_for_latency,
    pace_for_throughput,
)
from cimc.passes.tile.stages import LayerStage, Link, beats_of, cores_of

#: Latency that the choice may give away for fewer cores, as one part in so many.
TRADE = 500


def latency(stages, copies):
    """When the last row of the last stage is there, and the time of the bus."""
    starts, ends, rows = [], [], []
    for stage, number in zip(stages, copies, strict=True):
        row = -(-stage.columns // number) * stage.cycles
        links = stage.links
        start = max([0, *(starts[k.source] + k.first * rows[k.source] for k in links)])
        lasts = (ends[k.source] + k.last * row for k in links)
        end = max([start + stage.rows * row, *lasts])
        starts.append(start)
        ends.append(end)
        rows.append(row)
    return max(ends) + beats_of(stages, copies)


def choices(stages, cores):
    """All numbers of copies that the cores suffice for."""
    ranges = (range(1, min(stage.limit, stage.columns) + 1) for stage in stages)
    return [choice for choice in product(*ranges) if cores_of(stages, choice) <= cores]


@st.composite
def pipelines(draw):
    stages = []
    for index in range(draw(st.integers(1, 4))):
        rows = draw(st.integers(1, 6))
        links = []
        for source in draw(st.sets(st.integers(0, index - 1))) if index else ():
            first = draw(st.integers(1, stages[source].rows))
            links.append(Link(source, first, draw(st.integers(1, rows))))
        stages.append(
            LayerStage(
                rows,
                draw(st.integers(1, 8)),
                draw(st.integers(1, 50)),
                draw(st.integers(1, 3)),
                draw(st.integers(1, 4)),
                tuple(links),
                draw(st.sampled_from([0, 0, 100])),
                draw(st.sampled_from([0, 0, 1, 30])),
            )
        )
    return stages


@given(pipelines(), st.integers(1, 40))
@settings(max_examples=settings().max_examples // 2)
def test_no_choice_is_faster_or_as_fast_with_fewer_cores(stages, cores):
    assume(cores_of(stages, [1] * len(stages)) <= cores)
    pace = pace_for_latency(stages, cores)
    copies = pace.copies
    possible = choices(stages, cores)
    best = min(latency(stages, choice) for choice in possible)
    enough = [
        cores_of(stages, choice)
        for choice in possible
        if latency(stages, choice) <= best + best // TRADE
    ]
    assert copies in possible
    assert (pace.cycles, pace.gap) == (best, 0)
    assert latency(stages, copies) <= best + best // TRADE
    assert cores_of(stages, copies) == min(enough)
    assert copies == pace_for_latency(stages, cores).copies


@given(pipelines(), st.integers(1, 40))
def test_no_choice_has_images_follow_each_other_faster(stages, cores):
    assume(cores_of(stages, [1] * len(stages)) <= cores)

    def interval(copies):
        spans = (s.span(c) for s, c in zip(stages, copies, strict=True))
        return max(beats_of(stages, copies), *spans)

    pace = pace_for_throughput(stages, cores)
    possible = choices(stages, cores)
    assert pace.copies in possible
    assert pace.cycles == interval(pace.copies) == min(map(interval, possible))
    as_fast = [choice for choice in possible if interval(choice) == pace.cycles]
    assert cores_of(stages, pace.copies) == min(cores_of(stages, c) for c in as_fast)


@given(pipelines(), st.integers(1, 40), st.integers(0, 100))
@settings(max_examples=settings().max_examples // 2)
def test_leakage_takes_no_more_than_with_one_copy_or_the_best_latency(
    stages, cores, shared
):
    assume(cores_of(stages, [1] * len(stages)) <= cores)

    def energy(copies):
        return (shared + cores_of(stages, copies)) * latency(stages, copies)

    copies = pace_for_energy(stages, cores, shared).copies
    assert copies in choices(stages, cores)
    fastest = pace_for_latency(stages, cores).copies
    single = tuple(1 for _ in stages)
    allowed = 1 + 2 / TRADE  # Each latency may be given away for fewer cores.
    assert energy(copies) <= allowed * min(energy(fastest), energy(single))


def test_leakage_that_all_share_asks_for_speed():
    # Three copies have two columns each, the last one less.
    stages = [LayerStage(4, 5, 10, 5, 4)]
    assert pace_for_energy(stages, 40, 0).copies == (1,)
    assert pace_for_energy(stages, 40, 1000).copies == (3,)


def test_too_few_cores_leave_one_of_each():
    stages = [LayerStage(4, 4, 10, 3, 4), LayerStage(4, 4, 10, 3, 4)]
    assert pace_for_latency(stages, 5).copies == (1, 1)


def test_only_numbers_that_shorten_a_row_are_choices():
    # 10 columns in 4 parts take as long as in 5 parts of two.
    assert LayerStage(1, 10, 3, 1, 16).choices() == {
        1: 30,
        2: 15,
        3: 12,
        4: 9,
        5: 6,
        10: 3,
    }
    assert LayerStage(1, 10, 3, 1, 4).choices() == {1: 30, 2: 15, 3: 12, 4: 9}


def test_the_slow_stage_gets_the_copies():
    # With 4 copies, a row of the slow stage takes 200 cycles instead of 800; more
    # than 4 of the 8 cores that are left after one for the other gain nothing.
    slow = LayerStage(8, 8, 100, 1, 7)
    quick = LayerStage(8, 8, 10, 1, 8, (Link(0, 1, 1),))
    assert pace_for_latency([slow, quick], 5).copies == (4, 1)
