"""The readings once more, by walking through the log row by row: slow, plain, and without any table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from funnelsim.events import DAY, HOUR, Kind, Role, Source, Stage, Team
from funnelsim.run import Run
from funnelsim.scenario.lowering import quarter_date

RESOLVES = {Kind.DECLINED, Kind.RENEGED, Kind.GIVEN_UP, Kind.DISQUALIFIED, Kind.NOT_READY, Kind.OPPORTUNITY}
DECIDES = {Kind.WON, Kind.LOST, Kind.NO_DECISION}
GOOD = 0.7
UNWORKED = {Kind.DECLINED, Kind.RENEGED}


@dataclass
class Case:
    source: int
    handed: float | None
    due: float
    first_try: float | None = None
    contact_attempt: float | None = None
    resolved: Kind | None = None
    score: float = 0.0
    tried_by: int = -1
    spoke_with: int = -1


@dataclass
class Life:
    """One need of one account."""

    began: float
    lead: float | None = None
    ended: float | None = None
    cases: list[Case] = field(default_factory=list)
    waiting_lead: float | None = None
    touches: int = 0
    trust_before_sales: float | None = None
    state: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Day, brand and relationship trust at the latest row."""
    opened: float | None = None
    price: float = 0.0
    sent: bool = False
    outcome: Kind | None = None


class Walk:
    """Walk through the log and count what `readings.read` counts."""

    def __init__(self, run: Run) -> None:
        self.scenario = run.scenario
        self.world = run.scenario.world
        self.begins = float(run.log["time"][0] / DAY)
        self.end = float((quarter_date(run.scenario.start, run.scenario.horizon_quarters) - run.scenario.start).days)
        self.names = list(self.world.touchpoints)
        self.lives: dict[tuple[int, int], Life] = {}
        self.roll: dict[int, list[list[float]]] = {}
        self.won_by: dict[int, int] = {}
        self.sums: dict[str, float] = {}
        self.days: list[float] = []
        self.won_days: list[float] = []
        for row in run.log:
            day = row["time"] / DAY
            if day < self.end:
                self._step(row, day, Kind(int(row["kind"])))
        self._count()

    def add(self, name: str, value: float = 1.0) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + float(value)

    # -- what happens --------------------------------------------------------------------------------------------------

    def _step(self, row: Any, day: float, kind: Kind) -> None:
        if row["person"] // 1_000_000 == Role.REP and kind in (Kind.HIRED, Kind.LEFT):
            spells = self.roll.setdefault(int(row["person"]), [])
            if kind == Kind.HIRED:
                spells.append([day, self.end, float(row["hours"])])
            else:
                spells[-1][1] = day
        if day >= 0.0 and kind == Kind.QUOTA:
            self.add("quotas")
            self.add("quotas_met", row["value"] >= 1.0)
        if day >= 0.0 and kind == Kind.TASK and self.names[row["touchpoint"]] in self.world.selling.meetings:
            self.add("meetings")
            self.add("meeting_hours", row["hours"])
        if day >= 0.0 and kind == Kind.WON:
            self.won_days.append(day)
        if row["account"] < 0 or row["need"] < 0:
            return
        key = (int(row["account"]), int(row["need"]))
        if kind == Kind.NEED:
            self.lives[key] = Life(day, lead=day if row["stage"] >= Stage.LEAD else None)
        life = self.lives.get(key)
        if life is None:
            return
        self._sales(row, day, kind, life)  # a case that still waits is closed just after its need
        if life.ended is not None:
            return
        if kind == Kind.TOUCH:
            self._touch(row, day, life)
        life.state = (day, float(row["brand"]), float(row["relationship"]))
        if kind == Kind.OPPORTUNITY:
            life.opened, life.price = day, row["amount"] / 100.0
        if kind in DECIDES:
            life.ended, life.outcome = day, kind
            if day >= 0.0:
                self._decided(row, day, life, kind)
        if kind == Kind.WINDOW_CLOSED:
            life.ended = day

    def _sales(self, row: Any, day: float, kind: Kind, life: Life) -> None:
        if kind == Kind.LEAD:
            life.lead = day
        if kind == Kind.MQL:
            life.cases.append(Case(Source.MQL, day, day, score=float(row["value"])))
            if day >= 0.0:
                self.add("mqls")
        if kind == Kind.UPGRADED:
            life.waiting_lead = life.cases.pop().handed
        if kind == Kind.REQUEST:
            life.cases.append(Case(Source.INBOUND, life.waiting_lead, day))
            life.waiting_lead = None
        if kind == Kind.PROSPECTED:
            life.cases.append(Case(Source.OUTBOUND, None, day, first_try=day))
        if not life.cases:
            return
        case = life.cases[-1]
        if kind == Kind.TASK and row["touchpoint"] >= 0 and case.first_try is None:
            case.first_try, case.tried_by = day, int(row["person"])
        if kind == Kind.CONTACT:
            case.contact_attempt, case.spoke_with = row["value"], int(row["person"])
        if kind == Kind.DECLINED:
            case.tried_by = int(row["person"])
        if kind in RESOLVES:
            case.resolved = kind

    def _touch(self, row: Any, day: float, life: Life) -> None:
        life.touches += 1
        if row["team"] == Team.SALES and life.trust_before_sales is None:
            since, brand, relationship = life.state
            brand *= 0.5 ** ((day - since) / self.world.trust.brand_half_life)
            relationship *= 0.5 ** ((day - since) / self.world.trust.relationship_half_life)
            life.trust_before_sales = 1.0 - (1.0 - brand) * (1.0 - relationship)
        if life.opened is not None and self.names[row["touchpoint"]] == "proposal":
            life.sent = True

    def _decided(self, row: Any, day: float, life: Life, kind: Kind) -> None:
        assert life.opened is not None
        self.add("decided")
        if life.sent:
            self.add("sent")
            self.add(f"sent_{kind.name.lower()}")
        if kind != Kind.WON:
            return
        case = life.cases[-1]
        self.won_by[int(row["person"])] = self.won_by.get(int(row["person"]), 0) + 1
        self.add("won")
        self.add("revenue", row["amount"] / 100.0)
        if 15_000.0 <= life.price <= 40_000.0:
            self.add("near")
            self.add("near_days", day - life.opened)
        if case.source == Source.OUTBOUND:
            self.add("cold_wins")
            self.add("cold_touches", life.touches + 1.0 / self.world.selling.cold_contact - 1.0)
        if case.source == Source.INBOUND:
            self.add("inbound_wins")
            self.add("inbound_touches", life.touches)
        if case.source != Source.OUTBOUND:
            self.add("handed_wins")
            self.add("called_wins")
            self.add("called_wins_early", case.contact_attempt is not None and case.contact_attempt <= 6)
        if case.handed is not None:
            self.add("mql_wins")
            self.days.append(day - case.handed)
        if life.lead is not None:
            self.add("lead_wins")
        trust = 1.0 - (1.0 - float(row["brand"])) * (1.0 - float(row["relationship"]))
        if life.trust_before_sales is not None:
            self.add("trust_known")
            self.add("trust_share", life.trust_before_sales / trust)

    # -- at the end ----------------------------------------------------------------------------------------------------

    def _edges(self) -> None:
        """Wins of the last and the first three business days of each quarter."""
        start, week = self.scenario.start, self.world.workweek
        for quarter in range(self.scenario.horizon_quarters):
            begin, end = ((quarter_date(start, q) - start).days for q in (quarter, quarter + 1))
            dates = [(day, start + dt.timedelta(days=day)) for day in range(begin, end)]
            office = [day for day, date in dates if date.weekday() in week.weekdays and date not in week.holidays]
            won = [day for day in self.won_days if begin <= day < end]
            self.add("last_wins", sum(day >= office[-3] for day in won))
            self.add("first_wins", sum(day < office[3] for day in won))
            self.add("last_expected", len(won) * (end - office[-3]) / (end - begin))
            self.add("first_expected", len(won) * (office[3] - begin) / (end - begin))

    def _count(self) -> None:
        if self.sums.get("quotas"):
            self._edges()
        for life in self.lives.values():
            end = self.end if life.ended is None else life.ended
            self.add("in_market", max(0.0, end - max(0.0, life.began)) / self.end)
            if life.lead is not None and life.lead >= 0.0:
                self.add("lead_needs")
            for case in life.cases:
                if case.due >= 0.0 and case.source != Source.OUTBOUND:
                    self._case(case)
        full = [(spells, self.won_by.get(person, 0)) for person, spells in self.roll.items()]
        for spells, wins in full:
            there = sum(max(0.0, stop - max(0.0, start)) for start, stop, _ in spells)
            if there >= 30.0:
                years = there * spells[-1][2] / self.end
                self.add("rep_years", years)
                self.add("rep_wins", wins)
                self.add("rep_wins_squared_per_year", wins * wins / years)

    def _case(self, case: Case) -> None:
        self.add("handed")
        name = "mql" if case.source == Source.MQL else "inbound"
        if case.resolved is not None:
            self.add(f"{name}_resolved")
        if case.resolved in UNWORKED:
            self.add("mql_unworked" if name == "mql" else "inbound_never")
        person = case.tried_by if case.spoke_with < 0 else case.spoke_with
        if name == "mql" and person >= 0:
            who = "new" if self.roll[person][0][0] > self.begins else "old"
            good = "good" if case.score > self.scenario.plan.marketing.lead_bar + GOOD else "poor"
            for group in (who, f"{who}_{good}"):
                self.add(f"{group}_leads")
                self.add(f"{group}_worked", case.resolved != Kind.DECLINED)
        if name == "inbound" and case.first_try is not None:
            self.add("responses")
            self.add("response_hours", (case.first_try - case.due) * DAY / HOUR)


def median_ratio(days: list[float]) -> float:
    """Mean over median, by sorting."""
    ordered = sorted(days)
    half = len(ordered) // 2
    middle = ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])
    return float(np.mean(days)) / middle
