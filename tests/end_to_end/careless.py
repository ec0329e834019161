"""Programs in Python that do with a consumer what they should not, or must not have to care about.

    careless.py SERVER GROUP HABIT       says what happens, one line an event; exits with 0 if all is well
"""

import gc
import os
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(os.environ["MUSTER_MODULE"]).parent))
import muster  # noqa: E402


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def wait_for(condition):
    for _ in range(4000):
        if condition():
            return
        time.sleep(0.005)
    sys.exit("in vain")


def consumer_of(client, group, name, **more):
    return muster.Consumer(client, group, topics=["orders"], consumer_id=name, session_timeout=10, **more)


def dropped(client, group):
    """Consumers that nobody closes, while their callbacks are called."""
    for _ in range(5):
        told = []
        consumer = consumer_of(client, group, "dropped", on_assigned=told.append, on_lost=told.append)
        consumer.join()
        wait_for(lambda: len(told) >= 2)
        consumer.unsubscribe()
        consumer.subscribe(["orders"])
        del consumer  # while partitions come back


def in_a_circle(client, group):
    """An object and its consumer, whose callbacks are the object's, forgotten together."""
    class Application:
        def __init__(self):
            self.told = 0
            self.consumer = consumer_of(client, group, "circle", on_assigned=self.assigned)
            self.consumer.join()

        def assigned(self, _):
            self.told += 1

    for _ in range(5):
        application = Application()
        wait_for(lambda: application.told >= 2)
        del application
        gc.collect()


def collected_in_a_callback(client, group):
    """The collector runs on the consumer's own thread, just when nobody holds it any more."""
    collected = threading.Event()
    forgotten = threading.Event()

    def collect(_):
        forgotten.wait()
        gc.collect()
        collected.set()

    class Circle:
        pass

    gc.disable()
    circle = Circle()
    circle.self, circle.consumer = circle, consumer_of(client, group, "collected", on_assigned=collect)
    circle.consumer.join()
    del circle
    forgotten.set()
    if not collected.wait(20):
        sys.exit("in vain")
    wait_for(lambda: len(muster._open) == 0)
    gc.enable()


def closed_in_a_callback(client, group):
    closed = threading.Event()

    def close(_):
        consumer.close()
        closed.set()

    consumer = consumer_of(client, group, "closed", on_assigned=close)
    consumer.join()
    if not closed.wait(20):
        sys.exit("in vain")
    try:
        consumer.commit("orders", 0, 1)
    except muster.Error as error:
        say("commit", error.name)


def left_open(client, group):
    """To the end of the program, where a callback still is at work."""
    global consumer  # pylint: disable=global-variable-undefined
    begun = threading.Event()

    def work(_):
        begun.set()
        time.sleep(0.2)

    consumer = consumer_of(client, group, "open", on_assigned=work)
    consumer.join()
    begun.wait()


def interrupted(client, group):
    """Ctrl-C while the join waits: the name is another's."""
    other = muster.Client([sys.argv[1]])
    holder = consumer_of(other, group, "name")
    holder.join()
    consumer = consumer_of(client, group, "name", on_waiting=lambda _: os.kill(os.getpid(), signal.SIGINT))
    began = time.monotonic()
    try:
        consumer.join()
    except KeyboardInterrupt:
        say("interrupted")
    if time.monotonic() - began > 5:
        sys.exit("too late")
    consumer.close()
    holder.leave()


def main():
    server, group, habit = sys.argv[1:]
    client = muster.Client([server], client_id="careless")
    globals()[habit](client, group)
    say("well")


main()
