"""A SimPy environment in integer microseconds whose events follow the model's own order.

Three things differ from `simpy.Environment`:

* events made with `Environment.at` are ordered by ``(time, rank, entity, sequence)``, not by when they were created;
* when every transition of a microsecond has been applied, the end of the instant runs the hooks (the desks' dispatch);
* nothing is scheduled beyond `Environment.end`.

`Environment.until` is the cheap way to wait: each process has one event of its own for it, used again and again.

Everything else of SimPy works as usual: processes, `event().succeed()`, conditions, resources, `timeout` with a whole
number of microseconds. SimPy's own immediate events run at once, before the next keyed transition.
"""

from __future__ import annotations

import gc
from bisect import insort
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from operator import index, length_hint
from typing import TYPE_CHECKING, Any, Final

import simpy
from simpy.core import EmptySchedule, Infinity, StopSimulation
from simpy.events import NORMAL, PENDING, URGENT, Event

PLAIN_RANK: Final = 29
"""Plain timeouts: after the keyed transitions of their microsecond, before the dispatch, in order of creation."""

_BUCKET_SHIFT: Final = 33  # a bucket spans 2**33 microseconds (2.4 hours), or more on very long horizons
_MOST_BUCKETS: Final = 1 << 16

Hook = Callable[[], None]
Callback = Callable[[Event], None]


class Moment(Event):
    """An event at a fixed time and place in the order; made by `Environment.at` and `Environment.until`.

    It is triggered from the start, as a SimPy timeout is, and its value is None.
    """

    __slots__ = ("process", "send")

    process: Any
    """The process whose own event this is, or None."""
    send: Callable[[None], Event] | None
    """What resumes that process."""

    _ok = True
    _value = None

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.callbacks = []
        self.process = self.send = None

    def __lt__(self, other: object) -> bool:
        # Tuples in the event list compare their events only when time and key are the same.
        raise RuntimeError("two transitions share one key (time, rank, entity, sequence); keys must be unique")


_Entry = tuple[int, int, int, int, Moment]
_new = Moment.__new__  # without the detour over __init__, here and below


class Process(simpy.Process):
    """A SimPy process that resumes a little faster and may be started without an event (see `Environment.start`)."""

    def __init__(self, env: Environment, generator: Generator[Event, Any, Any]) -> None:
        super().__init__(env, generator)
        self._prepare(env)

    def _prepare(self, env: Environment) -> None:
        # Needed at each event; making them anew each time costs more than keeping them.
        self._waker: Callback = self._resume
        self._moment = moment = _new(Moment)
        moment.env = env
        moment.callbacks = moment.process = self  # type: ignore[assignment]  # see `append`
        moment.send = self._send = self._generator.send

    def append(self, callback: Callback) -> None:
        """Refuse others who want to wait for the process's own event: the process is that event's list of callbacks."""
        if callback != self._waker or self.env._active_proc is not None:
            raise RuntimeError("only its process can wait for the event of `until`, once; for others there is `at`")

    def remove(self, _: Callback) -> None:
        """Leave the own event, which then means nothing any more, and have a new one: an interrupt has come."""
        self._moment.callbacks = []
        self._moment.process = self._moment.send = None
        self._prepare(self._moment.env)  # type: ignore[arg-type]

    def _resume(self, event: Event) -> None:
        env = self.env
        before = env._active_proc  # a process may resume another one, by triggering a task
        while True:
            if not event._ok:
                super()._resume(event)
                if self._value is not PENDING:
                    self._let_go()
                break
            env._active_proc = self
            try:
                event = self._send(event._value)
            except StopIteration as stop:
                self._succeeded(stop.value)
                break
            except BaseException as error:
                self._failed(error)
                break
            if env._active_proc is None and event is self._moment:
                self._target = event
                break
            if self._waits_for(event):
                break
        env._active_proc = before

    def _waits_for(self, event: Event) -> bool:
        """Wait for what the generator has yielded, other than its own event; False if that has happened already."""
        env = self.env
        if env._active_proc is None:
            raise RuntimeError(f"process {self.name} asked for an event with `until` and yielded another one")
        try:
            callbacks = event.callbacks
        except AttributeError:
            raise RuntimeError(f"process {self.name} yielded {event!r}, which is not an event") from None
        if callbacks is not None:
            callbacks.append(self._waker)
        env._active_proc = None
        self._target = event
        return callbacks is not None

    def _succeeded(self, value: Any) -> None:
        """The generator has returned."""
        self._ok = True
        self._value = value
        if self.callbacks:
            self.env.schedule(self)
        else:  # nobody waits for the end of this process: no event is needed
            self.callbacks = None  # type: ignore[assignment]
        self._let_go()

    def _failed(self, error: BaseException) -> None:
        """The generator has raised."""
        self._ok = False
        error.__traceback__ = error.__traceback__.tb_next  # type: ignore[union-attr]
        self._value = error
        self.env.schedule(self)
        self._let_go()

    def _let_go(self) -> None:
        """Cut the circles of references, so that memory is free at once."""
        self._target = None  # type: ignore[assignment]
        moment = self._moment
        moment.callbacks = []
        moment.process = moment.send = None
        del self._waker, self._moment, self._send
        self.env._active_proc = None


class _Buckets(dict[int, Any]):
    """Far events by bucket: unsorted lists that come into being when needed; what lies beyond the end vanishes."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._last = last
        self._beyond: deque[_Entry] = deque(maxlen=0)

    def __missing__(self, bucket: int) -> Any:
        self[bucket] = entries = [] if bucket <= self._last else self._beyond
        return entries


class Environment(simpy.Environment):
    """Execution environment in integer microseconds, ordered by the model's key.

    Parameters
    ----------
    start : int
        Time at which the run starts (negative with a burn-in).
    end : int
        Last microsecond that is simulated; later events are never scheduled.

    Attributes
    ----------
    end : int
        Last microsecond that is simulated.
    """

    if TYPE_CHECKING:

        @property
        def now(self) -> int:
            """Present time in microseconds."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start)
        if end < start:
            raise ValueError(f"the end ({end}) lies before the start ({start})")
        self.end = end
        # The event list has two levels. Events of later buckets of time wait in unsorted lists. When a bucket's turn
        # comes it is sorted and read from its beginning to its end; what is added to it then is inserted in its place.
        self._shift = _BUCKET_SHIFT
        while (end - start) >> self._shift >= _MOST_BUCKETS:
            self._shift += 1
        self._last = end >> self._shift
        self._far = _Buckets(self._last)
        self._set_bucket(start >> self._shift, [])
        self._urgent: deque[Event] = deque()
        self._immediate: deque[Event] = deque()
        self._hooks: list[Hook] = []
        self._dispatch_asked = False
        self._stirred = False  # something immediate is waiting: the loop looks at one flag instead of three
        self._started = Event(self)
        self._started._ok = True
        self._started._value = None

    # -- asking for events ---------------------------------------------------------------------------------------

    def at(self, time: int, rank: int, entity: int = 0, sequence: int = 0) -> Event:
        """Return the event that happens at an absolute time, in the model's order.

        Parameters
        ----------
        time : int
            Microsecond, not before now. Beyond the end the event is never scheduled and stays pending.
        rank, entity, sequence : int
            Order within the microsecond, see `funnelsim.events.instant_key`. A transition asked for within the present
            microsecond is applied next in this order, even when transitions with a later key have been applied already.
        """
        moment = _new(Moment)
        moment.env = self
        moment.callbacks = []
        moment.process = moment.send = None
        if time < self._near_end:
            self._add_soon((time, rank, entity, sequence, moment))
        elif time <= self.end:
            self._far[time >> self._shift].append((time, rank, entity, sequence, moment))
        else:
            return Event(self)
        return moment

    def until(self, time: int, rank: int, entity: int = 0, sequence: int = 0) -> Event:
        """Return the running process's own event, set to an absolute time: ``yield env.until(...)``.

        As `at` (the parameters are the same), and cheaper, because a process has only one event of this kind and uses
        it again and again. So it must be yielded at once and on its own, by the process that asked for it; beyond the
        end it never happens.
        """
        try:
            moment: Moment = self._active_proc._moment  # type: ignore[union-attr]
        except AttributeError:
            raise RuntimeError("`until` is for a running process, and it must yield the event at once") from None
        self._active_proc = None  # it has nothing left to do but to yield
        if time < self._near_end:
            self._add_soon((time, rank, entity, sequence, moment))
        else:
            self._far[time >> self._shift].append((time, rank, entity, sequence, moment))
        return moment

    def call_at(self, time: int, rank: int, entity: int, sequence: int, callback: Callback) -> Event:
        """Call `callback(event)` at an absolute time: as `at`, without a process."""
        event = self.at(time, rank, entity, sequence)
        event.callbacks.append(callback)
        return event

    def process(self, generator: Generator[Event, Any, Any]) -> Process:
        """Start a process; it begins with an event of its own within the present instant, as always in SimPy."""
        return Process(self, generator)

    def start(self, generator: Generator[Event, Any, Any]) -> Process:
        """Start a process and run it to its first `yield` before returning: cheaper than `process`."""
        process = Process.__new__(Process)
        process.env = self
        process.callbacks = []
        process._generator = generator
        process._prepare(self)
        process._resume(self._started)
        return process

    def schedule(self, event: Event, priority: int = NORMAL, delay: float = 0) -> None:
        """Schedule a triggered event the SimPy way (used by `succeed`, `timeout`, interrupts…).

        Without delay it runs at once, before the next keyed transition. With a delay it runs after the keyed
        transitions of its microsecond (`PLAIN_RANK`), in order of creation; an urgent one before all of them.
        """
        if delay == 0:
            self._stirred = True
            if priority == NORMAL:
                self._immediate.append(event)
            elif priority == URGENT:
                self._urgent.append(event)
            else:
                self._urgent.appendleft(event)
            return
        rank = 0 if priority < NORMAL else PLAIN_RANK
        self.call_at(int(self._now) + _whole(delay), rank, next(self._eid), 0, lambda _: self._handle(event))

    # -- the end of the instant ----------------------------------------------------------------------------------

    def add_instant_hook(self, hook: Hook) -> None:
        """Have `hook()` called at the end of each instant in which somebody called `ask_dispatch`."""
        self._hooks.append(hook)

    @property
    def at_instant_end(self) -> list[Hook]:
        """Hooks that run at the end of an instant, in this order."""
        return self._hooks

    def ask_dispatch(self) -> None:
        """Ask for the hooks to run when every transition of the present microsecond has been applied."""
        self._dispatch_asked = self._stirred = True

    def _end_instant(self) -> None:
        """Run the hooks, then what they caused at once."""
        self._dispatch_asked = False
        for hook in self._hooks:
            hook()
        if self._urgent or self._immediate:
            self._run_immediate()

    def _run_immediate(self) -> None:
        """Process SimPy's immediate events until none is left."""
        urgent, immediate = self._urgent, self._immediate
        while urgent or immediate:
            self._handle(urgent.popleft() if urgent else immediate.popleft())

    def _handle(self, event: Event) -> None:
        """Process one event as SimPy does."""
        callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
        try:
            for callback in callbacks:
                callback(event)
        except StopSimulation:
            event.callbacks = callbacks[callbacks.index(callback) + 1 :]
            self._urgent.appendleft(event)
            raise
        self._check(event)

    @staticmethod
    def _check(event: Event) -> None:
        """Raise the exception of a failed event that nobody has taken care of."""
        if not event._ok and not hasattr(event, "_defused"):
            error = type(event._value)(*event._value.args)
            error.__cause__ = event._value
            raise error

    # -- running -------------------------------------------------------------------------------------------------

    def _set_bucket(self, bucket: int, entries: list[_Entry]) -> None:
        """Make these sorted entries the present bucket."""
        self._bucket = bucket
        self._near_end = min((bucket + 1) << self._shift, self.end + 1)
        self._near = entries
        self._coming = iter(entries)  # knows how far the bucket has been read

    def _next_bucket(self) -> bool:
        """Sort the next bucket that is not empty; False when none is left."""
        far, bucket, last = self._far, self._bucket + 1, self._last
        while bucket <= last and bucket not in far:
            bucket += 1
        if bucket > last:
            self._set_bucket(last, [])
            return False
        entries: list[_Entry] = far.pop(bucket)
        entries.sort()
        while entries and entries[-1][0] > self.end:
            entries.pop()
        self._set_bucket(bucket, entries)
        return True

    def _add_soon(self, entry: _Entry) -> None:
        """Add an event to the present bucket."""
        time, now = entry[0], self._now
        if time > now:
            insort(self._near, entry)
        elif time == now:
            insort(self._near, entry, len(self._near) - length_hint(self._coming))
        else:
            raise ValueError(f"time {time} lies before now ({now})")

    def _head(self) -> _Entry | None:
        """Return the first entry of the event list."""
        left = length_hint(self._coming)
        while not left and self._next_bucket():
            left = length_hint(self._coming)
        return self._near[-left] if left else None

    def _instant_is_over(self) -> bool:
        """Whether no keyed transition of the present microsecond is left."""
        left = length_hint(self._coming)
        return not left or self._near[-left][0] != self._now

    def peek(self) -> float:
        """Time of the next event, infinity if there is none."""
        if self._urgent or self._immediate or self._dispatch_asked:
            return self._now
        head = self._head()
        return Infinity if head is None else head[0]

    def step(self) -> None:
        """Process the next event, or the end of the instant when that comes first."""
        if self._urgent:
            self._handle(self._urgent.popleft())
        elif self._immediate:
            self._handle(self._immediate.popleft())
        elif self._dispatch_asked and self._instant_is_over():
            self._end_instant()
        else:
            head = self._head()
            if head is None:
                raise EmptySchedule
            next(self._coming)
            self._now, _, _, _, moment = head
            if moment.process is None:
                self._handle(moment)
            else:
                moment.process._resume(moment)

    def run(self, until: float | Event | None = None) -> Any:
        """Run as SimPy does: until there are no events, before a time not after the end, or until an event happens."""
        if until is not None and not isinstance(until, Event):
            until = _whole(until)
            if until > self.end:
                raise ValueError(f"until ({until}) lies beyond the end of this environment ({self.end})")
        return super().run(until)

    def run_to_end(self) -> None:
        """Run all events up to and including the end; the garbage collector rests meanwhile."""
        with collector_resting():
            self._finish_instant()
            more = True
            while more:
                coming = self._coming
                for self._now, _, _, _, moment in coming:
                    send = moment.send
                    if send is None:
                        callbacks = moment.callbacks
                        moment.callbacks = None  # type: ignore[assignment]
                        for callback in callbacks:
                            callback(moment)
                    else:  # the own event of a process: as `Process._resume`, without the call
                        self._active_proc = process = moment.process
                        try:
                            event = send(None)
                        except StopIteration as stop:
                            process._succeeded(stop.value)
                        except BaseException as error:
                            process._failed(error)
                        else:
                            if (event is not moment or self._active_proc is not None) and not process._waits_for(event):
                                process._resume(event)
                    if self._stirred:
                        self._finish_instant()
                more = self._next_bucket()
            self._now = self.end

    def _finish_instant(self) -> None:
        """Process what happens at once, and end the instant if its transitions are done."""
        while True:
            if self._urgent or self._immediate:
                self._run_immediate()
            if not self._dispatch_asked:
                break
            left = length_hint(self._coming)
            if left and self._near[-left][0] == self._now:
                return  # still stirred: look again after the next transition
            self._dispatch_asked = False
            for hook in self._hooks:
                hook()
        self._stirred = False


@contextmanager
def collector_resting() -> Iterator[None]:
    """Keep the cyclic garbage collector from running; afterwards it is as it was, also after an exception.

    A run makes millions of small objects that reference counting frees; looking for cycles among them costs up to
    half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_freeze_count() == 0:
                # File what is left with the old objects. Else the first thing to happen would be a look at all of it.
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _whole(value: Any) -> int:
    """Return a number of microseconds as a Python int; floats are refused because time is exact here."""
    try:
        return index(value)
    except TypeError:
        raise TypeError(f"times and delays are whole microseconds, not {value!r}") from None
