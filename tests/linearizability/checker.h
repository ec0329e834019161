// Whether a concurrent history is linearizable: whether there is an order of its operations that
// keeps every operation within the time between its call and its return, and in which each gives
// what the model of a single-threaded object would have given.
//
// The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993), with Lowe's
// memory of configurations that led nowhere ("Testing for linearizability", 2017).
//
// A Model has
//   using State = …;       // ordered: operator<
//   using Operation = …;   // what was asked and, if it is known, what was answered
//   static State first();
//   /// All states that the operation may leave behind. None: it can't have been answered so. An
//   /// operation whose answer is not known leaves behind what it would do, or the same state.
//   static std::vector<State> after(const State&, const Operation&);
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "domain/digest.h"

namespace muster::linearizability {

/// An operation and when it was under way, on one clock. Its effect took place in between.
template <typename Operation>
struct Timed {
  std::int64_t called_ns = 0;
  std::int64_t returned_ns = 0;
  Operation operation;
};

template <typename Model>
class Checker {
 public:
  using History = std::vector<Timed<typename Model::Operation>>;

  explicit Checker(const History& history) : history_(history) {
    std::vector<std::pair<std::int64_t, int>> moments;  // time; a call is +i + 1, a return -i - 1
    for (int i = 0; i < static_cast<int>(history.size()); ++i) {
      moments.emplace_back(history[i].called_ns, i + 1);
      moments.emplace_back(history[i].returned_ns, -i - 1);
    }
    // A call and a return at the same time overlap: the call comes first.
    std::ranges::sort(moments, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    });
    entries_.resize(moments.size() + 1);  // the last one is the ring's head
    calls_.resize(history.size());
    returns_.resize(history.size());
    for (std::size_t at = 0; at < moments.size(); ++at) {
      const int mark = moments[at].second;
      const auto number = static_cast<std::size_t>(mark > 0 ? mark - 1 : -mark - 1);
      entries_[at] = {.number = number, .is_call = mark > 0};
      (mark > 0 ? calls_ : returns_)[number] = at;
    }
    for (std::size_t at = 0; at < entries_.size(); ++at) {
      entries_[at].next = (at + 1) % entries_.size();
      entries_[(at + 1) % entries_.size()].before = at;
    }
  }

  bool linearizable() {
    const std::size_t head = entries_.size() - 1;
    State state = Model::first();
    for (std::size_t at = entries_[head].next; entries_[head].next != head;) {
      if (at != head && entries_[at].is_call) {
        if (auto choice = choose(at, state, 0)) {
          take(std::move(*choice), state);
          at = entries_[head].next;
        } else {
          at = entries_[at].next;
        }
        continue;
      }
      // An operation has returned whose place was not found: another choice must be made before.
      bool chosen = false;
      while (!chosen && !choices_.empty()) {
        Choice last = give_back(state);
        at = last.entry;
        if (auto choice = choose(at, state, last.alternative + 1)) {
          take(std::move(*choice), state);
          at = entries_[head].next;
          chosen = true;
        } else {
          at = entries_[at].next;
          chosen = entries_[at].is_call && at != head;
        }
      }
      if (!chosen) return false;
    }
    return true;
  }

 private:
  using State = typename Model::State;

  struct Entry {
    std::size_t number = 0;  // of the operation
    bool is_call = false;
    std::size_t before = 0;
    std::size_t next = 0;
  };
  struct Choice {
    std::size_t entry = 0;  // a call
    std::size_t alternative = 0;
    State before;
    State after;
  };

  /// The operation put next, with the first of its outcomes from `alternative` on that leads to a
  /// configuration where the search has not been.
  std::optional<Choice> choose(std::size_t entry, const State& state, std::size_t alternative) {
    const std::size_t number = entries_[entry].number;
    std::vector<State> outcomes = Model::after(state, history_[number].operation);
    for (; alternative < outcomes.size(); ++alternative) {
      const bool fresh = been_.emplace(taken_ ^ mark(number), outcomes[alternative]).second;
      if (fresh) return Choice{entry, alternative, state, std::move(outcomes[alternative])};
    }
    return std::nullopt;
  }

  void take(Choice choice, State& state) {
    const std::size_t number = entries_[choice.entry].number;
    taken_ ^= mark(number);
    unlink(calls_[number]);
    unlink(returns_[number]);
    state = choice.after;
    choices_.push_back(std::move(choice));
  }

  Choice give_back(State& state) {
    Choice last = std::move(choices_.back());
    choices_.pop_back();
    const std::size_t number = entries_[last.entry].number;
    link(returns_[number]);  // in the reverse order of take()
    link(calls_[number]);
    taken_ ^= mark(number);
    state = last.before;
    return last;
  }

  /// Zobrist hashing: the operations taken are known by the sum of their marks. That two sets of
  /// the same state have one sum does not happen in our time.
  static std::uint64_t mark(std::size_t number) { return domain::EntityHash().add(number).value(); }

  void unlink(std::size_t at) {
    entries_[entries_[at].before].next = entries_[at].next;
    entries_[entries_[at].next].before = entries_[at].before;
  }
  void link(std::size_t at) {
    entries_[entries_[at].before].next = at;
    entries_[entries_[at].next].before = at;
  }

  const History& history_;
  std::vector<Entry> entries_;
  std::vector<std::size_t> calls_;    // entries, by operation
  std::vector<std::size_t> returns_;  // entries, by operation
  std::uint64_t taken_ = 0;
  std::vector<Choice> choices_;
  std::set<std::pair<std::uint64_t, State>> been_;
};

template <typename Model>
bool linearizable(const std::vector<Timed<typename Model::Operation>>& history) {
  return Checker<Model>(history).linearizable();
}

}  // namespace muster::linearizability
