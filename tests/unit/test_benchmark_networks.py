"""The benchmark networks have the sizes that their papers and later work report."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import pytest

from tests.benchmarks.networks import NETWORKS, resnet, scaled

#: Published parameters, and nodes by kind.
PUBLISHED = {
    "resnet18": (11_689_512, {"Conv": 20, "Gemm": 1, "Add": 8}),
    "resnet34": (21_797_672, {"Conv": 36, "Gemm": 1, "Add": 16}),
    "resnet50": (25_557_032, {"Conv": 53, "Gemm": 1, "Add": 16}),
    "vgg16": (138_357_544, {"Conv": 13, "Gemm": 3, "MaxPool": 5}),
    "alexnet": (61_100_840, {"Conv": 5, "Gemm": 3, "MaxPool": 3}),
    "mobilenet": (4_231_976, {"Conv": 27, "Gemm": 1}),
    "mobilenet_v2": (3_504_872, {"Conv": 52, "Gemm": 1, "Add": 10, "Clip": 35}),
    "squeezenet1.0": (1_248_424, {"Conv": 26, "Concat": 8, "MaxPool": 3}),
    "squeezenet1.1": (1_235_496, {"Conv": 26, "Concat": 8, "MaxPool": 3}),
    "googlenet": (6_998_552, {"Conv": 57, "Gemm": 1, "Concat": 9, "MaxPool": 13}),
    "inception_v3": (23_834_568, {"Conv": 94, "Concat": 11, "AveragePool": 9}),
}

#: Published multiply-accumulates in millions, to the digits given.
MACS = {
    "resnet18": (1814, 1),
    "resnet34": (3664, 1),
    "resnet50": (4089, 1),
    "vgg16": (15_470, 10),
    "alexnet": (714, 1),
    "mobilenet": (569, 1),
    "mobilenet_v2": (300, 1),
    "squeezenet1.0": (819, 1),
    "squeezenet1.1": (349, 1),
    "googlenet": (1583, 1),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_nodes(name):
    network = NETWORKS[name]()
    kinds = Counter(node.op_type for node in network.graph.node)
    parameters, nodes = PUBLISHED[name]
    assert network.trained_parameters == parameters
    assert {kind: kinds[kind] for kind in nodes} == nodes


@pytest.mark.parametrize("name", MACS)
def test_macs(name):
    millions, within = MACS[name]
    assert NETWORKS[name]().macs / 1e6 == pytest.approx(millions, abs=within)


def test_crossbars():
    resnet18, resnet50 = resnet(18), resnet(50)
    assert resnet18.crossbars(128) == 727
    products = (layer.positions * layer.row_blocks(128) for layer in resnet18.layers)
    assert sum(products) == 132_500
    assert resnet50.crossbars(128) == 1576
    for network, convolutions in ((resnet50, 390), (NETWORKS["vgg16"](), 233)):
        found = [layer.crossbars(256) for layer in network.layers if not layer.dense]
        assert sum(found) == convolutions


@pytest.mark.parametrize("wanted", [100, 1000, 10_000, 100_000])
def test_scaled_networks_are_as_large_as_wanted(wanted):
    assert scaled(wanted).crossbars(128) == pytest.approx(wanted, rel=0.06)


def test_models_are_valid_and_the_same_each_time():
    first, second = (NETWORKS["squeezenet1.1"]().model for _ in range(2))
    assert first.SerializeToString() == second.SerializeToString()
    onnx.checker.check_model(first, full_check=True)
    weights = onnx.numpy_helper.to_array(first.graph.initializer[0])
    assert np.std(weights) == pytest.approx((2 / 27) ** 0.5, rel=0.05)
