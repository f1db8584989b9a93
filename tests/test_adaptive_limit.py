"""The limit of calls under way, on a clock of numbers."""

from prompt_recovery.engines.adaptive_limit import AdaptiveLimit


def windows(limit: AdaptiveLimit, count: int, *, latency: float, now: float) -> float:
    """Let `count` windows of calls succeed, one after the other; return the time after them."""
    for _ in range(count):
        for _ in range(max(limit.calls, 8)):
            limit.succeeded(now, now + latency)
        now += latency
    return now


def test_it_starts_low_and_doubles_up_to_the_maximum_while_latency_is_steady():
    limit, seen, now = AdaptiveLimit(40), [], 0.0
    for _ in range(7):
        seen.append(limit.calls)
        now = windows(limit, 1, latency=1.0, now=now)
    assert seen == [2, 4, 8, 16, 32, 40, 40]


def test_an_overload_halves_it_and_from_then_on_it_grows_by_one():
    limit = AdaptiveLimit(64)
    now = windows(limit, 4, latency=1.0, now=0.0)
    limit.overloaded(now, now + 0.1)
    assert limit.calls == 16
    windows(limit, 3, latency=1.0, now=now + 0.1)
    assert limit.calls == 19


def test_calls_of_the_same_time_halve_it_once():
    limit = AdaptiveLimit(64)
    now = windows(limit, 4, latency=1.0, now=0.0)
    for _ in range(32):
        limit.overloaded(now, now + 0.1)
    assert limit.calls == 16
    limit.overloaded(now + 0.2, now + 0.3)
    assert limit.calls == 8


def test_it_never_falls_below_one_nor_starts_over_the_maximum():
    limit = AdaptiveLimit(1)
    assert limit.calls == 1
    for now in range(5):
        limit.overloaded(now, now + 0.5)
    assert limit.calls == 1


def test_inflated_latency_halves_it():
    limit = AdaptiveLimit(64)
    now = windows(limit, 3, latency=1.0, now=0.0)
    now = windows(limit, 1, latency=1.9, now=now)
    assert limit.calls == 32
    windows(limit, 1, latency=2.3, now=now)
    assert limit.calls == 16


def test_one_slow_call_among_many_changes_nothing():
    limit = AdaptiveLimit(64)
    now = windows(limit, 1, latency=1.0, now=0.0)
    limit.succeeded(now, now + 50)
    for _ in range(7):
        limit.succeeded(now, now + 1)
    assert limit.calls == 8


def test_a_latency_that_stays_high_becomes_the_usual_one():
    limit = AdaptiveLimit(64)
    now = windows(limit, 5, latency=1.0, now=0.0)
    now = windows(limit, 60, latency=3.0, now=now)
    before = limit.calls
    windows(limit, 5, latency=3.0, now=now)
    assert limit.calls == before + 5


def test_a_server_that_only_queues_is_held_near_what_it_can_do():
    limit, now, seen = AdaptiveLimit(64), 0.0, []
    for _ in range(40):
        now = windows(limit, 1, latency=0.1 * limit.calls, now=now)
        seen.append(limit.calls)
    assert max(seen[4:]) <= 6


def test_calls_from_before_the_halving_say_nothing_of_after():
    limit = AdaptiveLimit(64)
    now = windows(limit, 4, latency=1.0, now=0.0)
    limit.overloaded(now, now + 1.0)
    for _ in range(100):
        limit.succeeded(now + 0.5, now + 30.0)
    assert limit.calls == 16


def test_a_pause_is_never_shortened():
    limit = AdaptiveLimit(4)
    limit.pause(until=30.0)
    limit.pause(until=20.0)
    assert limit.open_at == 30.0
