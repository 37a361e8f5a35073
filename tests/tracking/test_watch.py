"""A closed channel is noticed at once, by a thread that takes no signal of the training."""

import os
import subprocess
import sys
import threading

from traincarbon.tracking.channel import Channel
from traincarbon.tracking.watch import on_hang_up


def ends():
    (reads, theirs), (_, writes) = os.pipe(), (ends := os.pipe())
    return Channel(reads, writes), theirs, ends[0]


def test_the_action_follows_the_end_of_the_other_end_and_not_a_message():
    channel, theirs, reading = ends()
    happened = threading.Event()
    on_hang_up(channel, happened.set)
    os.write(theirs, b"a message")
    assert not happened.wait(0.2)
    os.close(theirs)
    assert happened.wait(10.0)
    os.close(reading)
    channel.close()


def test_the_thread_takes_no_signal_and_does_not_delay_the_end():
    code = (
        "import os, signal, threading, time\n"
        "from traincarbon.tracking.channel import Channel\n"
        "from traincarbon.tracking.watch import on_hang_up\n"
        "on_hang_up(Channel(os.pipe()[0], os.pipe()[1]), lambda: None)\n"
        "time.sleep(0.1)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"
        "print(signal.sigtimedwait({signal.SIGUSR1}, 5).si_signo == signal.SIGUSR1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)
