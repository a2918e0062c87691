"""Time and memory of the base scenario against the size of the market.

``python -m benchmarks.base_scenario --sizes 1e3 1e4 1e5 2e5 1e6``

The firm is scaled with the market: heads, programme money and customers at the start, of the plan and of the incumbent,
and `programme_scale`. Each run is one replication with a burn-in of one quarter and a horizon of four quarters, so five
simulated quarters, in a fresh process. Time is processor time from the scenario to the finished event log (lowering
included, start of Python and imports not); memory is the peak of the whole process.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 10_000, 100_000, 200_000, 1_000_000)
BURN_IN_QUARTERS = 1
HORIZON_QUARTERS = 4
MOST_MB = 1_500.0
"""Target for the peak memory at a million accounts."""
FIT_FROM = 10_000
"""Growth is fitted from this size on: smaller runs are mostly the same work for any size."""


@dataclass(frozen=True)
class Size:
    """One replication of the base scenario at one size of market."""

    accounts: int
    seconds: float
    rows: int
    needs: int
    candidates: float
    log_mb: float
    peak_mb: float
    start_mb: float


def peak_mb() -> float:
    """Peak memory of this process so far."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage counts what the process that started this one had held, too
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / (1 << 10)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def scaled(accounts: int):  # type: ignore[no-untyped-def]
    """Return the base scenario with that many accounts and a firm to match."""
    from funnelsim.scenario.files import load

    base = load("base")
    segments = base.world.segments
    factor = accounts / sum(segment.accounts for segment in segments.values())
    changes: dict[str, object] = {
        f"world.segments.{name}.accounts": int(segment.accounts * factor + 0.5) for name, segment in segments.items()
    }
    for where, plan in (("plan", base.plan), ("world.incumbent", base.world.incumbent)):
        changes[f"{where}.sales.reps"] = plan.sales.reps * factor
        changes[f"{where}.sales.sdrs"] = plan.sales.sdrs * factor
        changes[f"{where}.marketing.marketers"] = plan.marketing.marketers * factor
        changes[f"{where}.marketing.programme_money"] = plan.marketing.programme_money * factor
    changes["world.customers.start"] = int(base.world.customers.start * factor + 0.5)
    changes["world.programme_scale"] = base.world.programme_scale * factor
    changes["world.burn_in_quarters"] = BURN_IN_QUARTERS
    changes["horizon_quarters"] = HORIZON_QUARTERS
    return base.with_changes(changes)


def measure_here(accounts: int, seed: int = 1) -> Size:
    """Run one replication in this process."""
    import numpy as np

    from funnelsim.engines.reference.model import simulate_log
    from funnelsim.events import Kind
    from funnelsim.scenario.lowering import lower

    scenario = scaled(accounts)
    start = peak_mb()
    begin = time.process_time()
    log = simulate_log(lower(scenario), seed)
    seconds = time.process_time() - begin
    peak = peak_mb()
    needs = int(np.count_nonzero(log["kind"] == int(Kind.NEED)))
    moments = sum(touchpoint.moments_per_week for touchpoint in scenario.world.touchpoints.values())
    window = sum(s.need_window * s.accounts for s in scenario.world.segments.values()) / accounts
    return Size(accounts, seconds, len(log), needs, needs * moments * window / 7.0, log.nbytes / (1 << 20), peak, start)


def measure(accounts: int) -> Size:
    """Run one replication in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.base_scenario", "--here", str(accounts)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the run with {accounts:,} accounts failed:\n{done.stderr}")
    return Size(**json.loads(done.stdout.splitlines()[-1]))


def exponent(sizes: list[Size]) -> float:
    """Least-squares slope of log seconds on log accounts, from `FIT_FROM` accounts on."""
    used = [size for size in sizes if size.accounts >= FIT_FROM]
    return _slope([math.log(s.accounts) for s in used], [math.log(s.seconds) for s in used])


def exponent_of_n_log_n(sizes: list[Size]) -> float:
    """Return the slope that n log n itself has at these sizes."""
    n = [size.accounts for size in sizes if size.accounts >= FIT_FROM]
    return _slope([math.log(k) for k in n], [math.log(k * math.log(k)) for k in n])


def _slope(x: list[float], y: list[float]) -> float:
    if len(x) < 2:
        return math.nan
    centre_x, centre_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    across = math.fsum((a - centre_x) * (b - centre_y) for a, b in zip(x, y, strict=True))
    return across / math.fsum((a - centre_x) ** 2 for a in x)


def show(sizes: list[Size]) -> None:
    """Print what was measured."""
    print(f"\nbase scenario, {BURN_IN_QUARTERS} quarter of burn-in and {HORIZON_QUARTERS} of horizon, one replication")
    print(f"{'accounts':>10}{'seconds':>10}{'rows':>12}{'us/row':>9}{'log MB':>9}{'peak MB':>9}")
    for size in sizes:
        print(
            f"{size.accounts:10,}{size.seconds:10.2f}{size.rows:12,}{size.seconds / size.rows * 1e6:9.1f}"
            f"{size.log_mb:9.1f}{size.peak_mb:9.0f}"
        )
    if len([size for size in sizes if size.accounts >= FIT_FROM]) > 1:
        print(f"time grows as accounts to the {exponent(sizes):.2f}; n log n would be {exponent_of_n_log_n(sizes):.2f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=list(SIZES))
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here is not None:
        print(json.dumps(asdict(measure_here(arguments.here))))
        return
    show([measure(accounts) for accounts in arguments.sizes])


if __name__ == "__main__":
    main()
