#!/usr/bin/env python3
"""A complete worker in Python: a thread for each partition, finished before the partition is given
back, stopped while the lease is lapsed, ended by SIGTERM or SIGINT.

    muster topic create orders --partitions 4
    client/examples/python/worker.py [SERVER [GROUP [TOPIC [NAME]]]]    start several, kill some, watch

Says what happens, one line an event.
"""

import os
import signal
import sys
import threading

import muster

COMMIT_EVERY = 10  # records
ENDS = {signal.SIGTERM, signal.SIGINT}


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")  # in one piece: several threads say things
    sys.stdout.flush()


class Work(threading.Thread):
    """Works on one partition until it is stopped. The work here is counting."""

    def __init__(self, consumer, partition):
        super().__init__()
        self.consumer, self.partition = consumer, partition
        self.stopping, self.going_on = threading.Event(), threading.Event()
        self.going_on.set()
        self.done = self.committed = partition.committed or 0
        self.start()

    def run(self):
        while not self.stopping.wait(0.01):   # one record: write its effect with partition.fence,
            if not self.going_on.is_set():    # so that the sink can refuse an outdated owner
                continue
            self.done += 1
            if self.done - self.committed >= COMMIT_EVERY:
                self.commit()

    def commit(self):
        """Only what is done: a crash in between repeats records, and skips none."""
        try:
            self.consumer.commit_all([muster.Commit(self.partition.topic, self.partition.index, self.done,
                                                    fence=self.partition.fence)])
            self.committed = self.done
            say("committed", place(self.partition), self.done)
        except muster.Error as error:
            say("refused", place(self.partition), error.name)
            if not error.retriable:
                self.stopping.set()  # fenced: on_lost comes

    def finish(self, commit):
        self.stopping.set()
        self.join()
        if commit and self.done > self.committed:
            self.commit()


def place(partition):
    return f"{partition.topic}/{partition.index}"


class Worker:
    """The callbacks come one at a time, but the main thread ends everything beside them."""

    def __init__(self, client, group, topic, name):
        self.works, self.lock = {}, threading.Lock()
        self.ending, self.why = False, None
        self.consumer = muster.Consumer(
            client, group, topics=[topic], consumer_id=name, session_timeout=10,
            on_assigned=self.assigned, on_revoked=self.revoked, on_lost=self.lost, on_paused=self.paused,
            on_resumed=self.resumed, on_waiting=self.waiting, on_ended=self.over)

    def assigned(self, partition):
        say("assigned", place(partition), partition.fence)
        with self.lock:
            if not self.ending:
                self.works[place(partition)] = Work(self.consumer, partition)

    def revoked(self, partition):  # it is released when this returns
        self.stop(partition, commit=True)
        say("revoked", place(partition))

    def lost(self, partition):
        say("lost", place(partition))
        self.stop(partition, commit=False)

    def paused(self, partition):
        say("paused", place(partition))
        with self.lock:
            if place(partition) in self.works:
                self.works[place(partition)].going_on.clear()

    def resumed(self, partition):
        say("resumed", place(partition))
        with self.lock:
            if place(partition) in self.works:
                self.works[place(partition)].going_on.set()

    def stop(self, partition, commit):
        with self.lock:
            work = self.works.pop(place(partition), None)
        if work:
            work.finish(commit)

    def waiting(self, error):  # the name is another's, or the disk is full: it is tried again
        say("waiting", error.name)

    def over(self, error):
        say("ended", error.name)
        self.end(error)

    def end(self, why):
        self.why = why
        os.kill(os.getpid(), signal.SIGTERM)

    def join(self):  # beside the main thread, which a signal may end meanwhile
        try:
            self.consumer.join()
            say("joined", self.consumer.member_id)
        except muster.Error as error:
            if not self.ending:
                self.end(error)

    def finish(self):
        with self.lock:
            self.ending = True
            works, self.works = list(self.works.values()), {}
        for work in works:
            work.finish(commit=True)


def main():
    server, group, topic, name = (sys.argv[1:] + ["127.0.0.1:7461", "demo", "orders", ""][len(sys.argv) - 1:])[:4]
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # sigwait below takes them
    with muster.Client([server], client_id="worker.py") as client:
        worker = Worker(client, group, topic, name)
        with worker.consumer as consumer:
            try:
                joining = threading.Thread(target=worker.join)
                joining.start()
                signal.sigwait(ENDS)
                worker.finish()
                if worker.why:
                    raise worker.why  # the seat is another's, or removed: there is none to leave
                consumer.leave()  # and ends a join that still waits
                say("left")
            except muster.Error as error:
                print(error, file=sys.stderr)
                return 1
            finally:
                worker.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
