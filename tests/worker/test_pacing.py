"""How many workflows are claimed at once, by how the last batch went."""

import pytest

from pgworkflows.execution.batch_state import Report
from pgworkflows.execution.pacing import Pacing

BUDGET = 0.05


@pytest.mark.parametrize(
    ("report", "size"),
    [
        pytest.param(Report(claimed=16, advanced=16, seconds=0.01), 32, id="quick and full"),
        pytest.param(Report(claimed=7, advanced=7, seconds=0.01), 16, id="quick, but not full"),
        pytest.param(Report(claimed=16, advanced=16, seconds=0.04), 16, id="just right"),
        pytest.param(Report(claimed=16, advanced=12, overran=True, seconds=0.03), 12, id="stopped before its end"),
        pytest.param(Report(claimed=16, advanced=16, seconds=0.06), 8, id="slow"),
        pytest.param(Report(claimed=16, lost="deadlock"), 8, id="lost"),
    ],
)
def test_last_batch_decides_the_next_size(report, size):
    pacing = Pacing(50, 0)
    pacing.size = 16
    pacing.learn(report, BUDGET)
    assert pacing.size == size
