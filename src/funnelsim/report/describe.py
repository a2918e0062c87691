"""What a file says: its kind, whether it is right, and a description in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from funnelsim.engines.choice import COMPILED_SPEED
from funnelsim.engines.compiled.compiling import is_installed
from funnelsim.errors import FunnelsimError, ScenarioError
from funnelsim.experiments.payroll import payroll
from funnelsim.experiments.words import amount, counted
from funnelsim.report.tables import duration
from funnelsim.report.terminal import console, safe, show_rows
from funnelsim.scenario.changes import differences
from funnelsim.scenario.files import FOLDERS, list_shipped, load, load_plan, load_study, load_world
from funnelsim.scenario.schema import Plan, Scenario, World
from funnelsim.scenario.size import estimate
from funnelsim.scenario.study import Study
from funnelsim.scenario.tree import read
from funnelsim.scenario.validation import hint

Thing = Scenario | Plan | World | Study
KINDS = {f"{kind}s": kind for kind in FOLDERS} | {kind: kind for kind in FOLDERS} | {"studies": "study"}
"""Kinds by the words for them."""
del KINDS["studys"]
_LOADERS: dict[str, Any] = {"scenario": load, "plan": load_plan, "world": load_world, "study": load_study}
_MARKS = {
    "study": {"plans", "changes", "baseline", "question"},
    "scenario": {"world", "plan", "timeline", "start", "horizon_quarters"},
    "plan": set(Plan.model_fields) - {"title"},
    "world": set(World.model_fields) - {"title"},
}
_PROSE = {"title", "question"}


def load_anything(name: str) -> tuple[str, Thing]:
    """Return kind and content of a file or of a shipped name; scenarios come before plans of the same name."""
    from pathlib import Path

    if "/" in name or "\\" in name or name.lower().endswith((".yaml", ".yml")):
        kind = _kind_of_file(Path(name).expanduser())
        return kind, _LOADERS[kind](name)
    shipped = list_shipped()
    for kind in FOLDERS:
        names = {one for one, _ in shipped[kind]}
        if name in names or name.replace("-", "_") in names:
            return kind, _LOADERS[kind](name)
    known = list(dict.fromkeys(one for entries in shipped.values() for one, _ in entries))
    raise ScenarioError(f"nothing is named {name!r}{hint(name, known, 'names')[0]}")


def _kind_of_file(path: Any) -> str:
    """Tell the kind of a file by its keys, then by its folder."""
    if not path.is_file():
        load(str(path))  # says what is wrong
    keys = set(read(path.absolute()).value or {})
    for kind, marks in _MARKS.items():
        if keys & marks:
            return kind
    return next(
        (kind for kind, folder in FOLDERS.items() if folder and path.absolute().parent.name == folder), "scenario"
    )


def check_file(name: str) -> tuple[bool, str]:
    """Return whether a file is right, and a line (or more) that says so or says what is wrong."""
    try:
        kind, thing = load_anything(name)
    except FunnelsimError as error:
        return False, str(error)
    text = f"{name}: a {kind}, all right"
    if isinstance(thing, Scenario):
        found = estimate(thing)
        seconds = f"{duration(found.seconds)} on SimPy"
        if is_installed():
            seconds += f", {duration(found.seconds / COMPILED_SPEED)} compiled,"
        text += f"; one run takes about {seconds} and {found.memory_bytes / 1e6:,.0f} MB"
    if isinstance(thing, Study):
        text += f"; {counted(len(thing.scenarios), 'plan')}, {counted(thing.replications, 'replication')} each"
    return True, str(safe(text))


def show_description(name: str, prefix: str | None) -> None:
    """Print what a thing says; with a prefix, its fields below that path."""
    kind, thing = load_anything(name)
    out = console()
    out.print(safe(f"{name}: a {kind}"), style="bold")
    if prefix is not None:
        rows = [row for row in field_rows(thing) if not prefix or f"{row[0]}.".startswith(f"{prefix}.")]
        if not rows:
            raise ScenarioError(f"{name} has no field {prefix!r}{_near(prefix, thing)}")
        show_rows(out, "", ["field", "value", "unit", "meaning"], rows)
        return
    show_rows(out, "", ["", ""], [list(pair) for pair in facts(thing)])
    if isinstance(thing, Study):
        rows = [[label, one.plan.title, *_heads(one.plan)] for label, one in thing.scenarios.items()]
        show_rows(out, "plans", ["label", "title", "reps", "marketers", "programme money a year"], rows)
    else:
        out.print("Every field with its unit: --fields '' (or a path, such as --fields plan.sales)", markup=False)


def _near(prefix: str, thing: Thing) -> str:
    from funnelsim.scenario.validation import nearest

    paths = list(dict.fromkeys(part for row in field_rows(thing) for part in _ancestors(row[0])))
    close = nearest(prefix, paths) or next(
        (path for path in paths if path.split(".")[-1] == prefix.split(".")[-1]), None
    )
    return (
        f"; did you mean {close!r}?"
        if close
        else f"; it has: {', '.join(dict.fromkeys(path.split('.')[0] for path in paths))}"
    )


def _ancestors(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def facts(thing: Thing) -> list[tuple[str, str]]:
    """Return the main facts as pairs of words."""
    rows = [("title", thing.title)]
    if isinstance(thing, Study):
        rows += [("question", thing.question), ("baseline", thing.baseline), ("replications", str(thing.replications))]
        first = thing.scenarios[thing.baseline]
        return [*rows, *_frame(first), *_market(first.world)]
    if isinstance(thing, Scenario):
        rows += [("plan", thing.plan.title), *_people(thing.plan)]
        rows += [("payroll and programmes", f"{amount(payroll(thing), 'USD')} a year")]
        rows += [*_frame(thing), *_market(thing.world)]
        for entry in thing.timeline:
            changes = ", ".join(f"{path}: {_short(value)}" for path, value in entry.changes.items())
            rows.append((f"on {entry.date}", f"{changes}{f' ({entry.note})' if entry.note else ''}"))
        if not thing.timeline:
            rows.append(("changes", "none during the run"))
        return rows
    return rows + (_people(thing) if isinstance(thing, Plan) else _market(thing))


def plan_changes(scenario: Scenario, baseline: Scenario) -> list[tuple[str, str, str]]:
    """Return where a scenario differs from the baseline, titles aside: field, value there, value here."""
    found = differences(baseline, scenario)
    return [(path, _short(a), _short(b)) for path, a, b in found if path.split(".")[-1] not in _PROSE]


def _heads(plan: Plan) -> list[str]:
    return [f"{plan.sales.reps:g}", f"{plan.marketing.marketers:g}", amount(plan.marketing.programme_money, "USD")]


def _posts(number: float, role: str) -> str:
    return f"{number:g} {role}" if number == 1.0 else f"{number:g} {role}s"


def _people(plan: Plan) -> list[tuple[str, str]]:
    sales, marketing = plan.sales, plan.marketing
    mix = ", ".join(f"{name} {share:.0%}" for name, share in marketing.mix.items())
    return [
        ("sales", f"{_posts(sales.reps, 'rep')}, {_posts(sales.sdrs, 'SDR')} (full posts)"),
        ("marketing", f"{_posts(marketing.marketers, 'marketer')} (full posts)"),
        ("programme money", f"{amount(marketing.programme_money, 'USD')} a year{f': {mix}' if mix else ''}"),
        ("hand-over", f"at a score of {marketing.lead_bar:g} sd" if marketing.hand_over else "none: buyers must ask"),
    ]


def _frame(scenario: Scenario) -> list[tuple[str, str]]:
    return [("horizon", f"{counted(scenario.horizon_quarters, 'quarter')} from {scenario.start}")]


def _market(world: World) -> list[tuple[str, str]]:
    rows = [("market", f"{world.title}; burn-in of {counted(world.burn_in_quarters, 'quarter')}")]
    for name, segment in world.segments.items():
        text = (
            f"{segment.accounts:,} accounts, a need every {segment.need_interval:g} years, {segment.fit_share:.0%} fit"
        )
        rows.append((f"segment {name}", f"{text}, median deal {amount(segment.deal_size, 'USD')} a year"))
    return rows


def _short(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.10g}"
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def field_rows(thing: Thing) -> list[list[str]]:
    """Return every field: path, value, unit, meaning."""
    if isinstance(thing, Study):
        thing = thing.scenarios[thing.baseline]
    prefix = {Plan: "plan", World: "world"}.get(type(thing), "")
    return [list(row) for row in _fields(thing, prefix)]


def _fields(part: BaseModel, path: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        here = f"{path}.{name}" if path else name
        if isinstance(value, BaseModel):
            yield from _fields(value, here)
        elif isinstance(value, dict) and value and all(isinstance(item, BaseModel) for item in value.values()):
            for key, item in value.items():
                yield from _fields(item, f"{here}.{key}")
        else:
            extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            yield here, _short(value), str(extra.get("unit", "")), field.description or ""
