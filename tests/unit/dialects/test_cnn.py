"""The cnn dialect: round trip, and every numbered constraint."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import CIM
from cimc.dialects.cnn import CNN, ConvOp, FeatureMap

Q = "#cim.quantisation<0.5 : 3>"
MAP = f"tensor<8x8x4xi8, {Q}>"
WEIGHTS = 'weights <"w", "00"> bias <"b", "00"> weight_scale <"s", "00">'
NAMES = 'as "t" layer "l"'


def window(kernel="3x3", stride="1x1", dilation="1x1", pad="1x1x1x1"):
    return f"window <kernel {kernel} stride {stride} dilation {dilation} pad {pad}>"


def conv(ofm=MAP, *, groups=1, clamp="-128 : 127", extra="", found=None):
    return (
        f"%y = cnn.conv %x {WEIGHTS} {found or window()} groups {groups} "
        f"clamp <{clamp}> {extra}{NAMES} : {MAP} -> {ofm}"
    )


def _context():
    context = Context()
    for dialect in (Builtin, CIM, CNN):
        context.load_dialect(dialect)
    return context


def parse(line, ifm=MAP):
    text = f'%x = cnn.input "x" : {ifm}\n{line}'
    return Parser(_context(), text).parse_module()


VALID = {
    "conv": conv(),
    "conv with table": conv(extra='table <"t", "00"> of <0.25 : 1> '),
    "depthwise": conv(groups=4),
    "strided": conv(
        f"tensor<4x3x6xui8, {Q}>",
        clamp="0 : 255",
        found=window("3x4", "2x2", "1x1", "0x0x1x0"),
    ),
    "max_pool": f"%y = cnn.max_pool %x {window()} {NAMES} : {MAP} -> {MAP}",
    "average_pool": (
        f"%y = cnn.average_pool %x {window()} count_include_pad true {NAMES} : "
        f"{MAP} -> {MAP}"
    ),
    "global_average_pool": (
        f"%y = cnn.global_average_pool %x {NAMES} : {MAP} -> tensor<1x1x4xi8, {Q}>"
    ),
    "table": f'%y = cnn.table %x <"t", "00"> {NAMES} : {MAP} -> {MAP}',
    "add": f"%y = cnn.add %x, %x {NAMES} : {MAP}, {MAP} -> {MAP}",
    "concat": (
        f"%y = cnn.concat %x, %x {NAMES} : {MAP}, {MAP} -> tensor<8x8x8xi8, {Q}>"
    ),
    "output": f'cnn.output %x "x" : {MAP}',
}


@pytest.mark.parametrize("line", VALID.values(), ids=VALID)
def test_round_trip(line):
    module = parse(line)
    module.verify()
    again = Parser(_context(), str(module)).parse_module()
    assert again.is_structurally_equivalent(module)
    assert str(again) == str(module)


INVALID = {
    "CNN-1 rank": ("[CNN-1]", 'cnn.output %x "x" : tensor<8x4xi8, ' + Q + ">"),
    "CNN-1 element": ("[CNN-1]", 'cnn.output %x "x" : tensor<8x8x4xi16, ' + Q + ">"),
    "CNN-1 quantisation": ("[CNN-1]", 'cnn.output %x "x" : tensor<8x8x4xi8>'),
    "CNN-1 empty": ("[CNN-1]", 'cnn.output %x "x" : tensor<8x0x4xi8, ' + Q + ">"),
    "CNN-2": (
        "[CNN-2] the zero point -3 is no value",
        'cnn.output %x "x" : tensor<8x8x4xui8, #cim.quantisation<0.5 : -3>>',
    ),
    "CNN-3 conv": (
        "[CNN-3] the window has 8x8 positions, the result 7x8",
        conv(f"tensor<7x8x4xi8, {Q}>"),
    ),
    "CNN-3 pool": (
        "[CNN-3]",
        f"%y = cnn.max_pool %x {window(pad='0x0x0x0')} {NAMES} : {MAP} -> {MAP}",
    ),
    "CNN-4 input": ("[CNN-4] 3 groups", conv(f"tensor<8x8x3xi8, {Q}>", groups=3)),
    "CNN-4 output": ("[CNN-4] 2 groups", conv(f"tensor<8x8x3xi8, {Q}>", groups=2)),
    "CNN-4 none": ("[CNN-4] 0 groups", conv(groups=0)),
    "CNN-5": ("[CNN-5] the clamp [0, 128]", conv(clamp="0 : 128")),
    "CNN-6": (
        "[CNN-6]",
        f"%y = cnn.max_pool %x {window()} {NAMES} : {MAP} -> tensor<8x8x5xi8, {Q}>",
    ),
    "CNN-7": (
        "[CNN-7]",
        f"%y = cnn.max_pool %x {window('1x1')} {NAMES} : {MAP} -> "
        f"tensor<10x10x4xi8, {Q}>",
    ),
    "CNN-8 pool": (
        "[CNN-8] max_pool",
        f"%y = cnn.max_pool %x {window()} {NAMES} : {MAP} -> "
        "tensor<8x8x4xi8, #cim.quantisation<0.5 : 4>>",
    ),
    "CNN-8 concat": (
        "[CNN-8] concat",
        f"%y = cnn.concat %x {NAMES} : {MAP} -> tensor<8x8x4xui8, {Q}>",
    ),
    "CNN-9": ("[CNN-9]", f"%y = cnn.global_average_pool %x {NAMES} : {MAP} -> {MAP}"),
    "CNN-10": (
        "[CNN-10] a table keeps the shape: 8x8x4 became 8x4x4",
        f'%y = cnn.table %x <"t", "00"> {NAMES} : {MAP} -> tensor<8x4x4xi8, {Q}>',
    ),
    "CNN-11": (
        "[CNN-11]",
        f"%y = cnn.add %x, %x {NAMES} : {MAP}, {MAP} -> tensor<8x8x5xi8, {Q}>",
    ),
    "CNN-12": (
        "[CNN-12]",
        f"%y = cnn.concat %x, %x {NAMES} : {MAP}, {MAP} -> tensor<8x8x7xi8, {Q}>",
    ),
}


@pytest.mark.parametrize(("text", "line"), INVALID.values(), ids=INVALID)
def test_constraints(text, line):
    ifm = line.split(" : ", 1)[1] if line.startswith("cnn.output") else MAP
    with pytest.raises(VerifyException) as caught:
        parse(line, ifm=ifm).verify()
    assert text in str(caught.value)


def test_what_a_conv_says_of_itself():
    module = parse(VALID["strided"])
    op = module.body.block.last_op
    assert isinstance(op, ConvOp)
    assert op.weight_shape == (3, 4, 4, 6)
    assert op.macs == 4 * 3 * 3 * 4 * 4 * 6
    assert op.ofm == FeatureMap(4, 3, 6, True, 0.5, 3)
    assert op.ofm.type == op.output.type
