"""`Environment.until`: a process's own event, used again and again, in the same order as events made by `at`."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelsim.engines.reference.desk import Desk, Worker
from funnelsim.engines.reference.environment import Environment
from funnelsim.events import HOUR, Rank


@given(st.lists(st.lists(st.sampled_from([0, 1, 5, HOUR, 3 * HOUR, 20 * HOUR]), max_size=8), max_size=8))
@settings(max_examples=100, deadline=None)
def test_the_same_things_happen_in_the_same_order_as_with_at(gaps):
    def run(way, stepwise):
        env = Environment(-HOUR, 30 * HOUR)
        seen = []

        def chain(number):
            for n, gap in enumerate(gaps[number]):
                yield getattr(env, way)(env.now + gap, Rank.TOUCH, number, n)
                seen.append((env.now, number, n))
                if n % 3 == 2:
                    yield env.timeout(7)

        for number in range(len(gaps)):
            env.start(chain(number))
        if stepwise:
            while env.peek() != float("inf"):
                env.step()
        else:
            env.run_to_end()
        return seen

    expected = run("at", False)
    assert run("until", False) == expected
    assert run("until", True) == expected


def test_beyond_the_end_it_never_happens_and_the_past_is_refused():
    env = Environment(0, 100)
    seen = []

    def late(time):
        yield env.until(time, 3)
        seen.append(env.now)

    for time in (100, 101, 10**15):
        env.start(late(time))
    env.run_to_end()
    assert seen == [100]
    with pytest.raises(ValueError, match="before now"):
        env.run(until=env.start(late(99)))


def test_an_interrupted_process_waits_anew_and_its_old_event_means_nothing():
    env = Environment(0, 100)
    seen = []

    def sleeper():
        for n in range(3):
            try:
                yield env.until(50 + n, 3)
                seen.append((env.now, "slept"))
            except simpy.Interrupt as interrupt:
                seen.append((env.now, interrupt.cause))

    def alarm(process):
        for time in (10, 20):
            yield env.until(time, 3, 1)
            process.interrupt("alarm")

    env.start(alarm(env.start(sleeper())))
    env.run_to_end()
    assert seen == [(10, "alarm"), (20, "alarm"), (52, "slept")]


def test_a_process_that_resumes_another_one_may_still_ask():
    env = Environment(0, 100)
    desk = Desk(env)
    seen = []

    def waits():
        seen.append((yield desk.request(0, 1)))
        yield env.until(env.now, 5, 2)
        seen.append(env.now)

    def withdraws(task):
        yield env.until(5, 5, 1)
        desk.withdraw(task, "withdrawn")
        yield env.until(9, 5, 1)
        seen.append(env.now)

    env.start(waits())
    env.start(withdraws(desk._pool[0][3]))
    env.run_to_end()
    assert seen == ["withdrawn", 5, 9]


def test_a_worker_comes_and_the_own_event_follows():
    env = Environment(0, 100)
    desk = Desk(env)
    worker = Worker(0, 0)
    seen = []

    def served(number):
        assert (yield desk.request(0, number)) is worker
        yield env.until(env.now + 10, Rank.TASK_END, number)
        desk.release(worker)
        seen.append((env.now, number))

    for number in (2, 1):
        env.start(served(number))
    env.call_at(3, Rank.SEAT, 0, 0, lambda _: (desk.add(worker), env.ask_dispatch()))
    env.run_to_end()
    assert seen == [(13, 1), (23, 2)]


def _misuses():
    def twice(env):
        env.until(5, 3)
        yield env.until(6, 3)

    def another(env):
        env.until(5, 3)
        yield env.timeout(1)

    def combined(env):
        yield env.until(5, 3) | env.timeout(1)

    def stale(env):
        event = env.until(5, 3)
        yield event
        yield event

    return [twice, another, combined, stale]


@pytest.mark.parametrize("misuse", _misuses())
def test_misuse_is_refused(misuse):
    env = Environment(0, 100)
    with pytest.raises(RuntimeError, match="`until`"):
        env.run(until=env.process(misuse(env)))


def test_nobody_outside_a_process_can_ask():
    with pytest.raises(RuntimeError, match="running process"):
        Environment(0, 100).until(5, 3)
