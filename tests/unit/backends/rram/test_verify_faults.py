"""Faults in the synchronisation of compiled programs: found, or harmless."""

from random import Random

import pytest

from tests.benchmarks.faults import verdicts


@pytest.mark.parametrize(
    ("network", "share", "batch"),
    [("lenet5", 0.3, 1), ("resnet8", 0.05, 1), ("lenet5", 0.3, 4), ("lenet5", 0.2, 2)],
)
def test_no_harmful_fault_is_missed(network, share, batch):
    random = Random(network)
    found = list(
        verdicts(
            network,
            "pelke-128",
            simulate_all=False,
            sample=lambda: random.random() < share,
            batch=batch,
        )
    )
    assert not [verdict for verdict in found if verdict.missed]
    assert {"unbalanced", "unordered"} <= {verdict.rejected for verdict in found}
