"""A desk: people, and the tasks that wait for them.

Work is handed out once, at the end of the instant: as long as some task can be served, the first one in the order
(priority, time queued, number) is. A task with an owner can be served when its owner is idle and on the roll; any other
task goes to the worker who has been idle longest, ties to the lowest seat. Nobody is pre-empted.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, ClassVar, Final

from simpy.events import PENDING, Event

from funnelsim.engines.reference.environment import Environment
from funnelsim.events import Rank
from funnelsim.workhours import NEVER, WorkCalendar

_PATIENCE: Final = int(Rank.PATIENCE)


class _Declined:
    """The one value of a task that its worker declined."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Desk.DECLINED"


class Worker:
    """A person at a desk.

    Parameters
    ----------
    number : int
        The person's number in the log.
    seat : int
        The seat; the lowest goes first among workers who have been idle equally long.
    person : optional
        Whatever the model wants to keep with the worker.

    Attributes
    ----------
    busy, on_roll, leaving : bool
        Serving a task; on the roll of a desk; taken off the roll while busy, gone after the present task.
    idle_since : int
        When the worker last became idle.
    waiting : int
        Number of own tasks that wait for this worker.
    """

    __slots__ = ("busy", "idle_since", "leaving", "number", "on_roll", "own", "person", "seat", "waiting")

    def __init__(self, number: int, seat: int, person: Any = None) -> None:
        self.number = number
        self.seat = seat
        self.person = person
        self.idle_since = 0
        self.busy = False
        self.on_roll = False
        self.leaving = False
        self.own: list[_Entry] = []
        self.waiting = 0

    def __repr__(self) -> str:
        return f"Worker({self.number}, seat={self.seat})"


class Task(Event):
    """A piece of work that waits at a desk; ``worker = yield task``.

    Its value is the worker who serves it, None when patience ended first, or `Desk.DECLINED`.
    """

    __slots__ = (
        "choose", "desk", "entity", "number", "owner", "patience_until", "payload", "priority", "queued", "sequence",
        "waiting",
    )  # fmt: skip

    desk: Desk
    priority: int
    queued: int
    number: int
    owner: Worker | None
    patience_until: int | None
    entity: int
    sequence: int
    choose: Callable[[Worker], bool] | None
    payload: Any
    waiting: bool

    _ok = True

    def __lt__(self, other: object) -> bool:
        # The heaps compare tasks only when priority, time queued and number are the same.
        raise RuntimeError("two waiting tasks have the same number; numbers must be unique")

    def _trigger(self, value: Any) -> None:
        """Resume whoever waits for this task, at once: no extra trip through the event list."""
        self._value = value
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(self)

    def _patience_ends(self, _: Event) -> None:
        if self.waiting:
            self.desk._take_off(self)
            self._trigger(None)


_Entry = tuple[int, int, int, Task]


class Desk:
    """People and the tasks that wait for them.

    Parameters
    ----------
    env : Environment
        The environment; the desk hooks itself to its end of the instant.
    calendar : WorkCalendar, optional
        When people work: outside these hours nothing is handed out. Default: always.
    number : int
        Place among the desks in the order of the instant.

    Attributes
    ----------
    workers : list of Worker
        Workers on the roll, in the order in which they came.
    pool_waiting : int
        Number of waiting tasks without an owner.
    """

    DECLINED: ClassVar[_Declined] = _Declined()

    def __init__(self, env: Environment, calendar: WorkCalendar | None = None, number: int = 0) -> None:
        self.env = env
        self.calendar = calendar
        self.number = number
        self._known_open = -NEVER
        self._wakes = -NEVER
        self.workers: list[Worker] = []
        self.pool_waiting = 0
        self._own_waiting = 0
        self._pool: list[_Entry] = []
        self._idle: list[tuple[int, int, int, Worker]] = []  # sorted: idle longest first, then the lowest seat
        self._callers: dict[Worker, None] = {}  # idle workers who (may) have own tasks to serve
        self._newcomers: list[Task] = []  # tasks whose patience has yet to be put into the event list
        self._asked = False
        env.add_instant_hook(self._dispatch)

    @property
    def waiting(self) -> int:
        """Number of waiting tasks, with and without an owner."""
        return self.pool_waiting + self._own_waiting

    @property
    def idle(self) -> int:
        """Number of idle workers on the roll."""
        return len(self._idle)

    # -- workers -------------------------------------------------------------------------------------------------

    def add(self, worker: Worker) -> None:
        """Put a worker on the roll; one who is not busy is idle from now on."""
        if worker.on_roll:
            raise ValueError(f"{worker} is on the roll already")
        worker.on_roll = True
        worker.leaving = False
        self.workers.append(worker)
        if not worker.busy:
            self._becomes_idle(worker)

    def remove(self, worker: Worker) -> list[Task]:
        """Take a worker off the roll, after the present task if there is one.

        Returns
        -------
        list of Task
            The worker's own waiting tasks in their order. They keep waiting; `reown` or `cancel` them.
        """
        if not worker.on_roll:
            raise ValueError(f"{worker} is not on the roll")
        worker.on_roll = False
        self.workers.remove(worker)
        if worker.busy:
            worker.leaving = True
        else:
            self._no_longer_idle(worker)
        return [entry[3] for entry in sorted(set(worker.own)) if _is_current(entry, worker)]

    def release(self, worker: Worker) -> None:
        """The worker has finished the present task."""
        if not worker.busy:
            raise ValueError(f"{worker} is not busy")
        worker.busy = False
        if worker.on_roll:
            self._becomes_idle(worker)
        else:
            worker.leaving = False

    def _becomes_idle(self, worker: Worker) -> None:
        now: int = self.env._now  # type: ignore[assignment]
        worker.idle_since = now
        insort(self._idle, (now, worker.seat, worker.number, worker))
        if worker.waiting:
            self._callers[worker] = None
            self._ask()
        elif self.pool_waiting:
            env = self.env
            self._asked = env._dispatch_asked = env._stirred = True

    def _no_longer_idle(self, worker: Worker) -> None:
        del self._idle[bisect_left(self._idle, (worker.idle_since, worker.seat, worker.number))]

    # -- tasks ---------------------------------------------------------------------------------------------------

    def request(
        self,
        priority: int,
        number: int,
        owner: Worker | None = None,
        patience_until: int | None = None,
        entity: int = 0,
        sequence: int = 0,
        choose: Callable[[Worker], bool] | None = None,
        payload: Any = None,
    ) -> Task:
        """Queue a task: ``worker = yield desk.request(...)``.

        Parameters
        ----------
        priority : int
            Lower goes first.
        number : int
            Unique and intrinsic; decides between tasks of equal priority queued in the same microsecond.
        owner : Worker, optional
            The only worker who may serve the task.
        patience_until : int, optional
            Absolute time at which the task gives up waiting (value None), also when a worker is free at that time.
        entity, sequence : int
            Place of the end of patience in the order of the instant (its rank is `Rank.PATIENCE`).
        choose : callable, optional
            ``choose(worker) -> bool``, asked once, when the task would first be handed to a worker; False declines it
            (value `Desk.DECLINED`) and the worker stays free. It must not change the desk.
        payload : optional
            Whatever the model wants to keep with the task.
        """
        task = Task.__new__(Task)
        env = self.env
        task.env = env
        task.callbacks = []
        task._value = PENDING
        task.desk = self
        task.priority = priority
        now: int = env._now  # type: ignore[assignment]
        task.queued = now
        task.number = number
        task.owner = owner
        task.patience_until = patience_until
        task.entity = entity
        task.sequence = sequence
        task.choose = choose
        task.payload = payload
        task.waiting = True
        if owner is None and (patience_until is None or patience_until > now):  # `_put` without the detours
            self.pool_waiting += 1
            heappush(self._pool, (priority, now, number, task))
        else:
            self._put(task)
        if self._idle:
            self._asked = env._dispatch_asked = env._stirred = True
            if patience_until is not None and patience_until > now:
                self._newcomers.append(task)  # most are served at once and never need the event
                return task
        if patience_until is not None:
            env.call_at(patience_until, _PATIENCE, entity, sequence, task._patience_ends)
        return task

    def cancel(self, task: Task) -> bool:
        """Take a waiting task out of the queue; it is never triggered. False if it was not waiting."""
        if not task.waiting:
            return False
        self._take_off(task)
        return True

    def withdraw(self, task: Task, value: Any) -> None:
        """Take a waiting task out of the queue and resume whoever waits for it with `value`."""
        if self.cancel(task):
            task._trigger(value)

    def reown(self, task: Task, worker: Worker | None) -> None:
        """Give a waiting task another owner (or none); it keeps its place in the order."""
        if not task.waiting:
            raise ValueError(f"{task} does not wait")
        self._take_off(task)
        task.owner = worker
        task.waiting = True
        self._put(task)

    def move_all(self, other: Desk) -> None:
        """Move every waiting task to another desk, without an owner there; each keeps its place in the order."""
        entries, self._pool[:] = sorted(self._pool), []
        for worker in self.workers:
            entries += sorted(worker.own)
            worker.own.clear()
        for task in dict.fromkeys(entry[3] for entry in entries if entry[3].waiting):
            self._take_off(task)
            task.desk, task.owner, task.waiting = other, None, True
            other._put(task)

    def change_priority(self, task: Task, priority: int) -> None:
        """Change the priority of a waiting task; it keeps its time queued and its number."""
        if not task.waiting:
            raise ValueError(f"{task} does not wait")
        self._take_off(task)
        task.priority = priority
        task.waiting = True
        self._put(task)

    def _put(self, task: Task) -> None:
        """Count a task as waiting, queue it, and ask for a dispatch if somebody might serve it."""
        owner = task.owner
        if owner is None:
            self.pool_waiting += 1
            heap = self._pool
            if self._idle:
                self._ask()
        else:
            self._own_waiting += 1
            owner.waiting += 1
            heap = owner.own
            if owner.on_roll and not owner.busy:
                self._callers[owner] = None
                self._ask()
        # a patience that ends now beats any service
        if task.patience_until is None or task.patience_until > self.env._now:
            heappush(heap, (task.priority, task.queued, task.number, task))

    def _take_off(self, task: Task) -> None:
        """Count a task as no longer waiting; its entry in the heap is skipped later."""
        task.waiting = False
        owner = task.owner
        if owner is None:
            self.pool_waiting -= 1
            heap, live = self._pool, self.pool_waiting
        else:
            self._own_waiting -= 1
            owner.waiting -= 1
            heap, live = owner.own, owner.waiting
        if len(heap) > 2 * live + 64:  # mostly stale entries
            heap[:] = [entry for entry in heap if _is_current(entry, owner)]
            heapify(heap)

    # -- dispatch ------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        env = self.env
        self._asked = env._dispatch_asked = env._stirred = True

    def _dispatch(self) -> None:
        """Serve the first task that can be served until there is none."""
        if not self._asked:
            return
        self._asked = False
        idle, pool = self._idle, self._pool
        always = self.calendar is None
        while idle and (always or self._is_open()):
            while pool:
                entry = pool[0]
                task = entry[3]
                if task.waiting and task.owner is None and task.priority == entry[0]:
                    break
                heappop(pool)
            worker, heap = idle[0][3], pool
            if self._callers:
                caller = self._first_caller()
                if caller is not None and (not pool or caller.own[0] < pool[0]):
                    worker, heap = caller, caller.own
            if not heap:
                break
            task = heap[0][3]
            choose = task.choose
            if choose is not None:
                task.choose = None
                if not choose(worker):
                    heappop(heap)
                    self._take_off(task)
                    task._trigger(Desk.DECLINED)
                    continue
            heappop(heap)
            task.waiting = False
            if heap is pool:
                self.pool_waiting -= 1
                del idle[0]
            else:
                self._own_waiting -= 1
                worker.waiting -= 1
                self._no_longer_idle(worker)
            worker.busy = True
            task._trigger(worker)
        if self._newcomers:
            newcomers, self._newcomers = self._newcomers, []
            for task in newcomers:  # patience is a matter only for those who still wait
                if task.waiting and task.patience_until is not None:
                    self.env.call_at(task.patience_until, _PATIENCE, task.entity, task.sequence, task._patience_ends)

    def _is_open(self) -> bool:
        """Whether people work now; if not, the desk looks again when they do."""
        calendar, now = self.calendar, self.env.now
        if calendar is None or now == self._known_open or calendar.is_working(now):
            self._known_open = now
            return True
        if (self.pool_waiting or self._own_waiting) and self._wakes <= now:
            self._wakes = calendar.next_working(now)
            self.env.call_at(self._wakes, Rank.DISPATCH, self.number, 0, lambda _: self._ask())
        return False

    def _first_caller(self) -> Worker | None:
        """Return the idle worker whose first own task comes first; its heap begins with that task."""
        callers = self._callers = {worker: None for worker in self._callers if _is_calling(worker)}
        return min(callers, key=lambda worker: worker.own[0], default=None)


def _is_current(entry: _Entry, owner: Worker | None) -> bool:
    """Whether an entry in the heap of `owner` still stands for a waiting task."""
    task = entry[3]
    return task.waiting and task.owner is owner and task.priority == entry[0]


def _is_calling(worker: Worker) -> bool:
    """Whether a worker is idle and has an own task to serve; stale entries are dropped on the way."""
    if worker.busy or not worker.on_roll:
        return False
    own = worker.own
    while own and not _is_current(own[0], worker):
        heappop(own)
    return bool(own)
