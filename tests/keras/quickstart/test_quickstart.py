import json
import subprocess
import sys

import pytest

from fusion.errors import TrainingError
from fusion.quickstart.comparison import compare
from fusion.training.runs import FILES


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(TrainingError, match="is not an empty folder"):
        compare(tmp_path)


@pytest.mark.slow
def test_the_quickstart_runs_from_anywhere_and_transfer_helps(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fusion", "quickstart", "-o", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *FILES,
        "plain.weights.h5",
        "residual.weights.h5",
    }
    accuracy = {
        line[:26].strip(): float(line[26:].split()[0]) for line in done.stdout.splitlines() if " 0." in line
    }
    assert len(accuracy) == 5
    assert accuracy["fused"] > accuracy["fused, from scratch"] + 0.3
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["metrics"]["test"]["accuracy"] == pytest.approx(accuracy["fused"], abs=0.001)
