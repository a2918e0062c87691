"""A SimPy environment in integer microseconds whose events follow the model's own order.

Three things differ from `simpy.Environment`:

* events made with `Environment.at` are ordered by ``(time, rank, entity, sequence)``, not by when they were created;
* when every transition of a microsecond has been applied, the end of the instant runs the hooks (the desks' dispatch);
* nothing is scheduled beyond `Environment.end`.

Everything else of SimPy works as usual: processes, `event().succeed()`, conditions, resources, `timeout` with a whole
number of microseconds. SimPy's own immediate events run at once, before the next keyed transition.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from operator import index
from typing import TYPE_CHECKING, Any, Final

import simpy
from simpy.core import EmptySchedule, Infinity, StopSimulation
from simpy.events import NORMAL, URGENT, Event

PLAIN_RANK: Final = 29
"""Plain timeouts: after the keyed transitions of their microsecond, before the dispatch, in order of creation."""

_BUCKET_SHIFT: Final = 33  # a far bucket spans 2**33 microseconds (2.4 hours), or more on very long horizons
_MOST_BUCKETS: Final = 1 << 16

Hook = Callable[[], None]
Callback = Callable[[Event], None]


_Entry = tuple[int, int, int, int, Event]


class Moment(Event):
    """An event at a fixed time and place in the order; made by `Environment.at`.

    It is triggered from the start, as a SimPy timeout is, and its value is None.
    """

    _ok = True
    _value = None

    def __lt__(self, other: object) -> bool:
        # Tuples in the event list compare their events only when time and key are the same.
        raise RuntimeError("two transitions share one key (time, rank, entity, sequence); keys must be unique")


_new = Moment.__new__  # without the detour over __init__, here and below


class Process(simpy.Process):
    """A SimPy process that resumes a little faster and may be started without an event (see `Environment.start`)."""

    def __init__(self, env: Environment, generator: Generator[Event, Any, Any]) -> None:
        super().__init__(env, generator)
        self._keep_methods()

    def _keep_methods(self) -> None:
        # Needed at each event; making them anew each time costs more than keeping them.
        self._send = self._generator.send
        self._wakers: list[Callback] = [self._resume]

    def _resume(self, event: Event) -> None:
        if not event._ok:
            super()._resume(event)
            return
        env = self.env
        env._active_proc = self
        while True:
            try:
                event = self._send(event._value)
            except StopIteration as stop:
                self._ok = True
                self._value = stop.value
                self._wakers = []
                if self.callbacks:
                    env.schedule(self)
                else:  # nobody waits for the end of this process: no event is needed
                    self.callbacks = None  # type: ignore[assignment]
                event = None  # type: ignore[assignment]
                break
            except BaseException as error:
                self._ok = False
                error.__traceback__ = error.__traceback__.tb_next  # type: ignore[union-attr]
                self._value = error
                self._wakers = []
                env.schedule(self)
                event = None  # type: ignore[assignment]
                break
            try:
                callbacks = event.callbacks
            except AttributeError:
                raise RuntimeError(f"process {self.name} yielded {event!r}, which is not an event") from None
            if callbacks is not None:  # not yet processed
                wakers = self._wakers
                if callbacks:
                    callbacks.append(self._resume)
                elif len(wakers) == 1:
                    # The usual case, nobody else waits for this event: lend it our own list.
                    event.callbacks = wakers
                else:
                    # Somebody has added to that list (or an interrupt has emptied it): it stays with the earlier event.
                    event.callbacks = self._wakers = [self._resume]
                break
            if not event._ok:  # type: ignore[unreachable]  # already processed (callbacks are None), and failed
                super()._resume(event)
                return
        self._target = event
        env._active_proc = None


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
        self._start = start
        # The event list has two levels. Events of later buckets of time wait in unsorted lists. When a bucket's turn
        # comes it is sorted (last event first, to pop from the end); what is added to it then goes into a heap.
        self._shift = _BUCKET_SHIFT
        while (end - start) >> self._shift >= _MOST_BUCKETS:
            self._shift += 1
        self._far: list[list[_Entry]] = [[] for _ in range(((end - start) >> self._shift) + 1)]
        self._sorted: list[_Entry] = []
        self._late: list[_Entry] = []
        self._bucket = 0
        self._near_end = min(start + (1 << self._shift), end + 1)
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
        event: Event = _new(Moment)
        event.env = self
        event.callbacks = []
        if time < self._near_end:
            if time < self._now:
                raise ValueError(f"time {time} lies before now ({self._now})")
            heappush(self._late, (time, rank, entity, sequence, event))
        elif time <= self.end:
            self._far[(time - self._start) >> self._shift].append((time, rank, entity, sequence, event))
        else:
            return Event(self)
        return event

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
        process._keep_methods()
        active = self._active_proc
        process._resume(self._started)
        self._active_proc = active
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
        if not event._ok:  # a failure in the future is carried by a moment, for `run_to_end` does not look for failures
            failed, event = event, Moment(self)
            event.callbacks.append(lambda _: self._handle(failed))
        time = int(self._now) + _whole(delay)
        entry = (time, 0 if priority < NORMAL else PLAIN_RANK, next(self._eid), 0, event)
        if time < self._near_end:
            heappush(self._late, entry)
        elif time <= self.end:
            self._far[(time - self._start) >> self._shift].append(entry)

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

    def _next_bucket(self) -> bool:
        """Sort the next bucket that is not empty; False when none is left."""
        far = self._far
        number = len(far)
        bucket = self._bucket + 1
        while bucket < number and not far[bucket]:
            bucket += 1
        self._bucket = min(bucket, number - 1)
        self._near_end = min(self._start + ((self._bucket + 1) << self._shift), self.end + 1)
        if bucket == number:
            return False
        entries = far[bucket]
        far[bucket] = []
        entries.sort(reverse=True)
        self._sorted.extend(entries)
        return True

    def _head(self) -> _Entry | None:
        """Return the first entry of the event list."""
        late, in_order = self._late, self._sorted
        if not late and not in_order and not self._next_bucket():
            return None
        if late and (not in_order or late[0] < in_order[-1]):
            return late[0]
        return in_order[-1]

    def _instant_is_over(self) -> bool:
        """Whether no keyed transition of the present microsecond is left."""
        if self._sorted and self._sorted[-1][0] == self._now:
            return False
        return not self._late or self._late[0][0] != self._now

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
            if self._sorted and head is self._sorted[-1]:
                self._sorted.pop()
            else:
                heappop(self._late)
            self._now = head[0]
            self._handle(head[4])

    def run(self, until: float | Event | None = None) -> Any:
        """Run as SimPy does: until there are no events, before a time not after the end, or until an event happens."""
        if until is not None and not isinstance(until, Event):
            until = _whole(until)
            if until > self.end:
                raise ValueError(f"until ({until}) lies beyond the end of this environment ({self.end})")
        return super().run(until)

    def run_to_end(self) -> None:
        """Run all events up to and including the end; the garbage collector rests meanwhile."""
        late, in_order = self._late, self._sorted
        with collector_resting():
            self._finish_instant()
            while True:
                if late and (not in_order or late[0] < in_order[-1]):
                    self._now, _, _, _, event = heappop(late)
                elif in_order:
                    self._now, _, _, _, event = in_order.pop()
                elif self._next_bucket():
                    continue
                else:
                    break
                callbacks = event.callbacks
                event.callbacks = None  # type: ignore[assignment]
                for callback in callbacks:
                    callback(event)
                if self._stirred:
                    self._finish_instant()
            self._now = self.end

    def _finish_instant(self) -> None:
        """Process what happens at once, and end the instant if its transitions are done."""
        if self._urgent or self._immediate:
            self._run_immediate()
        while self._dispatch_asked:
            if not self._instant_is_over():
                return  # still stirred: look again after the next transition
            self._end_instant()
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
