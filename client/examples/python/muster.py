"""muster's client for Python: a small module over the C interface, <muster/muster.h>, by ctypes.

    import muster

    with muster.Client(["127.0.0.1:7461"]) as client:
        with muster.Consumer(client, "billing", topics=["outbox"], on_assigned=start,
                             on_revoked=finish, on_lost=abandon) as consumer:
            consumer.join()
            consumer.commit("outbox", 0, 100)
            consumer.leave()

libmuster is found as the linker finds it, or by $MUSTER_LIBRARY. Times are in seconds. Calls that
fail raise muster.Error. Consumers and clients may be used by all threads at once.

Callbacks run on a thread of the consumer, one at a time and in order, also while Python code runs
elsewhere. An exception that leaves one is printed, and counts as a return: a revoked partition is
released then. Every method may be called from within one.

`with` closes a consumer; so does the end of the program, and the collection of one that nobody holds
any more, which nobody should wait for.
"""

import atexit

import ctypes
import ctypes.util
import os
import threading
import weakref
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Callable, Dict, List, NamedTuple, Optional

_PARTITION_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
_ERROR_CALLBACK = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)

# Result and parameters of each function, as <muster/muster.h> declares them. A `char *` that is to
# be freed is a c_void_p here: ctypes would copy a c_char_p and forget the address.
_FUNCTIONS = {
    "muster_version": (c_char_p, []),
    "muster_string_free": (None, [c_void_p]),
    "muster_error_code": (c_int, [c_void_p]),
    "muster_error_name": (c_char_p, [c_void_p]),
    "muster_error_message": (c_char_p, [c_void_p]),
    "muster_error_retriable": (c_bool, [c_void_p]),
    "muster_error_retry_after_ms": (c_uint32, [c_void_p]),
    "muster_error_current_fence": (c_uint64, [c_void_p]),
    "muster_error_free": (None, [c_void_p]),
    "muster_client_options_new": (c_void_p, []),
    "muster_client_options_free": (None, [c_void_p]),
    "muster_client_options_add_server": (None, [c_void_p, c_char_p]),
    "muster_client_options_set_timeout_ms": (None, [c_void_p, c_int64]),
    "muster_client_options_set_client_id": (None, [c_void_p, c_char_p]),
    "muster_client_new": (c_int, [c_void_p, POINTER(c_void_p), POINTER(c_void_p)]),
    "muster_client_free": (None, [c_void_p]),
    "muster_partition_topic": (c_char_p, [c_void_p]),
    "muster_partition_index": (c_int32, [c_void_p]),
    "muster_partition_committed": (c_int64, [c_void_p]),
    "muster_partition_fence": (c_uint64, [c_void_p]),
    "muster_partition_release_within_ms": (c_int64, [c_void_p]),
    "muster_consumer_options_new": (c_void_p, [c_char_p]),
    "muster_consumer_options_free": (None, [c_void_p]),
    "muster_consumer_options_set_consumer_id": (None, [c_void_p, c_char_p]),
    "muster_consumer_options_add_topic": (None, [c_void_p, c_char_p]),
    "muster_consumer_options_add_pattern": (None, [c_void_p, c_char_p]),
    "muster_consumer_options_set_metadata": (None, [c_void_p, c_char_p, c_size_t]),
    "muster_consumer_options_set_session_timeout_ms": (None, [c_void_p, c_int64]),
    "muster_consumer_options_set_disconnect_grace_ms": (None, [c_void_p, c_int64]),
    "muster_consumer_options_set_rebalance_timeout_ms": (None, [c_void_p, c_int64]),
    "muster_consumer_options_set_join_timeout_ms": (None, [c_void_p, c_int64]),
    "muster_consumer_options_set_takeover": (None, [c_void_p, c_bool]),
    "muster_consumer_options_set_release_on_return": (None, [c_void_p, c_bool]),
    "muster_consumer_options_set_progress_timeout_ms": (None, [c_void_p, c_int64]),
    "muster_consumer_options_set_auto_commit_interval_ms": (None, [c_void_p, c_int64]),
    "muster_consumer_options_on_assigned": (None, [c_void_p, _PARTITION_CALLBACK, c_void_p]),
    "muster_consumer_options_on_revoked": (None, [c_void_p, _PARTITION_CALLBACK, c_void_p]),
    "muster_consumer_options_on_lost": (None, [c_void_p, _PARTITION_CALLBACK, c_void_p]),
    "muster_consumer_options_on_paused": (None, [c_void_p, _PARTITION_CALLBACK, c_void_p]),
    "muster_consumer_options_on_resumed": (None, [c_void_p, _PARTITION_CALLBACK, c_void_p]),
    "muster_consumer_options_on_waiting": (None, [c_void_p, _ERROR_CALLBACK, c_void_p]),
    "muster_consumer_options_on_ended": (None, [c_void_p, _ERROR_CALLBACK, c_void_p]),
    "muster_consumer_options_on_commit_failed": (None, [c_void_p, _ERROR_CALLBACK, c_void_p]),
    "muster_consumer_new": (c_int, [c_void_p, c_void_p, POINTER(c_void_p), POINTER(c_void_p)]),
    "muster_consumer_free": (None, [c_void_p]),
    "muster_consumer_join_group": (c_int, [c_void_p, POINTER(c_void_p)]),
    "muster_consumer_subscribe": (c_int, [c_void_p, POINTER(c_char_p), c_size_t, POINTER(c_char_p), c_size_t,
                                          POINTER(c_void_p)]),
    "muster_consumer_unsubscribe": (c_int, [c_void_p, POINTER(c_void_p)]),
    "muster_consumer_leave_group": (c_int, [c_void_p, POINTER(c_void_p)]),
    "muster_consumer_close": (None, [c_void_p]),
    "muster_consumer_member_id": (c_void_p, [c_void_p]),
    "muster_consumer_leader": (c_void_p, [c_void_p]),
    "muster_consumer_generation": (c_uint64, [c_void_p]),
    "muster_consumer_paused": (c_bool, [c_void_p]),
    "muster_consumer_fence": (c_uint64, [c_void_p, c_char_p, c_int32]),
    "muster_consumer_progress": (None, [c_void_p]),
    "muster_consumer_pause": (c_int, [c_void_p, c_char_p, c_int32, POINTER(c_void_p)]),
    "muster_consumer_resume": (c_int, [c_void_p, c_char_p, c_int32, POINTER(c_void_p)]),
    "muster_consumer_assignment": (c_int, [c_void_p, POINTER(c_void_p), POINTER(c_void_p)]),
    "muster_assignment_size": (c_size_t, [c_void_p]),
    "muster_assignment_topic": (c_char_p, [c_void_p, c_size_t]),
    "muster_assignment_partition": (c_int32, [c_void_p, c_size_t]),
    "muster_assignment_free": (None, [c_void_p]),
    "muster_commits_new": (c_void_p, []),
    "muster_commits_free": (None, [c_void_p]),
    "muster_commits_add": (c_void_p, [c_void_p, c_char_p, c_int32, c_int64]),
    "muster_commit_set_metadata": (None, [c_void_p, c_char_p, c_size_t]),
    "muster_commit_set_end": (None, [c_void_p, c_int64]),
    "muster_commit_set_fence": (None, [c_void_p, c_uint64]),
    "muster_consumer_commit_offsets": (c_int, [c_void_p, c_void_p, POINTER(c_void_p)]),
    "muster_consumer_store_offset": (c_int, [c_void_p, c_char_p, c_int32, c_int64, c_uint64, POINTER(c_void_p)]),
    "muster_consumer_commit_stored": (c_int, [c_void_p, POINTER(c_void_p)]),
    "muster_consumer_report_end": (c_int, [c_void_p, c_char_p, c_int32, c_int64, c_int64, POINTER(c_void_p)]),
    "muster_consumer_release": (c_int, [c_void_p, c_char_p, c_int32, c_int64, c_char_p, POINTER(c_void_p)]),
    "muster_consumer_fetch_committed": (c_int, [c_void_p, c_char_p, c_int32, POINTER(c_void_p),
                                                POINTER(c_void_p)]),
    "muster_committed_offset": (c_int64, [c_void_p]),
    "muster_committed_metadata": (c_void_p, [c_void_p, POINTER(c_size_t)]),
    "muster_committed_commit_time_ms": (c_int64, [c_void_p]),
    "muster_committed_free": (None, [c_void_p]),
}


def _load():
    path = os.environ.get("MUSTER_LIBRARY") or ctypes.util.find_library("muster") or "libmuster.so.0"
    library = ctypes.CDLL(path)  # which releases the interpreter's lock while a call waits
    for name, (result, parameters) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    return library


_lib = _load()


class Error(Exception):
    """Why a call failed. Decide by `code`; for codes that you don't know, by `retriable`."""

    def __init__(self, handle):
        self.code = _lib.muster_error_code(handle)
        self.name = _lib.muster_error_name(handle).decode()
        self.message = _lib.muster_error_message(handle).decode()
        self.retriable = _lib.muster_error_retriable(handle)
        self.retry_after = _lib.muster_error_retry_after_ms(handle) / 1000
        self.current_fence = _lib.muster_error_current_fence(handle)
        super().__init__(f"{self.name}: {self.message}")


class Partition(NamedTuple):
    """A partition as its owner sees it."""
    topic: str
    index: int
    committed: Optional[int]  # the next offset to read; None: nothing committed yet
    fence: int                # give it to every system that the work writes to
    release_within: float     # in on_revoked: time left


class Committed(NamedTuple):
    """What the group has committed for a partition."""
    offset: int
    metadata: bytes
    time: float  # seconds since 1970


class Commit(NamedTuple):
    """One of several commits that are applied all or not at all."""
    topic: str
    partition: int
    offset: int
    metadata: bytes = b""
    end: Optional[int] = None    # the partition's end, from which lag is computed
    fence: Optional[int] = None  # the token of the work: refused when it is not the current one


def version() -> str:
    """Of the library that runs."""
    return _lib.muster_version().decode()


def _call(function, *arguments):
    """Calls what may fail, whose last parameter receives the error."""
    handle = c_void_p()
    if function(*arguments, byref(handle)) != 0:
        error = Error(handle)
        _lib.muster_error_free(handle)
        raise error


def _text(owned) -> str:
    """A string that is ours to free."""
    try:
        return ctypes.string_at(owned).decode() if owned else ""
    finally:
        _lib.muster_string_free(owned)


def _strings(texts):
    return (c_char_p * len(texts))(*[text.encode() for text in texts])


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


_telling = threading.local()  # .now: a callback runs on this thread
_open = weakref.WeakSet()     # consumers


def _told(tell, make):
    """What the library calls: tells what `make` makes of a handle."""
    def callback(_, handle, __):
        _telling.now = True
        try:
            tell(make(handle))
        finally:
            _telling.now = False
    return callback


@atexit.register
def _close_all():
    """While callbacks still can run: the interpreter takes no more calls when it has ended."""
    for consumer in list(_open):
        consumer.close()


class _Closing:
    """Closes at the end of a `with`."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Client(_Closing):
    """A connection, shared by any number of consumers. Connects when something needs it."""

    def __init__(self, servers: List[str] = (), *, timeout: float = 5.0, client_id: str = ""):
        options = _lib.muster_client_options_new()
        try:
            for server in servers:
                _lib.muster_client_options_add_server(options, server.encode())
            _lib.muster_client_options_set_timeout_ms(options, _milliseconds(timeout))
            _lib.muster_client_options_set_client_id(options, client_id.encode())
            client = c_void_p()
            _call(_lib.muster_client_new, options, byref(client))
        finally:
            _lib.muster_client_options_free(options)
        self._handle = client
        self._free = weakref.finalize(self, _lib.muster_client_free, client)
        self._free.atexit = False  # its consumers are closed then, and may have to commit

    def close(self):
        """Its consumers keep their seats for their grace; what they call fails with CLOSED."""
        self._handle = c_void_p()
        self._free()


class Consumer(_Closing):
    """One member of a group. `on_assigned`, `on_revoked`, `on_lost`, `on_paused` and `on_resumed` are
    given a Partition, `on_waiting`, `on_ended` and `on_commit_failed` an Error."""

    _handle = None

    def __init__(self, client: Client, group: str, *, topics: List[str] = (), patterns: List[str] = (),
                 consumer_id: str = "", metadata: bytes = b"", session_timeout: float = 30.0,
                 disconnect_grace: float = 0, rebalance_timeout: float = 0, join_timeout: float = 0,
                 progress_timeout: float = 0, auto_commit_interval: float = 5.0,
                 takeover: bool = False, release_on_return: bool = True, **callbacks: Callable):
        options = _lib.muster_consumer_options_new(group.encode())
        try:
            for topic in topics:
                _lib.muster_consumer_options_add_topic(options, topic.encode())
            for pattern in patterns:
                _lib.muster_consumer_options_add_pattern(options, pattern.encode())
            _lib.muster_consumer_options_set_consumer_id(options, consumer_id.encode())
            _lib.muster_consumer_options_set_metadata(options, metadata, len(metadata))
            for name, seconds in {"session_timeout": session_timeout, "disconnect_grace": disconnect_grace,
                                  "rebalance_timeout": rebalance_timeout, "join_timeout": join_timeout,
                                  "progress_timeout": progress_timeout,
                                  "auto_commit_interval": auto_commit_interval}.items():
                getattr(_lib, f"muster_consumer_options_set_{name}_ms")(options, _milliseconds(seconds))
            _lib.muster_consumer_options_set_takeover(options, takeover)
            _lib.muster_consumer_options_set_release_on_return(options, release_on_return)
            self._callbacks = self._set_callbacks(options, callbacks)  # kept: the library calls them
            consumer = c_void_p()
            _call(_lib.muster_consumer_new, client._handle, options, byref(consumer))
        finally:
            _lib.muster_consumer_options_free(options)
        self._client = client  # which has to outlive it
        self._handle = consumer
        _open.add(self)

    @staticmethod
    def _set_callbacks(options, callbacks):
        kept = []
        for name, callback in callbacks.items():
            if name in ("on_waiting", "on_ended", "on_commit_failed"):
                kept.append(_ERROR_CALLBACK(_told(callback, Error)))
            elif name in ("on_assigned", "on_revoked", "on_lost", "on_paused", "on_resumed"):
                kept.append(_PARTITION_CALLBACK(_told(callback, _partition)))
            else:
                raise TypeError(f"Consumer has no callback {name!r}")
            getattr(_lib, f"muster_consumer_options_{name}")(options, kept[-1], None)
        return kept

    def close(self):
        """Commits what is stored and keeps the seat for its grace. Waits for a callback that is running,
        unless it is called from it; none runs afterwards."""
        _lib.muster_consumer_close(self._handle)

    def __del__(self):
        if self._handle is None:  # it was never made
            return
        # Here nobody is within one of its calls. But the collector runs on any thread, and a callback
        # can't wait for its own end.
        if getattr(_telling, "now", False):
            threading.Thread(target=_free_consumer, args=(self._handle, self._callbacks, self._client)).start()
        else:
            _lib.muster_consumer_free(self._handle)

    def join(self):
        """Returns once this consumer's share of the plan is granted. An exception that a signal's handler
        raises meanwhile does not end the join, as the seat may be taken: leave() or close() does."""
        failed = []

        def wait():
            try:
                _call(_lib.muster_consumer_join_group, self._handle)
            except Error as error:
                failed.append(error)
        # It may take long, and no signal's handler would run within the library's call.
        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        # A signal that comes just before Python begins to wait does not end the wait, so it waits anew.
        while waiting.is_alive():
            waiting.join(0.5)
        if failed:
            raise failed[0]

    def subscribe(self, topics: List[str], patterns: List[str] = ()):
        """To these instead of the former ones, without leaving."""
        _call(_lib.muster_consumer_subscribe, self._handle, _strings(topics), len(topics), _strings(patterns),
              len(patterns))

    def unsubscribe(self):
        """From everything, and stays a member: what it has is revoked."""
        _call(_lib.muster_consumer_unsubscribe, self._handle)

    def leave(self):
        """Gives every partition back. Finish and commit first: no callback runs for them."""
        _call(_lib.muster_consumer_leave_group, self._handle)

    def assignment(self) -> Dict[str, List[int]]:
        """What it holds, what is being revoked included."""
        handle = c_void_p()
        _call(_lib.muster_consumer_assignment, self._handle, byref(handle))
        held: Dict[str, List[int]] = {}
        for i in range(_lib.muster_assignment_size(handle)):
            topic = _lib.muster_assignment_topic(handle, i).decode()
            held.setdefault(topic, []).append(_lib.muster_assignment_partition(handle, i))
        _lib.muster_assignment_free(handle)
        return held

    def progress(self):
        """The program is not stuck (progress_timeout)."""
        _lib.muster_consumer_progress(self._handle)

    def pause(self, topic: str, partition: int):
        """Takes no new records of it, and keeps it."""
        _call(_lib.muster_consumer_pause, self._handle, topic.encode(), partition)

    def resume(self, topic: str, partition: int):
        _call(_lib.muster_consumer_resume, self._handle, topic.encode(), partition)

    def store(self, topic: str, partition: int, offset: int, fence: Optional[int] = None):
        """Notes the next offset to read, to be committed by itself: every auto_commit_interval, when the
        partition is released, and by leave, close and commit_stored."""
        _call(_lib.muster_consumer_store_offset, self._handle, topic.encode(), partition, offset, fence or 0)

    def commit_stored(self):
        _call(_lib.muster_consumer_commit_stored, self._handle)

    def commit(self, topic: str, partition: int, offset: int, metadata: bytes = b""):
        """Commits the next offset to read."""
        self.commit_all([Commit(topic, partition, offset, metadata)])

    def commit_all(self, commits: List[Commit]):
        """All of them or none."""
        batch = _lib.muster_commits_new()
        try:
            for one in commits:
                added = _lib.muster_commits_add(batch, one.topic.encode(), one.partition, one.offset)
                _lib.muster_commit_set_metadata(added, one.metadata, len(one.metadata))
                if one.end is not None:
                    _lib.muster_commit_set_end(added, one.end)
                if one.fence is not None:
                    _lib.muster_commit_set_fence(added, one.fence)
            _call(_lib.muster_consumer_commit_offsets, self._handle, batch)
        finally:
            _lib.muster_commits_free(batch)

    def report_end(self, topic: str, partition: int, end: int, start: Optional[int] = None):
        """Where a partition ends and, if it is known, begins: what lag counts to."""
        _call(_lib.muster_consumer_report_end, self._handle, topic.encode(), partition, end,
              -1 if start is None else start)

    def release(self, topic: str, partition: int, offset: Optional[int] = None, metadata: str = ""):
        """Of a revoked partition, with a last commit or without; for release_on_return=False."""
        _call(_lib.muster_consumer_release, self._handle, topic.encode(), partition,
              -1 if offset is None else offset, metadata.encode())

    def committed(self, topic: str, partition: int) -> Optional[Committed]:
        """None: the group has committed nothing yet."""
        handle = c_void_p()
        _call(_lib.muster_consumer_fetch_committed, self._handle, topic.encode(), partition, byref(handle))
        if not handle:
            return None
        size = c_size_t()
        metadata = _lib.muster_committed_metadata(handle, byref(size))
        found = Committed(_lib.muster_committed_offset(handle), ctypes.string_at(metadata, size.value),
                          _lib.muster_committed_commit_time_ms(handle) / 1000)
        _lib.muster_committed_free(handle)
        return found

    def fence(self, topic: str, partition: int) -> Optional[int]:
        """The token to work under; None when it is not held or the lease is lapsed."""
        return _lib.muster_consumer_fence(self._handle, topic.encode(), partition) or None

    @property
    def paused(self) -> bool:
        return _lib.muster_consumer_paused(self._handle)

    @property
    def member_id(self) -> str:
        return _text(_lib.muster_consumer_member_id(self._handle))

    @property
    def leader(self) -> str:
        return _text(_lib.muster_consumer_leader(self._handle))

    @property
    def generation(self) -> int:
        return _lib.muster_consumer_generation(self._handle)


def _free_consumer(handle, _callbacks, _client):
    """On a thread of its own, which keeps alive what the library may call until then."""
    _lib.muster_consumer_free(handle)


def _partition(handle) -> Partition:
    committed = _lib.muster_partition_committed(handle)
    return Partition(_lib.muster_partition_topic(handle).decode(), _lib.muster_partition_index(handle),
                     None if committed < 0 else committed, _lib.muster_partition_fence(handle),
                     _lib.muster_partition_release_within_ms(handle) / 1000)
