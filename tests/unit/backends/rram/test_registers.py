"""Allocation of registers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects import test
from xdsl.dialects.builtin import i32
from xdsl.ir import Block

from cimc.diagnostics import DoesNotFitError
from cimc.lowering.registers import NumberedRegisters, VectorRegisters


def test_equal_contents_share_a_register():
    registers = NumberedRegisters("parameter", "core 3", 2)
    assert [registers.number(content) for content in "abaab"] == [0, 1, 0, 0, 1]
    with pytest.raises(DoesNotFitError) as caught:
        registers.number("c")
    assert caught.value.diagnostic.code == "E034"
    assert caught.value.diagnostic.where == "core 3"
    assert "more than 2 parameter registers" in str(caught.value)
    assert registers.number("a") == 0


@st.composite
def blocks(draw):
    """Straight-line code; operands are any results so far."""
    operations = []
    for _ in range(draw(st.integers(1, 12))):
        values = [result for op in operations for result in op.results]
        operands = draw(st.lists(st.sampled_from(values), max_size=3)) if values else []
        operations.append(test.TestOp(operands, [i32] * draw(st.integers(0, 1))))
    return Block(operations)


@given(blocks())
def test_no_live_value_is_overwritten(block):
    registers = VectorRegisters(block.ops, 16)
    contents = {}
    for op in block.ops:
        for operand in op.operands:
            assert contents[registers[operand]] is operand
        for result in op.results:
            contents[registers.define(result)] = result
        registers.release_after(op)


@given(st.integers(2, 8), st.integers(1, 40))
def test_registers_of_dead_values_are_taken_again(limit, length):
    first = test.TestOp([], [i32])
    chain = [first]
    for _ in range(length):
        chain.append(test.TestOp([chain[-1].results[0]] * 2, [i32]))
    block = Block(chain)
    registers = VectorRegisters(block.ops, limit)
    taken = []
    for op in block.ops:
        taken.append(registers.define(op.results[0]))
        registers.release_after(op)
    # As late as possible: all registers take turns.
    assert taken == [index % limit for index in range(length + 1)]


def test_too_many_live_values():
    registers = VectorRegisters([], 2)
    borrowed = registers.take()
    registers.take()
    with pytest.raises(DoesNotFitError) as caught:
        registers.take()
    assert caught.value.diagnostic.code == "E034"
    registers.give_back(borrowed)
    assert registers.take() == borrowed
