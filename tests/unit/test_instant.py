"""The rule of the instant: ties are decided by the model's key, whatever the order of creation."""

from __future__ import annotations

import gc

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelsim.engines.reference.environment import Environment, collector_resting
from funnelsim.events import HOUR, Rank, instant_key

TIMES = st.sampled_from([0, 0, 1, 5, HOUR, 3 * HOUR, 200 * HOUR])
KEYS = st.tuples(TIMES, st.sampled_from([1, 3, 6, 17]), st.sampled_from([0, 1, 7, 2**33]), st.integers(0, 3))


@given(st.sets(KEYS, max_size=40).flatmap(lambda keys: st.permutations(sorted(keys))))
@settings(max_examples=150, deadline=None)
def test_order_is_that_of_the_key_however_events_were_created(keys):
    env = Environment(0, 300 * HOUR)
    seen = []
    for time, rank, entity, sequence in keys:
        env.call_at(time, rank, entity, sequence, lambda _, key=(time, rank, entity, sequence): seen.append(key))
    env.run_to_end()
    assert seen == sorted(keys, key=lambda key: (key[0], instant_key(*key[1:])))


@given(st.lists(st.lists(st.integers(0, 3 * HOUR), max_size=8), max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_chains_of_events_are_in_order_and_do_not_depend_on_who_started_first(gaps, random):
    def run(order):
        env = Environment(-HOUR, 12 * HOUR)
        seen = []

        def chain(number):
            time = env.now
            for n, gap in enumerate(gaps[number]):
                time += gap
                yield env.at(time, Rank.TOUCH, number, n)
                seen.append((env.now, number, n))

        for number in order:
            env.start(chain(number))
        env.run_to_end()
        assert [row[0] for row in seen] == sorted(row[0] for row in seen)
        return seen

    order = list(range(len(gaps)))
    first = run(order)
    random.shuffle(order)
    assert sorted(run(order)) == sorted(first)


def test_a_tie_between_processes_is_decided_by_rank_then_entity_then_sequence():
    env = Environment(0, 100)
    seen = []

    def process(name, rank, entity, sequence):
        yield env.at(10, rank, entity, sequence)
        seen.append(name)

    env.process(process("d", Rank.DECISION, 1, 0))
    env.start(process("c", Rank.TOUCH, 2, 0))
    env.process(process("b", Rank.TOUCH, 1, 5))
    env.start(process("a", Rank.TOUCH, 1, 4))
    env.run_to_end()
    assert seen == ["a", "b", "c", "d"]


def test_two_transitions_with_the_same_key_are_refused():
    env = Environment(0, 100 * HOUR)
    env.at(5, 1, 1, 1)
    with pytest.raises(RuntimeError, match="unique"):
        env.at(5, 1, 1, 1)
    env.at(90 * HOUR, 1, 1, 1)
    env.at(90 * HOUR, 1, 1, 1)
    with pytest.raises(RuntimeError, match="unique"):
        env.run_to_end()


def test_events_at_the_end_happen_and_later_ones_stay_pending():
    env = Environment(0, 100)
    seen = []
    env.call_at(100, 1, 0, 0, lambda _: seen.append(env.now))
    late = env.call_at(101, 1, 0, 0, lambda _: seen.append(env.now))
    env.timeout(101).callbacks.append(lambda _: seen.append("timeout"))
    env.run_to_end()
    assert seen == [100]
    assert not late.triggered
    assert env.now == 100
    assert env.peek() == float("inf")


def test_the_past_and_broken_times_are_refused():
    env = Environment(10, 100)
    with pytest.raises(ValueError, match="before now"):
        env.at(9, 1)
    with pytest.raises(TypeError, match="whole microseconds"):
        env.timeout(0.5)
    with pytest.raises(ValueError, match="beyond the end"):
        env.run(until=101)
    with pytest.raises(ValueError, match="before the start"):
        Environment(0, -1)


def test_immediate_events_run_before_the_next_keyed_transition():
    env = Environment(0, 100)
    seen = []

    def waits(event):
        seen.append("started")
        yield event
        seen.append("resumed")

    def first(_):
        seen.append("first")
        event = env.event()
        env.process(waits(event))
        event.succeed()

    env.call_at(5, 1, 0, 0, first)
    env.call_at(5, 1, 0, 1, lambda _: seen.append("second"))
    env.run_to_end()
    assert seen == ["first", "started", "resumed", "second"]


def test_hooks_run_once_at_the_end_of_an_instant_that_asked():
    env = Environment(0, 100)
    seen = []
    env.add_instant_hook(lambda: seen.append(("hook", env.now)))
    for n in range(3):
        env.call_at(5, 3, n, 0, lambda _: (seen.append(("transition", env.now)), env.ask_dispatch()))
    env.call_at(6, 3, 0, 0, lambda _: seen.append(("transition", env.now)))
    env.run_to_end()
    assert seen == [("transition", 5)] * 3 + [("hook", 5), ("transition", 6)]
    assert len(env.at_instant_end) == 1


def test_a_hook_may_cause_transitions_in_the_same_instant():
    env = Environment(0, 100)
    seen = []

    def hook():
        seen.append("hook")
        if seen.count("hook") == 1:
            env.call_at(env.now, 1, 0, 0, lambda _: (seen.append("more"), env.ask_dispatch()))

    env.add_instant_hook(hook)
    env.call_at(5, 3, 0, 0, lambda _: env.ask_dispatch())
    env.call_at(6, 3, 0, 0, lambda _: seen.append("next"))
    env.run_to_end()
    assert seen == ["hook", "more", "hook", "next"]


def test_a_dispatch_asked_before_the_run_happens():
    env = Environment(0, 100)
    seen = []
    env.add_instant_hook(lambda: seen.append(env.now))
    env.ask_dispatch()
    env.run_to_end()
    assert seen == [0]


@pytest.mark.parametrize("way", ["run_to_end", "run", "step"])
def test_all_ways_to_run_agree(way):
    env = Environment(0, 40 * HOUR)
    seen = []
    env.add_instant_hook(lambda: seen.append(("hook", env.now)))

    def process(number):
        for n in range(5):
            yield env.at(env.now + number * HOUR, 5, number, n)
            seen.append((env.now, number))
            if n % 2:
                env.ask_dispatch()
            yield env.timeout(0)
            yield env.timeout(HOUR)
            seen.append((env.now, number, "timeout"))

    for number in (3, 1, 2):
        env.process(process(number))
    if way == "run_to_end":
        env.run_to_end()
    elif way == "run":
        env.run(until=7 * HOUR)
        assert env.now == 7 * HOUR
        assert all(row[0] < 7 * HOUR for row in seen if row[0] != "hook")
        env.run()
    else:
        while env.peek() != float("inf"):
            env.step()
        with pytest.raises(simpy.core.EmptySchedule):
            env.step()
    expected = Environment(0, 40 * HOUR)
    mine, seen_there, env = seen, [], expected
    seen = seen_there
    env.add_instant_hook(lambda: seen.append(("hook", env.now)))
    for number in (1, 2, 3):
        env.start(process(number))
    env.run_to_end()
    assert mine == seen_there


def test_plain_simpy_idioms_work():
    env = Environment(0, 1000)
    seen = []
    machine = simpy.Resource(env, capacity=1)

    def user(name, arrive):
        yield env.timeout(arrive)
        with machine.request() as request:
            result = yield request | env.timeout(15)
            if request not in result:
                seen.append((env.now, name, "reneged"))
                return name
            yield env.timeout(20)
            seen.append((env.now, name, "served"))
        return name

    def manager():
        users = [env.process(user("a", 0)), env.process(user("b", 1)), env.process(user("c", 12))]
        values = yield simpy.AllOf(env, users)
        seen.append((env.now, sorted(values.values())))

    def sleeper():
        try:
            yield env.at(500, 5)
        except simpy.Interrupt as interrupt:
            seen.append((env.now, interrupt.cause))

    def alarm(process):
        yield env.timeout(100)
        process.interrupt("wake up")
        yield env.at(120, 3) & env.timeout(30)
        seen.append((env.now, "both"))

    env.process(manager())
    env.process(alarm(env.process(sleeper())))
    store = simpy.Store(env)

    def getter():
        seen.append((env.now, (yield store.get())))

    env.process(getter())
    store.put("thing")
    env.run_to_end()
    assert seen == [
        (0, "thing"),
        (16, "b", "reneged"),
        (20, "a", "served"),
        (40, "c", "served"),
        (40, ["a", "b", "c"]),
        (100, "wake up"),
        (130, "both"),
    ]


def test_a_process_may_share_its_events_and_be_interrupted_again_and_again():
    env = Environment(0, 100)
    seen = []
    shared = []

    def sleeper():
        event = env.at(50, 3)
        shared.append(event)
        while True:
            try:
                yield event
                break
            except simpy.Interrupt as interrupt:
                seen.append((env.now, interrupt.cause))
        event = env.at(60, 3)
        shared.append(event)
        yield event
        seen.append((env.now, "slept"))
        yield env.at(70, 3)
        seen.append((env.now, "done"))

    def other(process):
        yield env.at(10, 3)
        process.interrupt("a")
        yield env.at(20, 3)
        process.interrupt("b")
        yield shared[0]
        seen.append((env.now, "other"))
        yield env.at(51, 3)
        yield env.at(55, 3) & shared[1]
        seen.append((env.now, "both"))

    env.start(other(env.start(sleeper())))
    env.run_to_end()
    assert seen == [(10, "a"), (20, "b"), (50, "other"), (60, "slept"), (60, "both"), (70, "done")]


def test_run_until_an_event_returns_its_value():
    env = Environment(0, 1000)

    def process():
        yield env.at(7, 3)
        return "value"

    assert env.run(until=env.process(process())) == "value"
    assert env.now == 7


def test_start_runs_to_the_first_yield_and_is_a_real_process():
    env = Environment(0, 100)
    seen = []

    def child():
        seen.append(env.active_process)
        yield env.at(5, 3)
        return 42

    def parent():
        me = env.active_process
        process = env.start(child())
        assert env.active_process is me
        assert seen == [process]
        assert isinstance(process, simpy.Process)
        assert process.is_alive
        seen.append((yield process))
        assert not process.is_alive
        seen.append((yield process))  # already over: its value at once

    env.start(parent())
    env.run_to_end()
    assert seen[1:] == [42, 42]


def test_a_process_that_ends_at_once_may_be_started():
    env = Environment(0, 100)

    def child():
        return 1
        yield

    assert env.start(child()).value == 1


def test_errors_surface_and_can_be_handled_by_the_waiting_process():
    env = Environment(0, 100)
    seen = []

    def fails():
        yield env.at(5, 3)
        raise KeyError("lost")

    def handles():
        try:
            yield env.start(fails())
        except KeyError as error:
            seen.append(error.args)

    env.start(handles())
    env.run_to_end()
    assert seen == [("lost",)]

    env = Environment(0, 100)
    env.start(fails())
    with pytest.raises(KeyError, match="lost"):
        env.run_to_end()

    for defuse in (True, False):
        env = Environment(0, 100)
        event = env.event()
        event._ok, event._value = False, KeyError("later")
        env.schedule(event, delay=7)

        def waits(event=event):
            with pytest.raises(KeyError, match="later"):
                yield event

        if defuse:
            env.start(waits())
            env.run_to_end()
        else:
            with pytest.raises(KeyError, match="later"):
                env.run_to_end()

    env = Environment(0, 100)

    def yields_nonsense():
        yield 3

    env.process(yields_nonsense())
    with pytest.raises(RuntimeError, match="not an event"):
        env.run_to_end()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_as_it_was(enabled):
    before = gc.isenabled()
    frozen = gc.get_freeze_count()
    try:
        (gc.enable if enabled else gc.disable)()
        states = []
        env = Environment(0, 10)
        env.call_at(5, 1, 0, 0, lambda _: states.append(gc.isenabled()))
        env.run_to_end()
        assert states == [False]
        assert gc.isenabled() == enabled

        def explode(_):
            raise ZeroDivisionError

        env = Environment(0, 10)
        env.call_at(5, 1, 0, 0, explode)
        with pytest.raises(ZeroDivisionError):
            env.run_to_end()
        assert gc.isenabled() == enabled
        with collector_resting(), collector_resting():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
        assert gc.get_freeze_count() == frozen
    finally:
        (gc.enable if before else gc.disable)()


def test_very_long_horizons_work():
    env = Environment(0, 10**18)
    seen = []
    for time in (10**18, 5, 10**15):
        env.call_at(time, 1, 0, 0, lambda _: seen.append(env.now))
    env.run_to_end()
    assert seen == [5, 10**15, 10**18]
