"""Programs that are wrong, and what the simulator says of them."""

import numpy as np
import pytest

from cimc.backends.racetrack.isa import (
    VECTOR,
    AddSumsOp,
    CallOp,
    ClearOp,
    FillOp,
    LoadSumsOp,
    LoopOp,
    MacOp,
    SetOp,
    ShiftOp,
    SlideOp,
    StepOp,
    StoreSumsOp,
    WaitOp,
)
from cimc.diagnostics import VerificationError
from cimc.weights import WeightStore
from tests.unit.backends.racetrack.racetrack_programs import (
    IMAGE,
    bank,
    load,
    read,
    row,
    run,
    shift,
    simulator,
    small_chip,
    stored,
    transfer,
    write,
)


def trapped(*banks, store=None, chip=None):
    with pytest.raises(VerificationError) as caught:
        run(*banks, store=store, chip=chip)
    return caught.value.diagnostic


def in_bank(*main, setup=(), **more):
    return trapped(bank(0, list(main), list(setup)), **more)


def in_place(by, *, w=0, base=0):
    return ShiftOp(w=w, base=base, by=by)


def mac(domain, count=1, n=1, **fields):
    values = {"w": 0, "base": 0, "at": 0, "vs": 0, "index": 0, **fields}
    return MacOp(domain=domain, count=count, n=n, **values)


def weights(store, value=1):
    """Rows 0, 1 and 2 of two columns in domains 0, 4 and 1."""
    return stored(store, np.full((3, 2), value), [0, 2, -1, -1, 1, -1, -1, -1])


FILLED = (FillOp(base=0, offset=0, length=64, value=1), load(64))


def filled():
    return [op.clone() for op in FILLED]


DELAY = LoopOp([SetOp(a=1, value=0)], count=1000)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (shift(0, m=4), "there is no array m3"),
        (shift(0, m=0), "there is no array m-1"),
        (in_place(0, w=0), "there is no array w-1"),
        (in_place(1, w=3), "there is no array w2"),
        (mac(0, w=3), "there is no array w2"),
        (read(0, m=4), "there is no array m3"),
        (write(0, m=4), "there is no array m3"),
        (write(0, m=3, length=8), "writes m2, which lies in bank 1"),
        (write(0, m=2, length=3), "words of m1 have 4 bytes"),
        (transfer(0, m=3, length=4), "words of m2 have 8 bytes"),
        (read(0, m=1, length=5), "words of m0 have 4 bytes"),
        (read(0, m=1, first=2, length=3), "words of m0 have 4 bytes"),
        (read(0, m=1, offset=61), "bytes 61 to 65 leave the line buffer of 64"),
        (read(0, m=1, offset=-1), "bytes -1 to 3 leave the line buffer of 64"),
        (load(4, offset=62), "bytes 61 to 65 leave the line buffer of 64"),
        (load(4, offset=0), "bytes -1 to 3 leave the line buffer of 64"),
        (
            FillOp(base=0, offset=61, length=5, value=0),
            "bytes 60 to 65 leave the line buffer of 64",
        ),
        (
            SlideOp(offset=0, length=60, by=5),
            "bytes 0 to 65 leave the line buffer of 64",
        ),
        (mac(0, w=1, source=63, count=2), "byte 64 is outside the vector register"),
        (mac(0, w=1, source=-1), "byte -1 is outside the vector register"),
    ],
)
def test_addresses(op, message):
    # Register a2 is -1; what has it as a base reaches one less than it says.
    values = {**op.values, "base": 2} if "base" in op.fields() else op.values
    op = type(op)(**values)
    diagnostic = in_bank(*filled(), SetOp(a=2, value=-1), op)
    assert (diagnostic.code, diagnostic.message) == ("E041", message)
    assert diagnostic.where == (
        f"layer 'layer', bank 0, instruction 4: {op.name} {op.text()}"
    )


def test_reading_what_nothing_has_written():
    diagnostic = in_bank(read(4, m=1))
    assert diagnostic.code == "E042"
    assert diagnostic.message == "reads domain 4 of m1, which nothing has written"
    assert diagnostic.notes == ("m1 holds a row of feature map 'y' of layer 'layer'",)
    diagnostic = in_bank(read(0), load(5))
    assert diagnostic.code == "E042"
    assert diagnostic.message == "reads byte 4 of the line buffer, not written"
    diagnostic = in_bank(read(0), load(4), write(0, source=1))
    assert diagnostic.code == "E042"
    assert diagnostic.message == "reads byte 4 of v0, which nothing has written"


def test_slides_take_along_what_is_not_written():
    main = [read(0, offset=8), SlideOp(offset=0, length=6, by=6), load(2, offset=2)]
    run(bank(0, main))
    diagnostic = trapped(bank(0, [*(op.clone() for op in main), load(3)]))
    assert diagnostic.code == "E042"
    assert diagnostic.message == "reads byte 0 of the line buffer, not written"


def test_weights_that_are_not_there():
    store = WeightStore()
    setup = [weights(store)]
    for main, message in [
        ([mac(0, w=1)], "domain 0 of w1 holds no weights"),
        ([in_place(1), mac(1, count=2)], "domain 5 of w0 holds no weights"),
        ([mac(0, n=3)], "domain 0 of w0 holds no weights"),
    ]:
        diagnostic = in_bank(
            *filled(), *main, setup=[op.clone() for op in setup], store=store
        )
        assert (diagnostic.code, diagnostic.message) == ("E042", message)


def test_products_of_bytes_that_are_not_there():
    store = WeightStore()
    diagnostic = in_bank(
        read(0), load(4), mac(0, 2, source=3), setup=[weights(store)], store=store
    )
    assert diagnostic.code == "E042"
    assert diagnostic.message == "reads byte 4 of v0, which nothing has written"


def test_using_an_array_without_waiting_is_a_race_however_benign():
    for late in (shift(0), read(0), transfer(0, m=0, length=4)):
        writer = bank(0, [shift(1), shift(-1)])
        reader = bank(3, [*filled(), DELAY.clone(), late])
        diagnostic = trapped(writer, reader)
        assert diagnostic.code == "E043"
        assert diagnostic.message == "uses m0 without waiting for its last user"
        assert diagnostic.where.startswith("layer 'layer', bank 3, instruction 6: ")
        assert diagnostic.notes == (
            "used by layer 'layer', bank 0, instruction 2: "
            "racetrack.shift_map m0[a0], -1",
            "m0 holds a row of feature map 'x' of layer 'layer'",
        )
        assert "CALL" in diagnostic.hints[0]


def test_a_call_orders_what_came_before_it_alone():
    reader = [WaitOp(s=0, by=1), DELAY.clone(), read(0)]
    call = CallOp(core=1, s=0, by=1)
    run(bank(0, [read(0), call]), bank(1, reader))
    early = bank(0, [call.clone(), read(0)])
    diagnostic = trapped(early, bank(1, [op.clone() for op in reader]))
    assert diagnostic.code == "E043"


def test_order_is_transitive():
    run(
        bank(0, [read(0), CallOp(core=1, s=0, by=1)]),
        bank(1, [WaitOp(s=0, by=1), CallOp(core=2, s=3, by=2)]),
        bank(2, [WaitOp(s=3, by=2), read(0)]),
    )


def largest(value):
    """Lanes 0 and 1 of v1 as int32: 0 and ``value``."""
    return [
        FillOp(base=0, offset=0, length=8, value=0),
        *(
            FillOp(base=0, offset=4 + i, length=1, value=value >> 8 * i & 0xFF)
            for i in range(4)
        ),
        load(8, vd=1),
    ]


@pytest.mark.parametrize(("weight", "start"), [(1, 2**19 - 2), (-1, -(2**19) + 1)])
def test_leaving_the_accumulator(weight, start):
    store = WeightStore()
    chip = small_chip(accumulator_bits=20)
    setup = [weights(store, weight)]
    main = [*filled(), *largest(start), LoadSumsOp(vs=1, n=2), mac(0, n=2)]
    run(bank(0, main, setup), store=store, chip=chip)
    main = [op.clone() for op in main] + [mac(4, n=2)]
    diagnostic = in_bank(
        *main, setup=[op.clone() for op in setup], store=store, chip=chip
    )
    assert (diagnostic.code, diagnostic.message) == (
        "E044",
        "lane 1 leaves the 20 bits of an accumulator",
    )
    assert "instruction 12: racetrack.mac w0[a0] domain 4[a0]" in diagnostic.where


def test_added_sums_leave_the_accumulator():
    chip = small_chip(accumulator_bits=20)
    most = [*largest(2**18), LoadSumsOp(vs=1, n=2), AddSumsOp(vs=1, n=2)]
    diagnostic = in_bank(*most, chip=chip)
    assert (diagnostic.code, diagnostic.message) == (
        "E044",
        "lane 1 leaves the 20 bits of an accumulator",
    )
    run(bank(0, [op.clone() for op in most]))


def test_loaded_sums_must_fit_the_accumulator():
    chip = small_chip(accumulator_bits=20)
    diagnostic = in_bank(*largest(2**19), LoadSumsOp(vs=1, n=2), chip=chip)
    assert (diagnostic.code, diagnostic.message) == (
        "E044",
        "lane 1 leaves the 20 bits of an accumulator",
    )


def test_vector_sums_leave_int32():
    main = [*largest(2**30), VECTOR.add(vd=1, va=1, vb=1, n=2)]
    diagnostic = in_bank(*main)
    assert (diagnostic.code, diagnostic.message) == (
        "E044",
        "lane 1 leaves the range of int32",
    )


def test_deadlock_names_its_cycle():
    diagnostic = trapped(
        bank(1, [WaitOp(s=0, by=1), CallOp(core=3, s=1, by=1)]),
        bank(3, [WaitOp(s=1, by=1), CallOp(core=1, s=0, by=1)]),
    )
    assert diagnostic.code == "E045"
    assert diagnostic.message == (
        "deadlock: bank 1 -> bank 3 -> bank 1 wait for each other"
    )
    assert (
        "layer 'layer', bank 1, instruction 1: racetrack.wait s0 += 1: s0 is 0, must "
        "reach 1, called by bank 3" in diagnostic.notes
    )


def test_unmatched_calls():
    diagnostic = trapped(
        bank(0, [CallOp(core=1, s=2, by=2)]), bank(1, [WaitOp(s=2, by=1)])
    )
    assert diagnostic.code == "E046"
    assert diagnostic.message == "s2 of bank 1 ends at 2, its waits expected 1"
    assert diagnostic.notes == (
        "last call by layer 'layer', bank 0, instruction 1: "
        "racetrack.call bank 1, s2 += 2",
    )


def test_shifting_past_the_overhead_domains():
    for by, reached in ((-1, -1), (4, 4)):
        diagnostic = trapped(bank(3, [shift(by, m=2)]))
        assert diagnostic.code == "E047"
        assert diagnostic.message == (
            f"shifts m2 to offset {reached}, beyond the overhead domains (0 to 3)"
        )
        assert diagnostic.where == (
            f"layer 'layer', bank 3, instruction 1: racetrack.shift_map m2[a0], {by}"
        )
        # x and y have a macro unit each, z the next two.
        assert diagnostic.notes == (
            "bank 1, feature-map macro units 2 to 3, tracks 0 to 31 of each",
        )
    diagnostic = trapped(bank(3, [StepOp(a=1, by=1), in_place(4, base=1)]))
    assert diagnostic.code == "E047"
    assert diagnostic.message == (
        "shifts w1 to offset 4, beyond the overhead domains (0 to 3)"
    )
    assert diagnostic.notes == (
        "bank 3, weight macro units 1 to 1, tracks 0 to 31 of each",
    )


def test_the_nearest_port_needs_more_overhead_domains():
    chip = small_chip(port_policy="nearest")
    # Domain 1 under port 1 at offset -3, domain 7 under port 0 at 7 - 0 = 7 > 6.
    main = [shift(-3), read(1), shift(9), shift(-6)]
    run(bank(0, main), chip=chip)
    diagnostic = in_bank(shift(7), chip=chip)
    assert diagnostic.message == (
        "shifts m0 to offset 7, beyond the overhead domains (-3 to 6)"
    )


def test_misaligned_ports():
    diagnostic = in_bank(shift(1), read(4))
    assert diagnostic.code == "E048"
    assert diagnostic.message == (
        "no port stands over domain 4 of m0, which is at offset 1"
    )
    assert diagnostic.notes == (
        "bank 0, feature-map macro units 0 to 0, tracks 0 to 31 of each",
    )
    for op in (write(1), read(8), read(-4)):
        assert in_bank(*filled(), op).code == "E048"
    store = WeightStore()
    diagnostic = in_bank(*filled(), mac(1), setup=[weights(store)], store=store)
    assert diagnostic.code == "E048"
    assert diagnostic.message == (
        "no port stands over domain 1 of w0, which is at offset 0"
    )
    assert diagnostic.notes == (
        "bank 0, weight macro units 0 to 0, tracks 0 to 31 of each",
    )


def test_storing_into_an_array_that_is_not_at_offset_0():
    store = WeightStore()
    program = weights(store)
    diagnostic = in_bank(program, program.clone(), store=store)
    assert diagnostic.code == "E048"
    assert diagnostic.message == (
        "no port stands over domain 0 of w0, which is at offset 1"
    )


def test_an_image_ends_where_it_began():
    diagnostic = in_bank(shift(2, m=2))
    assert diagnostic.code == "E049"
    assert diagnostic.message == (
        "m2 does not stand at offset 0 when the image is done, so that the program "
        "cannot run again"
    )
    assert diagnostic.notes == ("m2 holds a row of feature map 'z' of layer 'layer'",)
    diagnostic = trapped(bank(0, []), bank(3, [in_place(1, w=1)]))
    assert diagnostic.code == "E049"
    assert diagnostic.message.startswith("w1 of bank 3 does not stand at offset 0")


def test_copies_of_a_map_must_be_equal():
    rows = row("x", 0, 4, "input"), row("y", 1, 4, "output"), row("y", 2, 4, "output")
    again = type(rows[2][1])(**{**rows[2][1].values, "copy": 1})
    maps = (*(pair[0] for pair in rows), rows[0][1], rows[1][1], again)
    program = simulator(bank(0, [read(0), load(4), write(0)]), maps=maps)
    with pytest.raises(VerificationError) as caught:
        program.run({"x": IMAGE + 1})
    assert caught.value.diagnostic.code == "E060"
    assert "copy 1 of feature map 'y' differs from the first" in str(caught.value)


def test_writer_of_names_layer_bank_and_instruction():
    main = [read(0), read(4, offset=4), load(8), transfer(4)]
    found = run(bank(2, main))
    assert found.writer_of("z", (0, 1, 7)) == (
        "layer 'layer', bank 2, instruction 4: "
        "racetrack.transfer m2[a0] domain 4[a0], v0, 8"
    )
    assert found.writer_of("z", (0, 0, 0)) == "not written"
    assert found.writer_of("x", (0, 7, 3)).startswith("written by the host")


def test_accumulators_are_stored_whole():
    main = [ClearOp(n=1), StoreSumsOp(vd=0, n=1), write(0)]
    assert not run(bank(0, main)).feature_maps["y"].any()
