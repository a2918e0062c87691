"""The widgets of `funnelsim.explore`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]

from funnelsim.errors import FunnelsimError
from funnelsim.experiments.compare import HEADLINE, Comparison
from funnelsim.interactive import picture, words
from funnelsim.interactive.levers import LEVERS, Lever, Setting, settings
from funnelsim.interactive.replays import Replays
from funnelsim.scenario.schema import Scenario

STYLE = """<style>
.funnelsim-explore {max-width: 1010px}
.funnelsim-levers {flex-flow: row wrap}
.funnelsim-lever {width: 500px}
.funnelsim-hint {opacity: .65; white-space: nowrap}
.funnelsim-changed .widget-label {font-weight: bold}
.funnelsim-picture {transition: opacity .1s}
.funnelsim-computing .funnelsim-picture, .funnelsim-computing .funnelsim-figures {opacity: .35}
.funnelsim-computing .funnelsim-status {color: #8A5A00; font-weight: bold}
.funnelsim-failed .funnelsim-status {color: #B3410E; font-weight: bold}
.funnelsim-figures {border-collapse: collapse; line-height: 1.5}
.funnelsim-figures th, .funnelsim-figures td {text-align: right; padding: 0 14px 0 0}
.funnelsim-figures td:first-child {text-align: left}
</style>"""
COMPUTING, READY, FAILED = "funnelsim-computing", "funnelsim-ready", "funnelsim-failed"
WIDE, NARROW = "140px", "340px"
"""Width of the names of levers, and of a whole control."""


class Explorer:
    """Sliders and picture; made by `funnelsim.explore`.

    Parameters
    ----------
    replays
        Runs both plans.
    levers
        What can be moved.

    Attributes
    ----------
    comparison : Comparison
        What the picture shows: plans ``today`` and ``yours``.
    finding : str
        The sentence above the picture.
    controls : dict
        Slider or dropdown of each lever, by dotted path; setting ``controls[path].value`` moves it.
    widget : ipywidgets.VBox
        What a notebook shows; with the class ``funnelsim-computing``, ``funnelsim-ready`` or ``funnelsim-failed``.
    """

    comparison: Comparison
    finding: str

    def __init__(self, replays: Replays, levers: Sequence[Lever | tuple[Any, ...]] = LEVERS) -> None:
        self._replays = replays
        self._settings = settings(replays.scenario, levers)
        self._quiet = False
        self.controls = {path: _control(setting) for path, setting in self._settings.items()}
        self.judge = widgets.Dropdown(
            options=words.JUDGES, value=HEADLINE, description="judged by", style={"description_width": WIDE},
            layout={"width": NARROW}, tooltip="what the plans are compared by; both are read from the same runs",
        )  # fmt: skip
        self.status = widgets.HTML().add_class("funnelsim-status")
        self.image = widgets.Image(format="png", layout={"max_width": "100%"}).add_class("funnelsim-picture")
        self.figures = widgets.HTML().add_class("funnelsim-key-figures")
        self.reset_button = widgets.Button(description="reset", tooltip="all sliders back to today's plan")
        self.text_button = widgets.Button(description="show as scenario", tooltip="your plan as text to copy")
        self.text = widgets.Textarea(layout={"width": "100%", "height": "300px", "display": "none"})
        self.reset_button.add_class("funnelsim-reset")
        self.text_button.add_class("funnelsim-show")
        self.text.add_class("funnelsim-text")
        self.widget = self._laid_out()
        self._update()
        for control in self.controls.values():
            control.observe(self._moved, "value")
        self.judge.observe(self._moved, "value")
        self.reset_button.on_click(lambda _: self.reset())
        self.text_button.on_click(lambda _: self._toggle_text())

    # -- what a user reads ----------------------------------------------------------------------------------------

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from today: new values by dotted path, as `Scenario.with_changes` takes them."""
        found = {}
        for path, setting in self._settings.items():
            value = setting.clean(self.controls[path].value)
            if value != setting.today:
                found[path] = value
        return found

    @property
    def scenario(self) -> Scenario:
        """Your plan as a scenario."""
        return self._replays.scenario.with_changes(self.changes)

    @property
    def png(self) -> bytes:
        """The picture."""
        return bytes(self.image.value)

    def as_python(self) -> str:
        """Return the comparison as Python to copy."""
        return words.as_python(words.shipped_name(self._replays.scenario), self.changes)

    def as_yaml(self) -> str:
        """Return your plan as a scenario file."""
        return words.as_yaml(words.shipped_name(self._replays.scenario), self.scenario, self.changes)

    # -- what moves -----------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Put every lever back to today's plan."""
        self._quiet = True
        try:
            for path, setting in self._settings.items():
                self.controls[path].value = setting.today
        finally:
            self._quiet = False
        self._moved()

    def _moved(self, _: object = None) -> None:
        """Answer a moved lever: run what has not been run, draw; a reason in words if that fails."""
        if self._quiet:
            return
        try:
            self._update()
        except FunnelsimError as error:
            self._fail(str(error))
        except KeyboardInterrupt:
            self._fail("stopped: the picture is not that of the sliders; move one to try again")
        except Exception as error:  # a participant sees a sentence, never a traceback
            self._fail(f"this plan could not be run ({type(error).__name__}: {error}); reset, or move another slider")

    def _update(self) -> None:
        changes = self.changes
        kpi = str(self.judge.value)
        for path in self._settings:
            if path in changes:
                self._boxes[path].add_class("funnelsim-changed")
            else:
                self._boxes[path].remove_class("funnelsim-changed")
        with self._computing():
            self.comparison = self._replays.compare(changes, self._tell)
            self.finding = words.finding(self.comparison, kpi)
            self.image.value = picture.png(self.comparison, kpi, words.moved(changes, self._settings))
            self.figures.value = words.figures(self.comparison)
        self._say(f"{self.comparison.replications_in_words} of each plan")
        if self.text.layout.display != "none":
            self._write_text()

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Show that the picture is not yet that of the sliders."""
        self._state(COMPUTING)
        self._say("computing…")
        try:
            yield
        except BaseException:
            self._state(FAILED)
            raise
        self._state(READY)

    def _state(self, name: str) -> None:
        for other in (COMPUTING, READY, FAILED):
            if other != name:
                self.widget.remove_class(other)
        self.widget.add_class(name)

    def _tell(self, done: int, total: int) -> None:
        self._say(f"computing… {done} of {total} runs" if done else "computing…")

    def _say(self, text: str) -> None:
        self.status.value = escape(text)

    def _fail(self, why: str) -> None:
        self._state(FAILED)
        self._say(why)

    # -- text to copy ---------------------------------------------------------------------------------------------

    def _toggle_text(self) -> None:
        if self.text.layout.display == "none":
            self._write_text()
            self.text.layout.display = ""
            self.text_button.description = "hide scenario"
        else:
            self.text.layout.display = "none"
            self.text_button.description = "show as scenario"

    def _write_text(self) -> None:
        self.text.value = f"{self.as_python()}\n# ---- the same as a file ----\n\n{self.as_yaml()}"

    # -- what is where --------------------------------------------------------------------------------------------

    def _laid_out(self) -> Any:
        self._boxes = {}
        for path, setting in self._settings.items():
            hint = widgets.HTML(escape(words.today_words(setting))).add_class("funnelsim-hint")
            box = widgets.HBox([self.controls[path], hint]).add_class("funnelsim-lever")
            self._boxes[path] = box
        judge = widgets.HBox([self.judge]).add_class("funnelsim-lever")
        levers = widgets.Box([*self._boxes.values(), judge]).add_class("funnelsim-levers")
        levers.layout.flex_flow = "row wrap"
        buttons = widgets.HBox([self.reset_button, self.text_button, self.status])
        parts = [widgets.HTML(STYLE), levers, buttons, self.image, self.figures, self.text]
        return widgets.VBox(parts).add_class("funnelsim-explore")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the widgets; the picture where widgets cannot be shown; words elsewhere."""
        import base64

        bundle = dict(self.widget._repr_mimebundle_() or {})
        return {**bundle, "image/png": base64.b64encode(self.png).decode(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        moved = words.moved(self.changes, self._settings) or "nothing moved"
        return f"<Explorer: {moved}; {self.comparison.replications_in_words} of each plan>\n{self.finding}"


def _control(setting: Setting) -> Any:
    """Return the widget of a lever; it cannot take a value that the schema refuses."""
    looks: dict[str, Any] = {
        "description": setting.lever.label,
        "style": {"description_width": WIDE},
        "layout": {"width": NARROW},
        "tooltip": setting.meaning,
    }
    if setting.choices:
        return widgets.Dropdown(options=setting.choices, value=setting.today, **looks)
    looks.update(min=setting.low, max=setting.high, step=setting.step, value=setting.today, continuous_update=False)
    if setting.whole:
        looks.update(min=int(setting.low), max=int(setting.high), step=int(setting.step))
        return widgets.IntSlider(**looks)
    looks["readout_format"] = "$,.0f" if setting.lever.unit.startswith("USD") else f".{_digits(setting.step)}f"
    return widgets.FloatSlider(**looks)


def _digits(step: float) -> int:
    """Return how many digits after the point a step has."""
    return next((digits for digits in range(6) if abs(round(step, digits) - step) < 1e-9), 6)
