"""Faults in the synchronisation of compiled programs: found, or harmless."""

from random import Random

import pytest

from tests.benchmarks.faults import verdicts


@pytest.mark.parametrize(("network", "share"), [("lenet5", 0.3), ("resnet8", 0.05)])
def test_no_harmful_fault_is_missed(network, share):
    random = Random(network)
    found = list(
        verdicts(
            network,
            "pelke-128",
            simulate_all=False,
            sample=lambda: random.random() < share,
        )
    )
    assert not [verdict for verdict in found if verdict.missed]
    assert {"unbalanced", "unordered"} <= {verdict.rejected for verdict in found}
