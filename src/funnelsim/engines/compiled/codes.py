"""Numbers of kinds, stages, ranks and purposes as plain ints, and what events and tasks of this engine are about."""

from __future__ import annotations

from enum import IntEnum, auto

from funnelsim.events import Kind, Lever, Product, Rank, Source, Stage, Team
from funnelsim.randomness import Purpose
from funnelsim.scenario.lowered import Effect


class What(IntEnum):
    """What an entry of the event list is about; in brackets what its reference is a row of."""

    NEED = auto()
    """(account) a need may arise"""
    TOUCH = auto()
    """(need) a candidate moment"""
    WINDOW = auto()
    """(need)"""
    PATIENCE = auto()
    """(task)"""
    RETRY = auto()
    """(case)"""
    MEETING_DUE = auto()
    """(case)"""
    DECISION = auto()
    """(case)"""
    TASK_END = auto()
    """(task)"""
    RENEWAL = auto()
    """(customer)"""
    CARE = auto()
    """(customer)"""
    REFERRAL = auto()
    """(customer)"""
    PROGRAMME = auto()
    """(programme) live, worn or over, by its sequence"""
    RESIGN = auto()
    """(person)"""
    REFILL = auto()
    """(person whose seat it was)"""
    PLAN = auto()
    """(phase)"""
    PLANNING = auto()
    """(week)"""
    PROSPECTING = auto()
    """(paid day)"""
    PAYROLL = auto()
    """(paid day)"""
    RESTED = auto()
    """(case) its lead may be handed over again"""
    CART = auto()
    """(need) a reminder brings a cart back"""
    MONTH_BEGINS = auto()
    """(month)"""
    MONTH_ENDS = auto()
    """(month)"""
    PUSH_BEGINS = auto()
    """(month)"""
    PUSH = auto()
    """(case)"""
    WAKE = auto()
    """(desk) people begin to work while tasks wait"""
    CROSS_SELL = auto()
    """(customer)"""
    RETENTION = auto()
    """(customer)"""
    WIN_BACK = auto()
    """(customer that has left)"""
    PURCHASE = auto()
    """(customer)"""
    PORTFOLIO = auto()
    """(quarter) the portfolio may be reviewed"""
    REVIEW = auto()
    """(review)"""
    ESCALATION = auto()
    """(case) a promise falls due"""


class Work(IntEnum):
    """What a task is; in brackets what its reference is a row of."""

    RESPONSE = auto()
    """(case) first attempt"""
    RETRY = auto()
    """(case) a later attempt"""
    MEETING = auto()
    """(case)"""
    CARE = auto()
    """(customer)"""
    PROSPECTING = auto()
    """(person)"""
    PROGRAMME = auto()
    """(programme)"""
    WIN_BACK = auto()
    """(customer that has left)"""
    ASSIST = auto()
    """(need) a visitor's question"""


# Numba takes module-level ints for constants; enumerations it would look up.
for _prefix, _enum in (
    ("K", Kind), ("S", Stage), ("R", Rank), ("P", Purpose), ("FROM", Source), ("TEAM", Team), ("WHAT", What),
    ("WORK", Work), ("L", Lever), ("E", Effect), ("PRODUCT", Product),
):  # fmt: skip
    globals().update({f"{_prefix}_{_member.name}": int(_member) for _member in _enum})


def __getattr__(name: str) -> int:
    raise AttributeError(f"no code is named {name}")
