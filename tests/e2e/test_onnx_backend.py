"""ONNX's node tests end as ``onnx_backend.md`` says, and none of them wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from tests.e2e.onnx_backend import CimcBackend
from tests.e2e.onnx_backend_cases import LIST, cases, outcome_of, run, written

#: One of so many cases is run every time.
STRIDE = 25


@pytest.fixture(scope="module")
def listed() -> dict[str, str]:
    """What the list says of each case."""
    rows = [line.split(" | ") for line in LIST.read_text().splitlines()]
    return {row[0].strip("| "): row[1] for row in rows if row[0].startswith("| test_")}


def test_the_list_has_all_cases(listed: dict[str, str]) -> None:
    assert set(listed) == set(cases())


def test_a_sample_ends_as_listed(listed: dict[str, str]) -> None:
    sample = list(listed)[::STRIDE]

    assert {name: outcome_of(name).result for name in sample} == {
        name: listed[name] for name in sample
    }


def test_one_operator_runs_by_the_interface_of_onnx() -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1])
    image, weights = (
        np.ones((1, 2, 3, 3), np.float32),
        np.ones((1, 2, 1, 1), np.float32),
    )

    (found,) = CimcBackend.run_node(node, [image, weights], opset_version=17)

    assert CimcBackend.supports_device("RACETRACK")
    np.testing.assert_allclose(found, np.full((1, 1, 3, 3), 2), atol=0.05)


@pytest.mark.external
def test_every_case_ends_as_listed() -> None:
    assert written(run(cases())) == LIST.read_text()


def test_what_the_device_has_no_part_in_is_the_hosts_and_says_so() -> None:
    node = helper.make_node("ArgMax", ["x"], ["y"])
    image = np.array([[1, 3, 2]], np.float32)

    with pytest.warns(UserWarning, match="onnxruntime runs the model"):
        (found,) = CimcBackend.run_node(node, [image], opset_version=17)

    np.testing.assert_array_equal(found, [[0, 0, 0]])
