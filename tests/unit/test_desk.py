"""Desks: who serves what, and what decides when everything happens at once."""

from __future__ import annotations

import random as random_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelsim.engines.reference.desk import Desk, Worker
from funnelsim.engines.reference.environment import Environment
from funnelsim.events import Rank


class Office:
    """A desk, a journal, and tasks of a given length."""

    def __init__(self, seats=1, end=10_000):
        self.env = Environment(0, end)
        self.desk = Desk(self.env)
        self.workers = [Worker(100 + seat, seat) for seat in range(seats)]
        for worker in self.workers:
            self.desk.add(worker)
        self.journal = []
        self.tasks = {}

    def task(self, number, at=0, length=10, priority=0, rank=Rank.TOUCH, patience=None, **how):
        """Let a process request a task at a time."""

        def process():
            yield self.env.at(at, rank, number, 0)
            task = self.desk.request(
                priority, number, patience_until=None if patience is None else at + patience, entity=number, **how
            )
            self.tasks[number] = task
            worker = yield task
            now = self.env.now
            if worker is None:
                self.journal.append((now, number, "reneged"))
            elif worker is Desk.DECLINED:
                self.journal.append((now, number, "declined"))
            else:
                self.journal.append((now, number, worker.seat))
                yield self.env.at(now + length, Rank.TASK_END, number, 1)
                self.desk.release(worker)

        self.env.start(process())

    def do(self, at, what, rank=Rank.SEAT, entity=0):
        self.env.call_at(at, rank, entity, 0, lambda _: what())

    def run(self):
        self.env.run_to_end()
        return self.journal


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12), st.randoms())
@settings(max_examples=100, deadline=None)
def test_ties_do_not_depend_on_who_asked_first(tasks, random):
    def run(order):
        office = Office(seats=2)
        for number in order:
            at, priority = tasks[number]
            office.task(number, at=at * 10, length=10, priority=priority)
        return office.run()

    order = list(range(len(tasks)))
    expected = run(order)
    random.shuffle(order)
    assert run(order) == expected


def test_order_is_priority_then_time_queued_then_number():
    office = Office()
    office.task(9, at=0)
    office.task(5, at=2, priority=1)
    office.task(4, at=3, priority=1)
    office.task(3, at=3, priority=1)
    office.task(8, at=4, priority=0)
    assert [row[1] for row in office.run()] == [9, 8, 5, 3, 4]


def test_the_longest_idle_worker_goes_first_then_the_lowest_seat():
    office = Office(seats=3)
    office.task(1, at=0, length=50)  # seat 0, idle again at 50
    office.task(2, at=1, length=10)  # seat 1, idle again at 11
    office.task(3, at=20, length=30)  # seat 2 (idle since 0), idle again at 50
    office.task(4, at=21, length=29)  # seat 1 (idle since 11), idle again at 50
    for number in (5, 6, 7):
        office.task(number, at=60)
    assert office.run() == [(0, 1, 0), (1, 2, 1), (20, 3, 2), (21, 4, 1), (60, 5, 0), (60, 6, 1), (60, 7, 2)]


def test_a_release_and_a_request_at_the_same_instant_meet_whatever_comes_first():
    for rank in (Rank.SEAT, Rank.TOUCH):  # before and after the end of the task
        office = Office()
        office.task(1, at=0, length=10)
        office.task(2, at=10, rank=rank)
        assert office.run() == [(0, 1, 0), (10, 2, 0)]


def test_patience_that_ends_at_t_beats_service_at_t():
    office = Office()
    office.task(1, at=0, length=10)
    office.task(2, at=0, patience=10)  # the desk is free again at 10
    office.task(3, at=0, patience=11)
    assert office.run() == [(0, 1, 0), (10, 2, "reneged"), (10, 3, 0)]


def test_patience_of_a_served_task_is_stale():
    office = Office()
    office.task(1, at=0, length=30, patience=10)
    assert office.run() == [(0, 1, 0)]
    assert office.desk.waiting == 0


def test_patience_of_nothing_reneges_even_with_an_idle_worker():
    office = Office()
    office.task(1, at=5, patience=0)
    office.task(2, at=5)
    assert office.run() == [(5, 1, "reneged"), (5, 2, 0)]
    assert office.desk.waiting == 0


def test_patience_and_request_within_one_dispatch():
    """A process that is served and asks again at once, with no patience left, is not served again."""
    office = Office(seats=2)
    seen = []

    def process():
        worker = yield office.desk.request(0, 1, entity=1)
        seen.append((yield office.desk.request(0, 2, patience_until=office.env.now, entity=2)))
        office.desk.release(worker)

    office.env.start(process())
    office.run()
    assert seen == [None]


def test_a_task_waits_for_its_owner_while_others_go_on():
    office = Office(seats=2)
    owner = office.workers[0]
    office.task(1, at=0, length=100)  # seat 0
    office.task(2, at=1, owner=owner)
    office.task(3, at=2)
    assert office.run() == [(0, 1, 0), (2, 3, 1), (100, 2, 0)]


def test_an_own_task_goes_to_its_owner_though_another_is_idle_longer():
    office = Office(seats=3)
    office.task(1, at=0, owner=office.workers[2], priority=5)
    office.task(2, at=0, priority=1)
    assert office.run() == [(0, 2, 0), (0, 1, 2)]


def test_own_and_pool_tasks_are_served_in_one_order():
    office = Office()
    office.task(1, at=0, length=10)
    office.task(2, at=1, owner=office.workers[0], priority=2)
    office.task(3, at=2, priority=1)
    office.task(4, at=3, priority=3)
    office.task(5, at=4, owner=office.workers[0], priority=1)
    assert [row[1] for row in office.run()] == [1, 3, 5, 2, 4]


def test_a_pool_task_may_take_the_owner_of_a_later_one():
    office = Office()
    office.task(1, at=0, owner=office.workers[0], priority=2)
    office.task(2, at=0, priority=1)
    assert office.run() == [(0, 2, 0), (10, 1, 0)]


def test_a_declined_task_leaves_the_worker_free_for_the_next_in_the_same_dispatch():
    office = Office()
    asked = []

    def choose(answer):
        return lambda worker: asked.append((office.env.now, worker.seat)) or answer

    office.task(0, at=0, length=10)
    office.task(1, at=1, choose=choose(False), patience=500)
    office.task(2, at=2, choose=choose(False), owner=office.workers[0])
    office.task(3, at=3, choose=choose(True))
    office.task(4, at=4)
    assert office.run() == [(0, 0, 0), (10, 1, "declined"), (10, 2, "declined"), (10, 3, 0), (20, 4, 0)]
    assert asked == [(10, 0)] * 3
    assert repr(Desk.DECLINED) == "Desk.DECLINED"


def test_a_removed_worker_finishes_the_present_task_and_hands_back_own_tasks():
    office = Office(seats=2)
    desk, (first, second) = office.desk, office.workers
    office.task(1, at=0, length=50)  # first
    office.task(2, at=0, length=20)  # second
    office.task(4, at=1, owner=first, priority=2)
    office.task(3, at=1, owner=first, priority=1)
    office.task(5, at=2, priority=3)

    def leave():
        tasks = desk.remove(first)
        assert [task.number for task in tasks] == [3, 4]
        assert first.leaving
        assert first.busy
        assert desk.workers == [second]
        for task in tasks:
            desk.reown(task, second)

    office.do(10, leave)
    assert office.run() == [(0, 1, 0), (0, 2, 1), (20, 3, 1), (30, 4, 1), (40, 5, 1)]
    assert not first.busy
    assert not first.leaving
    assert desk.idle == 1


def test_an_idle_worker_leaves_at_once_and_may_come_back():
    office = Office(seats=2)
    desk, (first, _) = office.desk, office.workers
    office.do(5, lambda: desk.remove(first))
    office.task(1, at=6)
    office.task(2, at=7, owner=first)
    office.do(30, lambda: desk.add(first))
    assert office.run() == [(6, 1, 1), (30, 2, 0)]
    with pytest.raises(ValueError, match="already"):
        desk.add(first)
    desk.remove(first)
    with pytest.raises(ValueError, match="not on the roll"):
        desk.remove(first)


def test_a_worker_may_return_during_the_last_task():
    office = Office()
    worker = office.workers[0]
    office.task(1, at=0, length=50)
    office.do(10, lambda: office.desk.remove(worker))
    office.do(20, lambda: office.desk.add(worker))
    office.task(2, at=30)
    assert office.run() == [(0, 1, 0), (50, 2, 0)]


def test_a_new_worker_serves_who_waits():
    office = Office(seats=0)
    office.task(1, at=0)
    office.do(7, lambda: office.desk.add(Worker(1, 4, person="data")))
    assert office.run() == [(7, 1, 4)]
    assert office.desk.workers[0].person == "data"


def test_a_cancelled_task_is_never_triggered():
    office = Office()
    office.task(1, at=0, length=100)
    office.task(2, at=1, patience=20)
    office.task(3, at=2)
    office.do(10, lambda: office.desk.cancel(office.tasks[2]))
    assert office.run() == [(0, 1, 0), (100, 3, 0)]
    assert not office.tasks[2].triggered
    assert not office.desk.cancel(office.tasks[2])
    assert office.desk.waiting == office.desk.pool_waiting == 0
    with pytest.raises(ValueError, match="does not wait"):
        office.desk.reown(office.tasks[3], None)
    with pytest.raises(ValueError, match="not busy"):
        office.desk.release(office.workers[0])


def test_owners_change_back_and_forth():
    office = Office(seats=2)
    first, second = office.workers
    office.task(1, at=0, length=100)
    office.task(2, at=0, length=50)
    office.task(3, at=1, owner=first)
    for at, owner in ((10, second), (11, first), (12, None), (13, first), (14, second)):
        office.do(at, lambda owner=owner: office.desk.reown(office.tasks[3], owner))
    assert office.run() == [(0, 1, 0), (0, 2, 1), (50, 3, 1)]
    assert (first.waiting, second.waiting, office.desk.pool_waiting, office.desk.waiting) == (0, 0, 0, 0)


def test_priority_may_change_while_waiting():
    office = Office()
    office.task(1, at=0, length=50)
    office.task(2, at=1, priority=1)
    office.task(3, at=2, priority=1)
    office.do(10, lambda: office.desk.change_priority(office.tasks[3], 0))
    assert [row[1] for row in office.run()] == [1, 3, 2]


def test_queue_lengths_are_exact_and_stale_entries_do_not_pile_up():
    office = Office(end=1_000_000)
    desk = office.desk
    office.task(0, at=0, length=900_000)
    for number in range(1, 3001):
        office.task(
            number, at=10, patience=number, priority=number % 7, owner=office.workers[0] if number % 3 else None
        )
    lengths = []
    office.do(1010, lambda: lengths.append((desk.waiting, desk.pool_waiting, office.workers[0].waiting)), Rank.TOUCH)
    office.do(1010, lambda: lengths.append(len(desk._pool) + len(office.workers[0].own)), Rank.WINDOW)
    office.do(3000, lambda: lengths.append(len(desk._pool) + len(office.workers[0].own)), Rank.WINDOW)
    journal = office.run()
    assert lengths[0] == (2000, 667, 1333)
    assert lengths[1] <= 3000
    assert lengths[2] <= 200
    assert len(journal) == 3001
    assert desk.waiting == desk.pool_waiting == 0


def test_two_tasks_with_one_number_are_refused():
    office = Office(seats=0)
    office.desk.request(0, 1)
    with pytest.raises(RuntimeError, match="unique"):
        office.desk.request(0, 1)


def test_events_beyond_the_end():
    office = Office(end=20)
    office.task(1, at=0, length=100)
    office.task(2, at=0, patience=50)
    assert office.run() == [(0, 1, 0)]
    assert office.workers[0].busy
    assert office.desk.waiting == 1


class Plain:
    """The same rules as a desk, in the plainest way, as a list that is searched."""

    def __init__(self, seats):
        self.idle = {seat: 0 for seat in range(seats)}
        self.waiting = []

    def dispatch(self, now):
        served = []
        while True:
            for task in sorted(self.waiting):
                owner = task[3]
                free = [s for s in sorted(self.idle, key=lambda s: (self.idle[s], s)) if owner is None or s == owner]
                if free:
                    break
            else:
                return served
            self.waiting.remove(task)
            del self.idle[free[0]]
            served.append((now, task[2], free[0], task[4]))


@pytest.mark.parametrize("seed", range(20))
def test_against_a_plain_search(seed):
    random = random_module.Random(seed)
    seats, n = 4, 120
    tasks = [
        (
            random.randrange(60),
            random.randrange(3),
            number,
            random.choice([None, None, 0, 1, 2, 3]),
            random.randrange(1, 9),
        )
        for number in range(n)
    ]
    office = Office(seats=seats)
    order = tasks.copy()
    random.shuffle(order)
    patience = {number: random.choice([None, 1, 5, 20]) for number in range(n)}
    for at, priority, number, owner, length in order:
        office.task(
            number,
            at,
            length,
            priority,
            owner=None if owner is None else office.workers[owner],
            patience=patience[number],
        )
    journal = office.run()

    plain, expected, ends = Plain(seats), [], []
    for now in range(2000):
        for end, seat in sorted(ends):
            if end == now:
                plain.idle[seat] = now
        for task in sorted(plain.waiting, key=lambda task: task[2]):
            if patience[task[2]] is not None and task[1] + patience[task[2]] == now:
                plain.waiting.remove(task)
                expected.append((now, task[2], "reneged"))
        plain.waiting += [
            (priority, at, number, owner, length) for at, priority, number, owner, length in tasks if at == now
        ]
        for time, number, seat, length in plain.dispatch(now):
            expected.append((time, number, seat))
            ends.append((time + length, seat))
    assert journal == expected
