"""The weight store: checksums, deterministic bytes, and files that are none."""

import os
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cimc.diagnostics import InputError
from cimc.weights import WeightStore, digest, load_arrays, save_arrays

DTYPES = st.sampled_from([np.int8, np.uint8, np.int32, np.float32])
arrays = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, max_side=4))
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12
)


@pytest.fixture
def store():
    return WeightStore({"w": np.arange(6, dtype=np.int8).reshape(2, 3)})


def code_of(caught):
    return caught.value.diagnostic.code


def test_only_what_nobody_can_write_to_is_shared():
    frozen = np.arange(6, dtype=np.int8)
    frozen.setflags(write=False)
    owner = np.arange(6, dtype=np.int8)
    view = owner[:]
    view.setflags(write=False)
    store = WeightStore({"frozen": frozen.reshape(2, 3), "view": view})
    assert np.shares_memory(store["frozen"], frozen)
    assert not np.shares_memory(store["view"], owner)
    transposed = WeightStore({"t": frozen.reshape(2, 3).T})["t"]
    assert transposed.flags.c_contiguous
    assert not transposed.flags.writeable


def test_a_part_of_a_store_knows_the_same_checksums(store):
    checksum = store.add("b", np.arange(3))
    part = store.only(["b"])
    assert list(part) == ["b"]
    assert part["b"] is store["b"]
    assert part.add("b", np.arange(3)) == checksum
    with pytest.raises(ValueError, match="b"):
        part.add("b", np.arange(4))


def test_constants_cannot_be_changed(store):
    original = np.zeros(3, np.int32)
    store.add("b", original)
    original[:] = 7
    assert not store["b"].any()
    for name in store:
        with pytest.raises(ValueError, match="read-only"):
            store[name][...] = 1


def test_adding_the_same_again_changes_nothing(store):
    checksum = store.checksum("w")
    assert store.add("w", store["w"].copy()) == checksum
    assert list(store) == ["w"]
    with pytest.raises(ValueError, match="'w' is already defined"):
        store.add("w", store["w"] + 1)
    assert store.checksum("w") == checksum


def test_checksums_are_of_type_shape_and_contents(store):
    w = store["w"]
    others = [w.reshape(3, 2), w.astype(np.uint8), w + 1, w.reshape(6)]
    assert len({digest(array) for array in [w, *others]}) == 5
    assert digest(np.asfortranarray(w)) == digest(w)
    assert digest(w[::-1]) == digest(w[::-1].copy())


def test_missing_and_different_constants(store):
    assert store.get_checked("w", store.checksum("w")) is store["w"]
    with pytest.raises(InputError) as caught:
        store.get_checked("w", "0123456789abcdef")
    assert code_of(caught) == "E012"
    assert store.checksum("w") in str(caught.value)
    assert "0123456789abcdef" in str(caught.value)
    with pytest.raises(InputError) as caught:
        store.get_checked("v", "0123456789abcdef")
    assert code_of(caught) == "E012"
    assert "'v' is not in the weight store" in str(caught.value)


@given(st.dictionaries(names, arrays, max_size=4))
def test_files_are_read_back_unchanged(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    WeightStore(contents).save(path)
    again = WeightStore.load(path)
    assert set(again) == set(contents)
    for name, array in contents.items():
        assert again[name].dtype == array.dtype
        assert again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()


def test_equal_stores_give_equal_bytes(tmp_path):
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    a, b = np.arange(9, dtype=np.int32), np.ones((2, 2), np.float32)
    WeightStore({"a/x": a, "b": b}).save(first)
    os.utime(first, (0, 0))
    WeightStore({"b": np.asfortranarray(b), "a/x": a}).save(second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("part", [0.0, 0.3, 0.7, 0.99])
def test_truncated_file(store, tmp_path, part):
    path = tmp_path / "weights.npz"
    store.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(InputError) as caught:
        WeightStore.load(path)
    assert code_of(caught) == "E011"
    assert str(path) in str(caught.value)


@given(st.data())
def test_altered_bytes_are_noticed_or_harmless(tmp_path_factory, data):
    """Any changed byte gives the same arrays or a diagnostic, never a traceback."""
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    expected = {"w": np.arange(24, dtype=np.int8).reshape(4, 6)}
    save_arrays(path, expected)
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        found = load_arrays(path)
    except InputError:
        return
    for array in found.values():
        np.testing.assert_array_equal(array, expected["w"])


def test_files_that_are_no_archives(tmp_path):
    array = tmp_path / "array.npz"
    with array.open("wb") as file:
        np.save(file, np.zeros(3))
    objects = tmp_path / "objects.npz"
    np.savez(objects, allow_pickle=True, w=np.array([{}], object))
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    other = tmp_path / "other.npz"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("w.npy", "no array")
    for path in (array, objects, text, other, tmp_path, tmp_path / "missing.npz"):
        with pytest.raises(InputError) as caught:
            load_arrays(path)
        assert code_of(caught) == "E011"
