/* Membership and hand-over, as section 4 of the design has them, for spin.
 *
 * One partition, one or two client processes, a coordinator with a journal, a network and time.
 * The process Invariants says what has to hold in every state, by the names of the design. Each
 * rule stands alone in an inline or behind its name: with -DNO_name it is left out, and
 * `tests/model/run --rules` shows what goes wrong then. docs/testing.md says what is abstracted.
 *
 * Reading it: everything is a global variable, every step is one d_step, and each process is a
 * loop over the steps that its party may take at any moment. There are no fairness assumptions:
 * whoever may do something may also never do it.
 */

/* ---- what is checked: sizes and budgets; tests/model/run says which worlds there are ---- */

#ifndef WORLD
#define WORLD AB /* the client processes: A, AB or AA; members are letters */
#endif
#define A 4   /* one member, one process */
#define AB 1  /* two members, a process each */
#define AA 2  /* two processes under one name */

/* Times are in ticks. */
#ifndef GRACE
#define GRACE 1 /* disconnect_grace, at most the session */
#endif
#ifndef SESSION
#define SESSION GRACE /* session_timeout */
#endif
#ifdef NO_LEASE_IS_THE_SHORTER
#define LEASE SESSION
#else
#define LEASE GRACE /* server rule 3: min(session_timeout, disconnect_grace) */
#endif
#ifndef DEADLINE
#define DEADLINE LEASE /* rebalance_timeout, at least the lease */
#endif
#ifndef TOKENS
#define TOKENS 2 /* grants, then there are no more */
#endif
#ifndef RESTARTS
#define RESTARTS 0 /* crashes of the coordinator */
#endif
#ifndef ON_THE_WAY
#define ON_THE_WAY 1 /* messages to one client */
#endif
#ifndef PARKED
#define PARKED 2 /* for one client */
#endif
#ifndef RESYNC
#define RESYNC false /* a client may resume whenever it likes */
#endif
#ifndef BATCH
#define BATCH 1 /* units that may wait to be durable; requests that only read go on meanwhile */
#endif
#ifndef OFFSETS
#define OFFSETS 0 /* workers commit 1 to OFFSETS */
#endif
#ifndef REMOVALS
#define REMOVALS 0 /* of members, by an operator */
#endif
#ifndef JOURNALS
#define JOURNALS 0 /* others, with which the coordinator starts in place of the one before */
#endif

#if WORLD == AB
#define CLIENTS 2
#define SEATS 2
#define SEAT(c) ((c) + 1)
#elif WORLD == A
#define CLIENTS 1
#define SEATS 1
#define SEAT(c) 1
#else
#define CLIENTS 2
#define SEATS 1
#define SEAT(c) 1
#endif
#define NOBODY 0

mtype = {
  JOIN, RESUME, HEARTBEAT, COMMIT, RELEASE, LEAVE,              /* requests */
  JOINED, ACKNOWLEDGED, COMMITTED,                              /* replies */
  UNKNOWN_MEMBER, REPLACED, MEMBER_ID_IN_USE, NOT_BOUND,        /* refusals */
  GRANT, REVOKE, LOST, SEAT_ENDED, REMOVED                      /* pushes */
}

/* ---- the coordinator ---- */

#define FREE 0
#define OWNED 1
#define REVOKING 2

/* What the journal's events fold to. `owner` and `target` are seats; a seat holds the client
 * process that sits in it, plus one, or 0. `token` is the last one given, `replaced` the set of
 * incarnations that were replaced. */
typedef Folded {
  byte phase;
  byte owner;
  byte target;
  byte token;
  byte committed;
  byte seat[SEATS + 1];
  byte replaced;
  byte removed; /* incarnations that an operator has removed */
#ifdef NO_TARGET_READ_WHEN_FREE
  byte heir;
#endif
}
Folded live;    /* folded as soon as decided */
Folded durable; /* what a crash leaves */
byte unflushed; /* units by which live is ahead of durable */
byte restarts;
byte removals;
byte journal; /* which one it is; its id is told at hello */

inline copy(to, from) {
  to.phase = from.phase; to.owner = from.owner; to.target = from.target; to.token = from.token;
  to.committed = from.committed; to.replaced = from.replaced; to.removed = from.removed;
  to.seat[1] = from.seat[1];
#if SEATS == 2
  to.seat[2] = from.seat[2];
#endif
#ifdef NO_TARGET_READ_WHEN_FREE
  to.heir = from.heir;
#endif
}

/* Sessions are not journaled. A seat is bound to the present connection of its process, to an
 * older one that was not yet seen to end, or to none. */
#define UNBOUND 0
#define HERE 1
#define OLD 2
/* That a connection is seen to end matters where the grace is shorter than the session or another
 * process wants the seat. */
#if WORLD == AA || SESSION != GRACE || defined(NO_SEAT_OUTLIVES_ITS_CONNECTION)
#define ENDS_ARE_SEEN
#endif
#if defined(ENDS_ARE_SEEN) || defined(LATE)
#define BROKEN OLD
#else
#define BROKEN UNBOUND
#endif
byte binding[SEATS + 1];
bit seen_to_end[SEATS + 1];
byte silent[SEATS + 1]; /* ticks since the bound connection was heard, or seen to end */

#define NOT_BEGUN 0
#define RUNNING 1
#define FORGOTTEN 2 /* only when a rule is left out */
byte deadline;   /* of the revocation under way */
byte revoke_age; /* ticks since it began */

/* ---- the network: one slot for requests, one for a request on a broken connection, and what the
 * coordinator has said, first parked and then on its way. Messages are (what, token, more). ---- */

chan to_coordinator[CLIENTS] = [1] of { mtype, byte, byte };
#ifdef LATE
chan late[CLIENTS] = [1] of { mtype, byte, byte };
#define ANY_LATE(c) (len(late[c]) != 0)
#else
#define ANY_LATE(c) false
#endif
chan parked[CLIENTS] = [PARKED] of { mtype, byte, byte };
chan to_client[CLIENTS] = [ON_THE_WAY] of { mtype, byte, byte };
#ifdef SOCKETS
bit arrived[CLIENTS]; /* the request lies in the coordinator's socket */
#define READABLE(c) arrived[c]
#else
#define READABLE(c) true
#endif

#define HAS(channel) (len(channel) != 0)

/* ---- the clients ---- */

#define SEEKING 0 /* a seat */
#define SEATED 1
#define GONE 2    /* left, or replaced: never comes back */
byte standing[CLIENTS];
#define CUT 0 /* what was sent may still be read, and nothing can be sent */
#define UP 1
byte connection[CLIENTS];
bit awaiting[CLIENTS];   /* the answer to a join, resume or heartbeat */
byte sent_age[CLIENTS];  /* ticks since that was sent */
byte lease_age[CLIENTS]; /* ticks since the last acknowledged request was sent */
bit paused[CLIENTS];
byte held[CLIENTS];      /* the token under which it works, or 0 */
byte ended[CLIENTS];     /* the greatest token that it released or lost */
bit revoking[CLIENTS];
byte revoked_age[CLIENTS]; /* ticks of the time to finish that have gone, for all that it knows */
bit to_release[CLIENTS];   /* owes the coordinator the release of `ended` */
byte known_journal[CLIENTS];

/* ---- what only the proof knows ---- */

bit granted_once;         /* the first grant goes to seat 1: the members of AB are alike */
/* From these, alive though their seat was given away on somebody's word (a broken connection, an
 * operator, another journal), until the lease that they had then must be over. */
byte only_tokens_protect;
byte protected_for[CLIENTS]; /* ticks since then */
bit zombie_commit;
bit token_fell;
bit impatient;
byte acknowledged_offset;
byte asked_back;          /* 1 + ticks since the present token was asked back; 0: it was not */

/* Within one step only. */
mtype what;
byte token, more, i, s, age;
inline forget() {
  what = 0; token = 0; more = 0; i = 0; s = 0; age = 0
}

/* Always 0; so that what pan says names the invariant. */
bit single_owner, owner_at_work, fence_rises, fenced_commit, no_loss, no_orphan, ends_in_time,
    patient_coordinator, replaced_for_good, removed_for_good, stable_is_settled;

/* ==== the coordinator's side ==== */

#define LESSER(a, b) ((a) < (b) -> (a) : (b))
#define INCREMENT(age, most) age = LESSER(age + 1, most)
#define SITS(c) (live.seat[SEAT(c)] == (c) + 1)
#define ROOM(c) (len(parked[c]) < PARKED)
#define TELLABLE(seat_) \
  (live.seat[seat_] == 0 || !EXPECTS(seat_) || ROOM(live.seat[seat_] - 1))

/* A slow reader's connection is closed. */
inline send_to_client(c, what_, token_, more_) {
  if
  :: len(to_client[c]) == ON_THE_WAY -> connection[c] = CUT
  :: else -> to_client[c]!what_(token_, more_)
  fi
}

/* A message is released to the socket. Pushes go to the bound connection, and a join binds when
 * its reply is released: bindings are parked like any other effect. */
inline release_message(c, what_, token_, more_) {
  if
  :: connection[c] != UP -> skip
  :: connection[c] == UP && (what_ == GRANT || what_ == REVOKE || what_ == LOST) &&
     !(SITS(c) && binding[SEAT(c)] == HERE) -> skip
  :: else ->
     if
     :: what_ == JOINED && SITS(c) ->
        binding[SEAT(c)] = HERE; seen_to_end[SEAT(c)] = 0; silent[SEAT(c)] = 0
     :: else
     fi;
     send_to_client(c, what_, token_, more_)
  fi
}

/* Invariant durable-before-visible: what reveals state is parked until it is durable. */
inline answer(c, what_, token_, more_) {
#ifdef NO_PARKED_REPLIES
  release_message(c, what_, token_, more_)
#else
  parked[c]!what_(token_, more_)
#endif
}
/* Bound, or about to be: the join's reply is parked before it. */
#define EXPECTS(seat_) (binding[seat_] == HERE || HAS(parked[live.seat[seat_] - 1]))
inline push(seat_, what_, token_) {
  if
  :: live.seat[seat_] != 0 && EXPECTS(seat_) ->
#ifdef NO_PARKED_PUSHES
     release_message(live.seat[seat_] - 1, what_, token_, 0)
#else
     parked[live.seat[seat_] - 1]!what_(token_, 0)
#endif
  :: else /* the reply to its resume will list what it holds */
  fi
}

/* Invariant fence-rises: above all that anybody was ever told. */
inline new_token() {
#ifdef NO_RISING_TOKENS
  live.token = 1;
#else
  live.token++;
#endif
  for (i : 0 .. CLIENTS - 1) {
    token_fell = token_fell ||
                 (known_journal[i] == journal && (held[i] >= live.token || ended[i] >= live.token))
  }
}

/* A partition's life: FREE, target is live -> OWNED under a new token. */
inline grant(seat_) {
  new_token();
  live.phase = OWNED;
  live.owner = seat_;
  granted_once = 1;
  asked_back = 0;
  deadline = NOT_BEGUN;
  revoke_age = 0;
  push(seat_, GRANT, live.token)
}

/* Invariant one-command-one-unit: what becomes free leaves "free" in the same unit if its target
 * is live. "The target is read when the partition becomes free." */
inline set_free() {
  live.phase = FREE;
  live.owner = NOBODY;
  asked_back = 0;
  deadline = NOT_BEGUN;
  revoke_age = 0;
#ifdef NO_TARGET_READ_WHEN_FREE
  if
  :: live.heir != NOBODY -> s = live.heir
  :: else -> s = live.target
  fi;
  live.heir = NOBODY;
#else
  s = live.target;
#endif
#ifndef NO_GRANT_IN_THE_SAME_UNIT
  if
  :: s != NOBODY && live.token < TOKENS -> grant(s)
  :: else
  fi
#endif
}

/* A member leaves or expires: its partition is free, and nothing is planned for it any more. */
inline end_seat(seat_) {
  live.seat[seat_] = 0;
  binding[seat_] = UNBOUND;
  seen_to_end[seat_] = 0;
  silent[seat_] = 0;
  unflushed++;
  if
  :: live.target == seat_ ->
#if SEATS == 2
     live.target = (live.seat[3 - seat_] != 0 -> 3 - seat_ : NOBODY)
#else
     live.target = NOBODY
#endif
  :: else
  fi;
  if
  :: live.owner == seat_ -> set_free()
  :: else
  fi
}

inline give_away(i_) {
  only_tokens_protect = only_tokens_protect | (1 << i_);
  protected_for[i_] = 0
}

/* Server rule 1: the reply repeats what is held, its revoking flag and what is left of its time. */
inline answer_join(c, via) {
  silent[SEAT(c)] = 0;
  token = 0;
  more = 0;
  if
  :: live.owner == SEAT(c) ->
     token = live.token;
     more = (live.phase == REVOKING -> 1 + revoke_age : 0)
  :: else
  fi;
#ifdef NO_RESUME_REPEATS
  token = (held[c] == token -> token : 0); /* server rule 7: "a resume repeats everything" */
#endif
  if
  :: via == HERE -> answer(c, JOINED, token, more)
  :: via == OLD -> binding[SEAT(c)] = OLD; seen_to_end[SEAT(c)] = 0
  fi
}

/* Server rule 2, a new incarnation, fresh: "at once if the old connection was seen to end in this
 * run of the daemon, otherwise MEMBER_ID_IN_USE" until the old lease can have ended. */
#ifdef NO_MEMBER_ID_IN_USE
#define MAY_REPLACE(seat_) true
#elif defined(NO_SEEN_TO_END_IN_THIS_RUN)
#define MAY_REPLACE(seat_) (binding[seat_] == UNBOUND || silent[seat_] >= LEASE)
#else
#define MAY_REPLACE(seat_) (seen_to_end[seat_] || silent[seat_] >= LEASE)
#endif

/* OWNED, member replaced -> OWNED by the new incarnation under a new token, in the same unit.
 * REVOKING, member replaced -> FREE. */
inline replace(c) {
  i = live.seat[SEAT(c)] - 1;
  if
  :: seen_to_end[SEAT(c)] && silent[SEAT(c)] < LEASE -> give_away(i)
  :: else
  fi;
  live.replaced = live.replaced | (1 << i);
  push(SEAT(c), REPLACED, 0);
  live.seat[SEAT(c)] = c + 1;
  binding[SEAT(c)] = UNBOUND;
  seen_to_end[SEAT(c)] = 0;
  unflushed++;
  if
  :: live.owner == SEAT(c) && live.phase == OWNED ->
#ifndef NO_NEW_TOKEN_WHEN_REPLACED
     new_token()
#else
     skip
#endif
  :: live.owner == SEAT(c) && live.phase == REVOKING -> set_free()
  :: else
  fi
}

/* Server rules 1 and 2. */
#ifdef NO_RESUME_NEVER_TAKES_OVER
#define TAKES_SEAT(what_) true
#define REPLACES(c, what_) ((what_ == RESUME || MAY_REPLACE(SEAT(c))) && live.token < TOKENS)
#else
#define TAKES_SEAT(what_) (what_ == JOIN)
#define REPLACES(c, what_) (MAY_REPLACE(SEAT(c)) && live.token < TOKENS)
#endif
#ifdef NO_REPLACED_FOR_GOOD
#define REFUSED(c) false
#else
#define REFUSED(c) ((live.replaced >> c) & 1)
#endif
/* Server rule 9: a removal "is terminal for that incarnation". */
#ifdef NO_REMOVED_FOR_GOOD
#define SHUT_OUT(c) false
#else
#define SHUT_OUT(c) ((live.removed >> c) & 1)
#endif
inline receive_join(c, what_, via) {
  if
  :: REFUSED(c) -> /* "a replaced incarnation is answered FENCED, for good" */
     if :: via == HERE -> answer(c, REPLACED, 0, 0) :: else fi
  :: !REFUSED(c) && SHUT_OUT(c) ->
     if :: via == HERE -> answer(c, REMOVED, 0, 0) :: else fi
  :: !REFUSED(c) && !SHUT_OUT(c) && SITS(c) -> answer_join(c, via) /* "the same answer" */
  :: !REFUSED(c) && !SHUT_OUT(c) && live.seat[SEAT(c)] == 0 ->
     if
     :: what_ == JOIN ->
        live.seat[SEAT(c)] = c + 1;
        binding[SEAT(c)] = UNBOUND;
        unflushed++;
        answer_join(c, via)
     :: what_ == RESUME && via == HERE -> answer(c, UNKNOWN_MEMBER, 0, 0)
     :: else
     fi
  :: else -> /* another incarnation sits there */
     if
     :: TAKES_SEAT(what_) && REPLACES(c, what_) ->
        replace(c);
        answer_join(c, via)
     :: !TAKES_SEAT(what_) && via == HERE -> answer(c, REPLACED, 0, 0)
     :: TAKES_SEAT(what_) && !REPLACES(c, what_) && via == HERE ->
        answer(c, MEMBER_ID_IN_USE, 0, 0)
     :: else
     fi
  fi
}

/* Server rule 5: acknowledged at once "if the member exists in durable and in newer state"; whoever
 * does not is told after the barrier. */
#if defined(NO_HEARTBEAT_ASKS_THE_STATE)
#define EXISTS(c, via) true
#elif defined(NO_HEARTBEAT_ASKS_NEWER_STATE)
#define EXISTS(c, via) (durable.seat[SEAT(c)] == (c) + 1)
#else
#define EXISTS(c, via) (SITS(c) && binding[SEAT(c)] == via)
#endif
inline receive_heartbeat(c, via) {
  if
  :: EXISTS(c, via) && via == HERE -> send_to_client(c, ACKNOWLEDGED, 0, 0)
  :: EXISTS(c, via) && via == OLD
  :: !EXISTS(c, via) && via == HERE ->
     if
     :: SITS(c) -> answer(c, NOT_BOUND, 0, 0)
     :: !SITS(c) && REFUSED(c) -> answer(c, REPLACED, 0, 0)
     :: !SITS(c) && !REFUSED(c) && SHUT_OUT(c) -> answer(c, REMOVED, 0, 0)
     :: else -> answer(c, UNKNOWN_MEMBER, 0, 0)
     fi
  :: else
  fi
}

/* Invariant fenced-commit, from any connection; "under one token offsets only rise". */
#ifdef NO_FENCED_COMMIT
#define CURRENT(token_) (live.phase != FREE)
#else
#define CURRENT(token_) (live.phase != FREE && live.token == token_)
#endif
inline receive_commit(c, token_, offset, via) {
  if
  :: CURRENT(token_) ->
     if
#ifdef NO_OFFSETS_RISE
     :: true ->
#else
     :: offset > live.committed ->
#endif
        zombie_commit = zombie_commit || !(live.owner == SEAT(c) && SITS(c));
        live.committed = offset;
        unflushed++
     :: else /* superseded: success without effect */
     fi;
     if :: via == HERE -> answer(c, COMMITTED, 0, offset) :: else fi
  :: else /* FENCED */
  fi
}

/* OWNED|REVOKING, release(current token) -> FREE; other token: unchanged. Server rule 1: only the
 * connection that the member is bound to can act for it. */
#ifdef NO_RELEASE_OF_CURRENT_TOKEN_ONLY
#define RELEASES(token_) true
#else
#define RELEASES(token_) (live.token == token_)
#endif
inline receive_release(c, token_, via) {
  if
  :: SITS(c) && binding[SEAT(c)] == via && live.owner == SEAT(c) && RELEASES(token_) ->
     unflushed++;
     set_free()
  :: else
  fi
}

/* Server rule 1: "other connections can't act for it". What a stranger sends in the name of a
 * member changes nothing, so that it is only here where the rule is not. */
inline stranger_releases(seat_) {
  unflushed++;
  set_free()
}

/* Server rule 9: by an operator. "The client is told and does not rejoin". */
inline remove(seat_) {
  removals++;
  i = live.seat[seat_] - 1;
  live.removed = live.removed | (1 << i);
  give_away(i);
#ifdef NO_REMOVED_FOR_GOOD
  push(seat_, SEAT_ENDED, 0);
#else
  push(seat_, REMOVED, 0);
#endif
  end_seat(seat_)
}

/* Server rule 6: "absent or replaced: success without effect". */
inline receive_leave(c) {
  if
#ifdef NO_LEAVE_OF_THE_INCARNATION
  :: live.seat[SEAT(c)] != 0 ->
#else
  :: SITS(c) ->
#endif
     end_seat(SEAT(c))
  :: else
  fi
}

/* Server rule 1: only the bound connection keeps the member alive; whatever comes over it does. */
inline receive(c, what_, token_, more_, via) {
  if
  :: SITS(c) && binding[SEAT(c)] == via -> silent[SEAT(c)] = 0
  :: else
  fi;
  if
  :: what_ == JOIN || what_ == RESUME -> receive_join(c, what_, via)
  :: what_ == HEARTBEAT -> receive_heartbeat(c, via)
  :: what_ == COMMIT -> receive_commit(c, token_, more_, via)
  :: what_ == RELEASE -> receive_release(c, token_, via)
  :: what_ == LEAVE -> receive_leave(c)
  fi
}

/* A plan of whatever strategy: the partition is to be seat_'s.
 * OWNED, the same owner -> silent. OWNED, another owner -> REVOKING; push revoke.
 * REVOKING, whatever it says -> REVOKING: one way, the deadline is not restarted. */
inline plan(seat_) {
  live.target = seat_;
  unflushed++;
  if
  :: live.phase == FREE -> grant(seat_)
  :: live.phase == OWNED && live.owner != seat_ ->
#ifdef NO_GRANT_ONLY_WHEN_FREE
     push(live.owner, LOST, live.token);
     grant(seat_)
#else
     live.phase = REVOKING;
#ifdef NO_TARGET_READ_WHEN_FREE
     live.heir = seat_;
#endif
#ifdef NO_DEADLINE_BEGINS_AT_RELEASE
     deadline = RUNNING;
#endif
     push(live.owner, REVOKE, live.token)
#endif
  :: live.phase == REVOKING ->
#ifdef NO_DEADLINE_IS_NOT_RESTARTED
     revoke_age = 0;
#endif
#ifdef NO_REVOKING_IS_ONE_WAY
     if
     :: live.owner == seat_ -> live.phase = OWNED; deadline = NOT_BEGUN; revoke_age = 0
     :: else
     fi
#endif
     skip
  :: else
  fi
}

/* Server rule 3: a member expires when it was silent for session_timeout, or for disconnect_grace
 * after its connection was seen to end. The client can't know which, so its lease is the shorter.
 * Server rule 8: "it expires after its socket has been drained". */
#define EXPIRY(seat_) (seen_to_end[seat_] -> GRACE : SESSION)
#ifdef SOCKETS
#define UNREAD(seat_) \
  (binding[seat_] == HERE && HAS(to_coordinator[live.seat[seat_] - 1]) && \
   arrived[live.seat[seat_] - 1])
#else
#define UNREAD(seat_) false
#endif
#ifdef NO_SOCKETS_ARE_DRAINED
#define DUE(seat_) (live.seat[seat_] != 0 && silent[seat_] >= EXPIRY(seat_))
#else
#define DUE(seat_) (live.seat[seat_] != 0 && silent[seat_] >= EXPIRY(seat_) && !UNREAD(seat_))
#endif
inline expire(seat_) {
#ifdef SOCKETS
  impatient = impatient || UNREAD(seat_);
#endif
  push(seat_, SEAT_ENDED, 0);
  end_seat(seat_)
}

/* REVOKING, deadline passed -> fence the partition (not the member) -> FREE; push lost. A grant to
 * the same member under a new token says as much. */
inline fence() {
  unflushed++;
  if
  :: live.target != live.owner -> push(live.owner, LOST, live.token)
  :: else
  fi;
  set_free()
}

/* The connection of a seat is seen to end. Server rule 6: this "keeps the seat until the
 * deadline". */
inline see_end(seat_) {
  connection[live.seat[seat_] - 1] = (binding[seat_] == HERE -> CUT
                                      : connection[live.seat[seat_] - 1]);
  binding[seat_] = UNBOUND;
  seen_to_end[seat_] = 1;
  silent[seat_] = 0;
#ifdef NO_SEAT_OUTLIVES_ITS_CONNECTION
  end_seat(seat_)
#endif
}

/* A batch is durable, and what was parked with it is released. Server rule 4: the deadline of a
 * revocation starts "when the message that announces it is released to the socket (or durable,
 * when no connection is bound)". */
inline flush() {
  copy(durable, live);
  unflushed = 0;
  for (i : 0 .. CLIENTS - 1) {
    do
    :: HAS(parked[i]) -> parked[i]?what, token, more; release_message(i, what, token, more)
    :: else -> break
    od
  }
  if
  :: live.phase == REVOKING && asked_back == 0 -> asked_back = 1
  :: else
  fi;
  if
  :: live.phase == REVOKING && deadline == NOT_BEGUN -> deadline = RUNNING
  :: else
  fi
}
#define NOTHING_PARKED(c) (!HAS(parked[c]))

inline empty_channel(channel) {
  do
  :: HAS(channel) -> channel?_, _, _
  :: else -> break
  od
}

/* kill -9, and the next start: what was not durable is gone, as are all connections. Server rule
 * 3: "after a restart every member gets a whole session and needs no connection meanwhile".
 * Server rule 4: "nothing is forgotten by a crash". */
inline restart() {
  restarts++;
  copy(live, durable);
  unflushed = 0;
  for (i : 0 .. CLIENTS - 1) {
    empty_channel(parked[i]);
    empty_channel(to_coordinator[i]);
#ifdef LATE
    empty_channel(late[i]);
#endif
    connection[i] = CUT
  }
  for (i : 1 .. SEATS) {
    binding[i] = UNBOUND;
    seen_to_end[i] = 0;
#ifdef NO_WHOLE_SESSION_AFTER_A_RESTART
    silent[i] = (live.seat[i] != 0 -> SESSION : 0)
#else
    silent[i] = 0
#endif
  }
  revoke_age = 0;
  if
  :: live.phase == REVOKING ->
     asked_back = 1;
#ifdef NO_DEADLINES_AFTER_A_RESTART
     deadline = FORGOTTEN
#else
     deadline = RUNNING
#endif
  :: else -> asked_back = 0; deadline = NOT_BEGUN
  fi
}

#if CLIENTS == 2
#define ALL_RELEASED (NOTHING_PARKED(0) && NOTHING_PARKED(1))
#else
#define ALL_RELEASED NOTHING_PARKED(0)
#endif
/* It starts with another journal, which knows nobody. What the one before said is no loss of its
 * own, and its tokens are other ones. */
inline start_with_another_journal() {
  for (i : 0 .. CLIENTS - 1) {
    if
    :: standing[i] != GONE -> give_away(i) /* it may still read a grant that was on its way */
    :: else
    fi
  }
  journal++;
  durable.phase = FREE; durable.owner = NOBODY; durable.target = NOBODY; durable.token = 0;
  durable.committed = 0; durable.replaced = 0; durable.removed = 0; durable.seat[1] = 0;
#if SEATS == 2
  durable.seat[2] = 0;
#endif
#ifdef NO_TARGET_READ_WHEN_FREE
  durable.heir = 0;
#endif
  acknowledged_offset = 0;
  restart();
  restarts--
}

#if SEATS == 2
#define ALL_TELLABLE (TELLABLE(1) && TELLABLE(2))
#else
#define ALL_TELLABLE TELLABLE(1)
#endif
/* Whoever has to be told can be; otherwise a batch has to be durable first. */
#define MAY_STAGE (unflushed < BATCH && ALL_TELLABLE)
#ifdef NO_RESUME_NEVER_TAKES_OVER
#define READ_ONLY(c) false
#else
#define READ_ONLY(c) to_coordinator[c]?[RESUME, _, _]
#endif
#define MAY_ANSWER(c) \
  ((to_coordinator[c]?[HEARTBEAT, _, _] && ROOM(c)) || \
   (!HAS(parked[c]) && (MAY_STAGE || READ_ONLY(c))))

#define RECEIVES(c) \
  :: d_step { HAS(to_coordinator[c]) && READABLE(c) && MAY_ANSWER(c) -> \
              to_coordinator[c]?what, token, more; \
              printf("the coordinator takes %e (%d) of client %d\n", what, token, c); \
              receive(c, what, token, more, HERE); forget() }
/* -DLATE: a request may arrive when its connection has been given up. */
#ifdef LATE
#define RECEIVES_LATE(c) \
  :: d_step { HAS(late[c]) && MAY_STAGE && !HAS(parked[c]) -> \
              late[c]?what, token, more; \
              printf("the coordinator takes a late %e (%d) of client %d\n", what, token, c); \
              receive(c, what, token, more, OLD); forget() }
#else
#define RECEIVES_LATE(c)
#endif
#define KEEPS(seat_) \
  :: d_step { live.seat[seat_] != 0 && live.target != seat_ && live.token < TOKENS && \
              (granted_once || seat_ == 1) && MAY_STAGE -> \
              printf("a plan gives the partition to seat %d\n", seat_); plan(seat_); forget() } \
  :: d_step { DUE(seat_) && MAY_STAGE -> \
              printf("seat %d expires\n", seat_); expire(seat_); forget() }
/* What was sent before the end is read before it. */
#define READ_TO_THE_END(seat_) \
  (binding[seat_] == HERE -> !HAS(to_coordinator[live.seat[seat_] - 1]) \
                           : !ANY_LATE(live.seat[seat_] - 1))
#ifdef ENDS_ARE_SEEN
#define SEES_END(seat_) \
  :: d_step { live.seat[seat_] != 0 && binding[seat_] != UNBOUND && READ_TO_THE_END(seat_) && \
              MAY_STAGE -> \
              printf("the connection of seat %d is seen to end\n", seat_); see_end(seat_); forget() }
#else
#define SEES_END(seat_)
#endif

#define REMOVES(seat_) \
  :: d_step { removals < REMOVALS && live.seat[seat_] != 0 && MAY_STAGE -> \
              printf("an operator removes seat %d\n", seat_); remove(seat_); forget() }

active proctype Coordinator() {
  do
  RECEIVES(0) RECEIVES_LATE(0)
#if CLIENTS == 2
  RECEIVES(1) RECEIVES_LATE(1)
#endif
  KEEPS(1) SEES_END(1)
#if SEATS == 2
  KEEPS(2) SEES_END(2)
#endif
  :: d_step { live.phase == REVOKING && deadline == RUNNING && revoke_age >= DEADLINE &&
              MAY_STAGE -> printf("the deadline passes\n"); fence();
              forget() }
  :: d_step { unflushed != 0 || !ALL_RELEASED ->
              printf("a batch is durable\n"); flush();
              forget() }
  :: d_step { restarts < RESTARTS ->
              printf("the coordinator is killed and starts again\n"); restart();
              forget() }
#if REMOVALS > 0
  REMOVES(1)
#if SEATS == 2
  REMOVES(2)
#endif
#endif
#if JOURNALS > 0
  :: d_step { journal < JOURNALS ->
              printf("the coordinator starts with another journal\n"); start_with_another_journal();
              forget() }
#endif
#ifdef NO_BOUND_CONNECTION_ALONE_ACTS
  :: d_step { live.owner != NOBODY && MAY_STAGE ->
              printf("a stranger releases for seat %d\n", live.owner); stranger_releases(live.owner);
              forget() }
#endif
  od
}

/* ==== the clients' side ==== */

/* Client rule 2: "a released or lost token is never held again". */
inline stop_work(c) {
  if
  :: held[c] > ended[c] -> ended[c] = held[c]
  :: else
  fi;
  held[c] = 0;
  revoking[c] = 0;
  revoked_age[c] = 0
}

inline lose_everything(c) {
  stop_work(c);
  to_release[c] = 0;
  paused[c] = 0;
  lease_age[c] = 0
}

inline answered(c) {
  awaiting[c] = 0;
  sent_age[c] = 0
}

inline stop_protecting(c) {
  only_tokens_protect = only_tokens_protect & ~(1 << c);
  protected_for[c] = 0
}

inline retire(c) {
  answered(c);
  lose_everything(c);
  ended[c] = 0;
  stop_protecting(c);
  standing[c] = GONE;
  connection[c] = CUT;
  empty_channel(parked[c]);
  empty_channel(to_client[c])
}

inline begin_work(c, token_) {
  stop_work(c);
  held[c] = token_
}

/* "If a reply lists one, the client sends the release again." */
inline offer(c, token_) {
  if
#ifdef NO_RELEASED_IS_NEVER_HELD_AGAIN
  :: token_ <= ended[c] && held[c] == 0 -> held[c] = token_
#else
#ifdef NO_RELEASE_IS_SENT_AGAIN
  :: token_ <= ended[c]
#else
  :: token_ <= ended[c] -> to_release[c] = (token_ == ended[c])
#endif
#endif
  :: token_ > ended[c] && token_ > held[c] -> begin_work(c, token_)
  :: else
  fi
}

/* Client rule 1: the lease is "counted from the moment the last acknowledged request was sent". */
inline renew_lease(c, age_) {
#ifdef NO_LEASE_COUNTS_FROM_THE_SEND
  lease_age[c] = 0
#else
  lease_age[c] = age_
#endif
}

/* A join or resume was accepted; `listed` is 1 + the age of the revocation under way, or 0. Client
 * rule 1: "tokens that the reply still lists are worked on, the others are lost". A reply that
 * took longer than the lease grants nothing. */
inline read_joined(c, token_, listed) {
  age = sent_age[c];
  answered(c);
  renew_lease(c, age);
  standing[c] = SEATED;
  paused[c] = (lease_age[c] >= LEASE);
#ifdef NO_PAUSE_AT_LAPSE
  paused[c] = 0;
#endif
  if
  :: !paused[c] ->
#ifndef NO_UNLISTED_IS_LOST
     if
     :: held[c] != 0 && held[c] != token_ -> stop_work(c)
     :: else
     fi;
#endif
     if
     :: token_ != 0 -> offer(c, token_)
     :: else
     fi;
     if
     :: listed != 0 && held[c] == token_ ->
        revoking[c] = 1;
        age = age + listed - 1;
        revoked_age[c] = LESSER(age, DEADLINE)
     :: else
     fi
  :: else
  fi
}

inline read_acknowledged(c) {
  if
  :: standing[c] == SEATED && !paused[c] -> renew_lease(c, sent_age[c])
  :: else
  fi;
  answered(c)
}

/* Client rule 4: "a grant that is read while the lease is lapsed is not acted on before the
 * resume. A grant does not renew the lease." */
inline read_grant(c, token_) {
#ifdef NO_GRANT_WAITS_WHILE_LAPSED
  paused[c] = 0;
#endif
#ifdef NO_GRANT_RENEWS_NOTHING
  lease_age[c] = 0;
#endif
  if
  :: standing[c] == SEATED && !paused[c] -> offer(c, token_)
  :: else
  fi
}

/* Client rule 3: the time to finish counts "from the send of the last request acknowledged before
 * the push". */
inline read_revoke(c, token_) {
  if
  :: held[c] == token_ && !paused[c] ->
     revoking[c] = 1;
#ifdef NO_TIME_TO_FINISH_COUNTS_FROM_THE_SEND
     revoked_age[c] = 0
#else
     revoked_age[c] = LESSER(lease_age[c], DEADLINE)
#endif
  :: else
  fi
}

inline read_lost(c, token_) {
  if
  :: held[c] != 0 && held[c] <= token_ -> stop_work(c)
  :: else
  fi;
  ended[c] = (token_ > ended[c] -> token_ : ended[c])
}

/* The seat has ended: all is lost, and a fresh join may follow. */
inline read_seat_ended(c) {
  lose_everything(c);
  standing[c] = SEEKING
}

inline read(c, what_, token_, more_) {
  if
  :: what_ == JOINED -> read_joined(c, token_, more_)
  :: what_ == ACKNOWLEDGED -> read_acknowledged(c)
  :: what_ == COMMITTED ->
     acknowledged_offset = (more_ > acknowledged_offset -> more_ : acknowledged_offset)
  :: what_ == UNKNOWN_MEMBER -> answered(c); read_seat_ended(c)
  :: what_ == REPLACED || what_ == REMOVED -> retire(c)
  :: what_ == MEMBER_ID_IN_USE || what_ == NOT_BOUND -> answered(c)
  :: what_ == GRANT -> read_grant(c, token_)
  :: what_ == REVOKE -> read_revoke(c, token_)
  :: what_ == LOST -> read_lost(c, token_)
  :: what_ == SEAT_ENDED -> read_seat_ended(c)
  fi
}

#ifdef NO_TIME_TO_FINISH
#define OUT_OF_TIME(c) false
#else
#define OUT_OF_TIME(c) (revoking[c] && revoked_age[c] >= DEADLINE)
#endif
#define AT_WORK(c) (held[c] != 0 && !paused[c] && !OUT_OF_TIME(c))
#define CAN_SEND(c) (connection[c] == UP && standing[c] != GONE && !HAS(to_coordinator[c]))

inline send(c, what_, token_, more_) {
  to_coordinator[c]!what_(token_, more_);
#ifdef SOCKETS
  arrived[c] = 0
#endif
}

/* These are answered, and one is under way at a time. Others may follow it. */
inline ask(c, what_) {
  printf("client %d sends %e\n", c, what_);
  send(c, what_, 0, 0);
  awaiting[c] = 1;
  sent_age[c] = 0
}

/* Client rule 5: "another journal id = everything is lost, start anew". */
inline meet_journal(c) {
#ifndef NO_ANOTHER_JOURNAL_IS_NOTICED
  if
  :: known_journal[c] != journal ->
     lose_everything(c);
     stop_protecting(c);
     ended[c] = 0;
     standing[c] = SEEKING
  :: else
  fi;
#endif
  known_journal[c] = journal
}

/* Connect, and join or resume. What was on its way on the former connection is gone. */
inline reconnect(c) {
  printf("client %d connects anew\n", c);
  to_release[c] = 0; /* the resume's listing tells */
  empty_channel(parked[c]);
  empty_channel(to_client[c]);
  binding[SEAT(c)] = (SITS(c) && binding[SEAT(c)] == HERE -> BROKEN : binding[SEAT(c)]);
  connection[c] = UP;
  meet_journal(c);
  what = (standing[c] == SEATED -> RESUME : JOIN);
  ask(c, what)
}

active [CLIENTS] proctype Client() {
  byte c = _pid - 1;
  do
  /* The client's own steps: join again, resume, heartbeat. */
  :: d_step { CAN_SEND(c) && !awaiting[c] && standing[c] == SEEKING -> ask(c, JOIN);
              forget() }
  :: d_step { CAN_SEND(c) && !awaiting[c] && standing[c] == SEATED && (paused[c] || RESYNC) ->
              ask(c, RESUME);
              forget() }
  :: d_step { CAN_SEND(c) && !awaiting[c] && standing[c] == SEATED && !paused[c] ->
              ask(c, HEARTBEAT);
              forget() }
  /* The worker's: commit, finish what is asked back, stop for good. */
#if OFFSETS >= 1
  :: d_step { CAN_SEND(c) && AT_WORK(c) ->
              printf("client %d commits 1 under %d\n", c, held[c]);
              send(c, COMMIT, held[c], 1);
              forget() }
#endif
#if OFFSETS >= 2
  :: d_step { CAN_SEND(c) && AT_WORK(c) ->
              printf("client %d commits 2 under %d\n", c, held[c]);
              send(c, COMMIT, held[c], 2);
              forget() }
#endif
  :: d_step { held[c] != 0 && revoking[c] ->
              printf("client %d finishes its work\n", c);
              stop_work(c);
              to_release[c] = 1;
              forget() }
  :: d_step { CAN_SEND(c) && to_release[c] && !paused[c] ->
              printf("client %d releases %d\n", c, ended[c]);
              send(c, RELEASE, ended[c], 0);
              to_release[c] = 0;
              forget() }
  :: d_step { CAN_SEND(c) && standing[c] == SEATED ->
              printf("client %d leaves\n", c);
              send(c, LEAVE, 0, 0);
              retire(c);
              forget() }
  /* What the coordinator says. */
  :: d_step { HAS(to_client[c]) ->
              to_client[c]?what, token, more;
              printf("client %d reads %e (%d)\n", c, what, token);
              read(c, what, token, more);
              forget() }
  /* A new connection, in place of one that broke. A request on the old one is lost or late. */
#ifdef LATE
  :: d_step { standing[c] != GONE && !ANY_LATE(c) && HAS(to_coordinator[c]) ->
              to_coordinator[c]?what, token, more;
              late[c]!what(token, more);
              reconnect(c);
              forget() }
#endif
  :: d_step { standing[c] != GONE ->
              empty_channel(to_coordinator[c]);
              reconnect(c);
              forget() }
  :: d_step { standing[c] == GONE && HAS(to_coordinator[c]) ->
              printf("what client %d sent is lost\n", c);
              empty_channel(to_coordinator[c]);
              forget() }
#ifdef SOCKETS
  :: d_step { HAS(to_coordinator[c]) && !arrived[c] ->
              printf("what client %d sent arrives\n", c);
              arrived[c] = 1;
              forget() }
#endif
  od
}

/* ==== time ==== */

/* Client rule 1: when the lease lapses the client pauses. */
active proctype Time() {
  do
  :: d_step {
       true ->
       printf("a tick passes\n");
       for (i : 0 .. CLIENTS - 1) {
         if
         :: awaiting[i] -> INCREMENT(sent_age[i], LEASE)
         :: else
         fi;
         if
         :: standing[i] == SEATED ->
            INCREMENT(lease_age[i], LEASE);
#ifndef NO_PAUSE_AT_LAPSE
            paused[i] = paused[i] || lease_age[i] >= LEASE
#endif
         :: else
         fi;
         if
         :: revoking[i] -> INCREMENT(revoked_age[i], DEADLINE)
         :: else
         fi;
         if
         :: (only_tokens_protect >> i) & 1 ->
            protected_for[i]++;
            if
            :: protected_for[i] >= LEASE -> stop_protecting(i)
            :: else
            fi
         :: else
         fi
       }
       for (i : 1 .. SEATS) {
         if
         :: live.seat[i] != 0 -> INCREMENT(silent[i], SESSION)
         :: else
         fi
       }
       if
       :: deadline == RUNNING -> INCREMENT(revoke_age, DEADLINE)
       :: else
       fi;
       if
       :: asked_back != 0 -> INCREMENT(asked_back, 1 + DEADLINE)
       :: else
       fi; forget()
     }
  od
}

/* ==== what has to hold ==== */

/* Nobody works beside another, in whatever states client and coordinator are. */
#define WORKS(c) (AT_WORK(c) && !((only_tokens_protect >> c) & 1))
#if CLIENTS == 2
#define AT_WORK_AT_ONCE (WORKS(0) + WORKS(1))
#else
#define AT_WORK_AT_ONCE WORKS(0)
#endif

/* More than that: whoever works is the owner, so that no other can come to it at any moment. */
#define WORKS_AS_OWNER(c) \
  (!WORKS(c) || (SITS(c) && live.owner == SEAT(c) && live.token == held[c]))

/* Nothing is under way between the coordinator and this member. */
#define SETTLED(c) \
  (SITS(c) && unflushed == 0 && binding[SEAT(c)] == HERE && standing[c] == SEATED && \
  connection[c] == UP && !paused[c] && !awaiting[c] && !to_release[c] && \
  !HAS(to_coordinator[c]) && !ANY_LATE(c) && !HAS(parked[c]) && !HAS(to_client[c]))
#define SEES_ALIKE(c) (held[c] == (live.owner == SEAT(c) -> live.token : 0))
#define ORPHANED(c) (SETTLED(c) && !SEES_ALIKE(c))
#define FORSAKEN \
  ((live.phase == FREE && live.target != NOBODY && live.token < TOKENS) || \
  (live.owner != NOBODY && live.seat[live.owner] == 0))

/* Within the deadline: what was asked back for so long is due to be fenced. */
#define OVERSTAYED \
  (asked_back == 1 + DEADLINE && \
  !(live.phase == REVOKING && deadline == RUNNING && revoke_age >= DEADLINE))

/* Server rule 10: "stable means: nothing gathering, pending or revoking". */
#ifdef NO_STABLE_IS_NOT_REVOKING
#define SAYS_STABLE true
#else
#define SAYS_STABLE (live.phase != REVOKING)
#endif
#define UNSETTLED (live.owner != NOBODY && live.owner != live.target)

#define HOLDS_FOR(c)                                                                       \
  :: d_step { !WORKS_AS_OWNER(c) -> assert(owner_at_work) }                                \
  :: d_step { SITS(c) && ((live.replaced >> c) & 1) -> assert(replaced_for_good) }          \
  :: d_step { SITS(c) && ((live.removed >> c) & 1) -> assert(removed_for_good) }           \
  :: d_step { ORPHANED(c) -> assert(no_orphan) }

active proctype Invariants() {
  do
  :: d_step { AT_WORK_AT_ONCE > 1 -> assert(single_owner) }
#ifndef SINGLE_OWNER_ALONE
  :: d_step { token_fell -> assert(fence_rises) }
  :: d_step { zombie_commit -> assert(fenced_commit) }
  :: d_step { live.committed < acknowledged_offset -> assert(no_loss) }
  :: d_step { FORSAKEN -> assert(no_orphan) }
  :: d_step { OVERSTAYED -> assert(ends_in_time) }
  :: d_step { impatient -> assert(patient_coordinator) }
  :: d_step { SAYS_STABLE && UNSETTLED -> assert(stable_is_settled) }
  HOLDS_FOR(0)
#if CLIENTS == 2
  HOLDS_FOR(1)
#endif
#endif
  od
}
