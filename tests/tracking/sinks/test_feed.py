"""A slow sink gets the latest state and no queue."""

import threading

from made_states import state
from traincarbon.tracking.messages import Final
from traincarbon.tracking.sinks.feed import Feed


def test_a_state_that_nobody_took_gives_way_to_the_next():
    feed = Feed()
    feed.put(state(elapsed_s=1.0))
    feed.put(state(elapsed_s=2.0))
    taken = feed.take()
    assert taken is not None
    assert taken.elapsed_s == 2.0


def test_the_end_comes_before_a_state_and_both_are_kept():
    feed, final = Feed(), Final(kept_in="x")
    feed.put(state(elapsed_s=3.0))
    feed.end(final)
    assert feed.take() is None
    left, ended = feed.last
    assert left is not None
    assert (left.elapsed_s, ended) == (3.0, final)


def test_taking_waits_for_what_comes():
    feed, taken = Feed(), []
    thread = threading.Thread(target=lambda: taken.append(feed.take()))
    thread.start()
    feed.put(state(elapsed_s=4.0))
    thread.join(10.0)
    assert [each.elapsed_s for each in taken] == [4.0]
