"""The benchmarks run; how fast is not a matter for tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "docs" / "reference" / "performance.md", ROOT / "benchmarks" / "results.json"]


def test_the_quick_benchmarks_run_and_write_nothing():
    before = [path.read_bytes() if path.exists() else None for path in FILES]
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "machinery is" in done.stdout
    assert "base scenario" in done.stdout
    assert before == [path.read_bytes() if path.exists() else None for path in FILES]
