"""The Run: frozen, lazy, readable, and written to files that others open."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from table_logs import at, log_of, row, scenario

import funnelsim as fs
from funnelsim.errors import FunnelsimError
from funnelsim.events import COLUMNS, Kind
from funnelsim.run import SAVED, Provenance, Run
from funnelsim.tables import glossary


@pytest.fixture(scope="module")
def run():
    return fs.simulate("small", seed=5)


def made(*rows):
    log = log_of(*rows)
    return Run(scenario(), log, Provenance.here(1, 0, "hand", 0.0, len(log)))


def test_a_run_cannot_be_changed(run):
    with pytest.raises(AttributeError, match="cannot be changed"):
        run.log = None
    with pytest.raises(ValueError, match="read-only"):
        run.log["time"][0] = 0
    numbers = run.kpis()
    numbers["wins"] = -1.0
    assert run.kpis()["wins"] >= 0


def test_a_log_of_another_layout_is_refused():
    with pytest.raises(TypeError, match=r"columns of funnelsim\.events\.COLUMNS"):
        Run(scenario(), np.zeros(1), Provenance.here(1, 0, "hand", 0.0, 1))


def test_the_callers_array_stays_writeable():
    log = log_of(row(at(1), Kind.NEED, 1, 0, stage=0, amount=1))
    Run(scenario(), log, Provenance.here(1, 0, "hand", 0.0, 1))
    log["account"][0] = 2


def test_provenance(run):
    assert (run.provenance.seed, run.provenance.replication, run.provenance.rows) == (5, 0, len(run.log))
    assert run.provenance.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}")


def test_one_sentence(run):
    assert re.fullmatch(
        r"<Run: 365 days, 20,000 accounts: \d+ wins, a (profit|loss) of \$[\d,]+ \(seed 5, replication 0\)>", repr(run)
    )
    assert run.scenario.title in run._repr_html_()
    loss = made(row(at(4, 9), Kind.PROGRAMME_LAUNCHED, touchpoint="ads", team=0, item=0, amount=50_000))
    assert repr(loss) == "<Run: 90 days, 100 accounts: 0 wins, a loss of $500 (seed 1, replication 0)>"


def test_titles_are_escaped_in_html():
    run = made()
    odd = run.scenario.model_copy(update={"title": "<b>A & B</b>"})
    assert "&lt;b&gt;A &amp; B" in Run(odd, run.log, run.provenance)._repr_html_()


def test_events_have_names_dates_and_na():
    table = made(
        row(at(-1), Kind.NEED, 1, 0, stage=0, amount=123),
        row(at(1, 12), Kind.TOUCH, 1, 0, stage=1, touchpoint="web", team=0, item=0, value=0.1),
        row(at(90), Kind.TOUCH, 1, 0, stage=1, touchpoint="web", team=0, item=1, value=0.1),
    ).events(burn_in=True)
    assert table["kind"].tolist() == ["need", "touch"]  # the last row lies beyond the window
    assert table["time"].tolist() == [pd.Timestamp("2025-12-31"), pd.Timestamp("2026-01-02 12:00")]
    assert table["amount"].tolist()[0] == 1.23
    assert table[["amount", "person", "source", "hours"]].iloc[1].isna().all()
    assert table["touchpoint"].tolist()[1] == "web"
    assert len(made(row(at(-1), Kind.NEED, 1, 0)).events()) == 0


def test_events_show_every_column_of_the_log(run):
    names = [column.name for column in COLUMNS]
    assert [name for name in run.events().columns if name not in ("day", "product")] == names


def test_a_run_survives_pickling(run):
    run.kpis()
    again = pickle.loads(pickle.dumps(run))
    assert again.log.tobytes() == run.log.tobytes()
    pd.testing.assert_series_equal(again.kpis(), run.kpis())


def test_tables_as_csv(run, tmp_path):
    files = run.to_csv(tmp_path / "new" / "folder")
    assert [path.stem for path in files] == list(SAVED)
    table = pd.read_csv(tmp_path / "new" / "folder" / "waiting.csv")
    assert table["cases"].tolist() == run.waiting()["cases"].tolist()
    assert pd.read_csv(files[-1]).set_index("kpi")["value"]["wins"] == run.kpis()["wins"]


def test_tables_as_parquet(run, tmp_path):
    pytest.importorskip("pyarrow")
    files = run.to_parquet(tmp_path)
    assert [path.stem for path in files] == list(SAVED)
    assert len(pd.read_parquet(tmp_path / "cases.parquet")) == len(run.cases())


def test_a_file_is_not_a_folder(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FunnelsimError, match="expected a folder"):
        run.to_csv(tmp_path / "file")


def test_export_as_a_crm(run, tmp_path):
    files = {path.stem: pd.read_csv(path, low_memory=False) for path in run.export_crm(tmp_path)}
    for name, table in files.items():
        assert table.columns.tolist() == list(glossary.EXPORT[name]), name
    assert files["leads"]["lead_id"].is_unique
    assert files["accounts"]["account_id"].is_unique
    assert files["opportunities"]["opportunity_id"].isin(files["leads"]["lead_id"]).all()
    for name in ("leads", "activities", "opportunities"):
        assert files[name]["account_id"].isin(files["accounts"]["account_id"]).all(), name
    assert (files["opportunities"]["status"] == "won").sum() >= run.kpis()["wins"]
    paying = files["accounts"]["annual_value_usd"].notna()
    assert paying.sum() == run.kpis()["customers_end"]
    log = files["event_log"]
    assert log[["case_id", "activity", "timestamp"]].notna().all(axis=None)
    assert pd.to_datetime(log["timestamp"]).is_monotonic_increasing
    assert (log.groupby("case_id")["activity"].first().isin(["need", "touch"])).all()


def test_reading_needs_no_pandas_at_import():
    code = "import sys, funnelsim.run, funnelsim.tables.kpis; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
