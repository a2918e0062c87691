"""The tables of a run: one structured type per kind of thing, and where each stands.

Times are integer microseconds, money is cents, references are row numbers (`NONE`: nothing), flags are 0 or 1. Rows are
never given back while a run lasts: a stale event may still ask what became of the thing it was about.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

import numpy as np

from funnelsim.engines.compiled.records import rows_of
from funnelsim.events import COLUMNS, Lever
from funnelsim.scenario.lowered import LEVER_OF, LoweredRole, LoweredSegment, Phase

NONE: Final = -1
NEVER: Final = 2**62
"""Beyond every horizon; also: a task without an end of patience."""
DESKS: Final = 3
"""Desks, in the order in which they hand out work: marketers, reps, SDRs; a desk has the number of its role."""
SEATS: Final = 1000
"""Seats of a role."""
LEVERS: Final = len(Lever)
EFFECTS: Final = len(LEVER_OF)
CLOSED_SEAT: Final = -2
SLOT_BITS: Final = 9
"""A span of the event list has 512 slots."""
CHUNK: Final = 64
"""Rows of a chunk of events of a later span, the first of which names the chunk before; a power of two."""

_TYPES = {"int": "<i8", "float": "<f8", "bool": "<i8"}


def _table(*columns: tuple[str, str]) -> np.dtype:
    return np.dtype(list(columns), align=True)


def _of_class(lowered: type, *more: tuple[str, str]) -> np.dtype:
    """The numbers of a lowered dataclass under their own names."""
    return _table(*((f.name, _TYPES[str(f.type)]) for f in fields(lowered) if str(f.type) in _TYPES), *more)


def _all(kind: str, *names: str) -> list[tuple[str, str]]:
    return [(name, kind) for name in names]


# --- inputs ---------------------------------------------------------------------------------------------------

CHANGE_OVER: Final = tuple(f"change_over_{level}" for level in ("undefined", "defined", "aligned", "integrated"))
PHASE_ROW = _of_class(Phase, ("n_meetings", "<i8"), ("mix_changed", "<i8"), *_all("<f8", *CHANGE_OVER))
ROLE_ROW = _of_class(LoweredRole)
"""Row phase * DESKS + role."""
SEGMENT_ROW = _of_class(LoweredSegment)
TOUCHPOINT_ROW = _table(
    *_all("<i8", "team", "brand", "relationship", "aims", "site", "mail", "is_programme", "money", "live"),
    *_all("<f8", "strength", "base_intensity", "capture", "mix", "per_hour", "contact", "prospecting_mix"),
    *_all("<f8", "hours", "worn_strength", "intensity", "goodwill", "content", "targeting"),
)
"""Row phase * touchpoints + code."""
MOMENT_ROW = _table(
    *_all("<i8", "needs_address", "by_search"),
    ("gap_days", "<f8"),
)
"""What holds of a touchpoint for the whole run: row code."""
MEETING_ROW = _table(*_all("<i8", "code", "is_checkpoint"))
"""Row phase * most meetings + number."""
WEEK_ROW = _table(*_all("<i8", "time", "quarter", "worked"))
MONTH_START_ROW = _table(*_all("<i8", "time", "number"))
MONTH_ROW = _table(("time", "<i8"), ("elapsed", "<f8"))
EFFECT_ROW = _table(("lever", "<i8"), *_all("<f8", "undefined", "defined", "aligned", "integrated"))
"""Row phase * EFFECTS + effect."""
LEVEL_ROW = _table(("level", "<f8"))
"""Planned: row phase * LEVERS + lever; now: row lever."""
PAID_DAY_ROW = _table(*_all("<i8", "day", "opens", "closes", "index", "days"))
DEMAND_ROW = _table(("time", "<i8"), ("rate", "<f8"), ("passed", "<f8"))
QUARTER_ROW = _table(*_all("<i8", "time", "number"))
NUMBER_ROW = _table(("value", "<i8"))
QUANTILE_ROW = _table(("value", "<f8"))

# --- state ----------------------------------------------------------------------------------------------------

KIND_ROW = _table(
    *_all("<i8", "fresh", "worn", "spent"),
    *_all("<f8", "intensity", "accept_unfit", "accept_fit", "bound_unfit", "bound_fit"),
)
"""What marketing has made of a touchpoint: row code. Candidate moments are dealt as far as their uniform lies below the
bounds, which rise with what is accepted."""
CLIMATE_ROW = _table(
    *_all("<f8", "marketing_pace", "sales_pace", "consistency", "visibility", "tools", "score_noise", "lead_bar"),
    *_all("<f8", "approval", "preference", "money_per_day", "attention_fit", "attention_unfit"),
    ("promise", "<i8"),
    # what the values in force above are made from
    *_all("<f8", "targeting", "most", "learning", "conflict", "conflict_half_life", "revenue_weight", "licence"),
    ("bar_drop", "<f8"),
    *_all("<i8", "budget", "reviewed", "handed", "worked", "unworked", "rejected", "billed", "quarters"),
)
"""The climate between the teams: one row."""
ACCOUNT_ROW = _table(*_all("<i4", "open", "memory", "needs", "customer"))
NEED_ROW = _table(
    *_all("<i8", "stamp"),
    *_all("<f8", "brand", "relationship", "threshold", "asks_at"),
    *_all("<i4", "account", "number", "case", "cases"),
    *_all("<i1", "stage", "fits", "known", "asked", "handed", "closed", "stopped", "last_team"),
    # so far 64 bytes, a line of the processor's cache: what most touches need
    *_all("<i8", "opened", "window_end", "decision_at", "recent_stamp", "deal", "known_at", "left_at", "cart_visit"),
    *_all("<i8", "mails_stamp", "product"),
    *_all("<f8", "liking", "score_z", "recent", "discount", "mails"),
    *_all("<i4", "carts", "in_cart", "unsubscribed", "rounds"),
)
CASE_ROW = _table(
    *_all("<i8", "queued", "opened", "book_place"),
    *_all("<f8", "score", "cycle_days"),
    *_all("<i8", "need", "number", "source", "owner", "worker", "task", "attempt", "meeting", "phase", "round"),
    *_all("<i8", "tried", "is_warm", "in_book", "reached", "in_meeting"),
)
TASK_ROW = _table(
    *_all("<i8", "queued", "number", "patience_until", "calls", "tactic"),
    *_all("<i8", "priority", "owner", "worker", "ref", "child", "sibling"),
    *_all("<i8", "what", "desk", "waiting", "choose"),
)
PERSON_ROW = _table(
    *_all("<i8", "number", "entity", "hired", "idle_since"),
    *_all("<f8", "share", "skill", "attained", "quota", "quota_part"),
    *_all("<i8", "role", "seat", "incumbent", "book", "own_root", "own_waiting", "idle_next", "idle_before"),
    *_all("<i8", "ramped", "busy", "on_roll"),
)
SEAT_ROW = _table(*_all("<i8", "person", "incumbent"))
"""Row role * SEATS + seat; `person`: a row, `NONE` while vacant, `CLOSED_SEAT`."""
DESK_ROW = _table(
    *_all("<i8", "wakes"),
    *_all("<i8", "pool_root", "pool_waiting", "own_waiting", "idle_first", "idle_last", "workers", "seats", "asked"),
)
CUSTOMER_ROW = _table(
    *_all("<i8", "care_due", "care_queued"),
    *_all("<i8", "need", "owner", "renewals", "care_count", "referrals"),
    ("active", "<i8"),
    # products: prices a year, and until when they are paid
    *_all("<i8", "core", "entry", "addon", "is_premium", "via_entry", "term_end", "occasions"),
    *_all("<i8", "retained", "retentions", "rewarded", "purchases", "win_back"),
    *_all("<f8", "rate", "chance"),
)
PAST_MONTH_ROW = _table(*_all("<f8", "won", "posts"))
"""What the firm won in each of the last months, in a ring."""
PROGRAMME_ROW = _table(
    *_all("<i8", "queued", "live"),
    *_all("<f8", "hours", "goodwill", "content", "targeting"),
    *_all("<i8", "code", "worker"),
)
EVENT_ROW = _table(("time", "<i8"), ("key", "<i8"), ("ref", "<i4"), ("what", "<i4"), ("next", "<i4"))
SLOT_ROW = _table(("first", "<i4"))
SPAN_ROW = _table(*_all("<i8", "chunk", "next"))
"""Last chunk of a span, and the row for its next event."""
HEAP_ROW = _table(("time", "<i8"), ("key", "<i8"), ("ref", "<i4"), ("what", "<i4"))
LOG_ROW = np.dtype([(column.name, column.dtype) for column in COLUMNS])

GROWING: Final = {
    "log": LOG_ROW,
    "needs": NEED_ROW,
    "cases": CASE_ROW,
    "tasks": TASK_ROW,
    "persons": PERSON_ROW,
    "customers": CUSTOMER_ROW,
    "programmes": PROGRAMME_ROW,
    "events": EVENT_ROW,
    "later": HEAP_ROW,
    "heap": HEAP_ROW,
}
"""Tables whose rows come into being during a run. Globals: ``<table>`` (address), ``n_<table>``, ``cap_<table>``."""
FIXED: Final = {
    "phases": PHASE_ROW,
    "roles": ROLE_ROW,
    "touchpoints": TOUCHPOINT_ROW,
    "moments": MOMENT_ROW,
    "meetings": MEETING_ROW,
    "segments": SEGMENT_ROW,
    "weeks": WEEK_ROW,
    "months": MONTH_ROW,
    "month_starts": MONTH_START_ROW,
    "effects": EFFECT_ROW,
    "planned": LEVEL_ROW,
    "paid_days": PAID_DAY_ROW,
    "demand": DEMAND_ROW,
    "work_days": NUMBER_ROW,
    "days_before": NUMBER_ROW,
    "declared": NUMBER_ROW,
    "quarters": QUARTER_ROW,
    "purchase_rates": QUANTILE_ROW,
    "dropout_chances": QUANTILE_ROW,
    "climate": CLIMATE_ROW,
    "levels": LEVEL_ROW,
    "billings": NUMBER_ROW,
    "kinds": KIND_ROW,
    "accounts": ACCOUNT_ROW,
    "seats": SEAT_ROW,
    "desks": DESK_ROW,
    "slots": SLOT_ROW,
    "spans": SPAN_ROW,
    "past_months": PAST_MONTH_ROW,
}
"""Tables whose size is known at the start. Globals: ``<table>`` (address) and ``n_<table>``."""
STATE: Final = (
    "climate", "levels", "billings", "kinds", "accounts", "seats", "desks", "slots", "spans", "past_months",
)  # fmt: skip
"""Fixed tables that change during a run; the others are inputs."""

GLOBALS_ROW = _table(
    *_all("<i8", *(f"{prefix}{name}" for name in GROWING for prefix in ("", "n_", "cap_"))),
    *_all("<i8", *(f"{prefix}{name}" for name in FIXED for prefix in ("", "n_"))),
    ("key", "<u8"),
    # time and calendar
    *_all("<i8", "start", "end", "now", "stop", "first_day", "span", "opens", "closes", "day_length"),
    # the event list
    *_all("<i8", "slot_shift", "slot", "span_now", "free_event", "free_chunk", "asked", "events_done"),
    *_all("<i8", "event_key", "event_ref", "event_what"),
    # where the run stands
    *_all(
        "<i8",
        "phase",
        "quarter",
        "allowance_time",
        "goodwill_time",
        "content_time",
        "books",
        "failure",
        "wanted",
        "grow",
        "begun",
        "plans_known",
        "quota_running",
        "quota_began",
        "quota_ends",
        "push_days",
    ),
    # the portfolio: what is on offer, and what was billed since the last review
    *_all("<i8", "entry_dropped", "billed_entry", "billed_core", "billed_addon", "billed_premium"),
    *_all("<f8", "allowance", "backlog_hours", "goodwill_value", "content_value", "belief", "reviews"),
    *_all("<f8", "quota_full", "month_won"),
    # the scenario at large
    ("repeat", "<i8"),
    *_all("<f8", "psi_a", "psi_b", "propensity_sd", "customer_trust"),
)

GLOBALS = rows_of(GLOBALS_ROW)
PHASE = rows_of(PHASE_ROW)
ROLE = rows_of(ROLE_ROW)
SEGMENT = rows_of(SEGMENT_ROW)
TOUCHPOINT = rows_of(TOUCHPOINT_ROW)
MOMENT = rows_of(MOMENT_ROW)
MEETING = rows_of(MEETING_ROW)
WEEK = rows_of(WEEK_ROW)
MONTH = rows_of(MONTH_ROW)
MONTH_START = rows_of(MONTH_START_ROW)
PAST_MONTH = rows_of(PAST_MONTH_ROW)
EFFECT = rows_of(EFFECT_ROW)
PLANNED = LEVEL = rows_of(LEVEL_ROW)
CLIMATE = rows_of(CLIMATE_ROW)
PAID_DAY = rows_of(PAID_DAY_ROW)
DEMAND = rows_of(DEMAND_ROW)
QUARTER = rows_of(QUARTER_ROW)
NUMBER = rows_of(NUMBER_ROW)
QUANTILE = rows_of(QUANTILE_ROW)
KIND = rows_of(KIND_ROW)
ACCOUNT = rows_of(ACCOUNT_ROW)
NEED = rows_of(NEED_ROW)
CASE = rows_of(CASE_ROW)
TASK = rows_of(TASK_ROW)
PERSON = rows_of(PERSON_ROW)
SEAT = rows_of(SEAT_ROW)
DESK = rows_of(DESK_ROW)
CUSTOMER = rows_of(CUSTOMER_ROW)
PROGRAMME = rows_of(PROGRAMME_ROW)
EVENT = rows_of(EVENT_ROW)
SLOT = rows_of(SLOT_ROW)
SPAN = rows_of(SPAN_ROW)
HEAP = rows_of(HEAP_ROW)
LOG = rows_of(LOG_ROW)
