"""Both fidelities agree on who has the link when banks compete for it."""

from hypothesis import event, given, settings
from hypothesis import strategies as st

from cimc.backends.racetrack import isa
from tests.unit.backends.racetrack.test_fidelities import (
    LOAD,
    SMALL,
    both,
    fields,
    shift_map,
)

#: What a bank may do, with a number: write to its own array from afar, call the next.
TALK = {
    "work": lambda bank, n: [fields(isa.FillOp, length=4 * n)],
    "transfer": lambda bank, n: [fields(isa.TransferOp, m=bank, length=2)] * n,
    "shift": lambda bank, n: [shift_map(n, bank), shift_map(-n, bank)],
    "call": lambda bank, n: [fields(isa.CallOp, core=(bank + 1) % 3, by=n)],
    "wait": lambda bank, n: [fields(isa.WaitOp, by=n)],
}
WORDS = st.lists(
    st.tuples(st.sampled_from(sorted(TALK)), st.integers(1, 2)), max_size=8
)
BANKS = st.lists(st.tuples(WORDS, st.integers(1, 3)), min_size=3, max_size=3)


def said(bank, kind):
    words, rounds = bank
    return rounds * sum(n for word, n in words if word == kind)


@given(banks=BANKS, link=st.sampled_from([1, 2, 8]))
@settings(max_examples=150)
def test_both_agree_on_who_has_the_link_when(banks, link):
    """In the end all calls have been waited for, unless the banks wait in a circle."""
    mains = []
    for bank, (words, rounds) in enumerate(banks):
        body = [op.clone() for word, n in words for op in TALK[word](bank, n)]
        main = [*LOAD, isa.LoopOp(body, count=rounds)] if body else [*LOAD]
        missing = said(banks[(bank + 1) % 3], "wait") - said(banks[bank], "call")
        if missing > 0:
            main += TALK["call"](bank, missing)
        left = said(banks[(bank + 2) % 3], "call") - said(banks[bank], "wait")
        if left > 0:
            main += TALK["wait"](bank, left)
        mains.append(main)
    found = both(*mains, chip=SMALL.with_structure(link_bytes=link))
    assert not isinstance(found, str) or found == "E045"
    event(found if isinstance(found, str) else "finished")
