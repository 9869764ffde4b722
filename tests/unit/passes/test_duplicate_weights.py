"""How many copies a layer gets, against a look at all possibilities."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from cimc.context import CompilationContext
from cimc.driver.passes import parse_passes, run_passes
from cimc.driver.text import parse_module

SWEEP = """
  tile.layer "{name}" kind "conv" macs 1 p_v 1 p_h 1
  %w{name} = tile.weight_block <"w", "00"> rows <0 : {k}> columns <0 : 1> : {block}
  tile.sweep "{name}" rows <0 : {rows}> columns <0 : 1> {{
    %0 = tile.window %x <kernel 1x1> elements <0 : {k}> : {type} -> vector<{k}xi8>
    %1 = tile.mvm %w{name}, %0 : {block}, vector<{k}xi8> -> vector<1xi32>
  }}
"""
TYPE = "!tile.feature_map<9x1x9xi8>"


def copies_of(layers, cores, limit):
    """Copies by layer, of layers with (rows, rows of their one block)."""
    text = f'%x = tile.feature_map "x" of "" role "input" : {TYPE}'
    for name, (rows, k) in enumerate(layers):
        block = f"!tile.weight_block<{k}x1xi8>"
        text += SWEEP.format(name=name, rows=rows, k=k, type=TYPE, block=block)
    context = CompilationContext()
    module = parse_module(text, context, "layers")
    options = f"{{cores={cores} arrays=1 limit={limit}}}"
    run_passes(module, context, parse_passes(f"duplicate-weights{options}"))
    found = [op for op in module.body.block.ops if op.name == "tile.layer"]
    sweeps = [op for op in module.body.block.ops if op.name == "tile.sweep"]
    copies = [layer.copies.value.data if layer.copies else 1 for layer in found]
    for name, (rows, _) in enumerate(layers):
        parts = [sweep.rows for sweep in sweeps if sweep.layer.data == str(name)]
        assert len(parts) == copies[name]
        assert [part.start for part in parts] == [0, *(p.stop for p in parts[:-1])]
        assert parts[-1].stop == rows
        assert max(p.size for p in parts) - min(p.size for p in parts) <= 1
    return copies


def time_of(layers, copies):
    return sum(
        -(-rows // number) * k for (rows, k), number in zip(layers, copies, strict=True)
    )


size = st.integers(1, 9)


@given(st.lists(st.tuples(size, size), min_size=1, max_size=3), size, st.integers(1, 4))
def test_no_other_choice_is_faster(layers, cores, limit):
    found = copies_of(layers, cores, limit)
    if len(layers) > cores:
        assert set(found) == {1}
        return
    assert sum(found) <= cores
    for other in product(
        *(range(1, min(limit, cores, rows) + 1) for rows, _ in layers)
    ):
        assert sum(other) > cores or time_of(layers, other) >= time_of(layers, found)
