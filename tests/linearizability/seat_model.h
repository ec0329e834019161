// Who has the seat of one member name, as one thread would decide it (§4, rules 1, 2 and 6). Time
// does not end a seat here: the sessions outlast the history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace muster::linearizability {

struct SeatModel {
  struct State {
    std::uint64_t holder = 0;             // an incarnation; 0: nobody
    std::vector<std::uint64_t> replaced;  // for good; the last 8, newest last

    auto operator<=>(const State&) const = default;
  };

  enum class Kind { kJoin, kResume, kLeave, kLook };
  enum class Answer {
    kUnknown,   // it happened or not
    kDone,      // joined, resumed, left; of kLook: `seen` has the seat
    kInUse,     // another incarnation has the seat
    kFenced,    // this incarnation was replaced, or is not the one to be resumed
    kNoMember,  // nobody has the seat
  };

  struct Operation {
    Kind kind = Kind::kLook;
    std::uint64_t incarnation = 0;
    Answer answer = Answer::kUnknown;
    std::uint64_t seen = 0;  // of kLook; 0: nobody
  };

  static State first() { return {}; }

  static std::vector<State> after(const State& state, const Operation& operation) {
    const bool holds = state.holder == operation.incarnation;
    const bool replaced = std::ranges::count(state.replaced, operation.incarnation) > 0;
    const auto if_so = [&](bool possible) {
      return possible ? std::vector{state} : std::vector<State>{};
    };
    switch (operation.answer) {
      case Answer::kInUse:
        return if_so(state.holder != 0 && !holds);
      case Answer::kFenced:  // a resume never takes over
        return if_so(replaced || (operation.kind == Kind::kResume && state.holder != 0 && !holds));
      case Answer::kNoMember:
        return if_so(state.holder == 0 && !replaced);
      case Answer::kUnknown:
      case Answer::kDone:
        break;
    }
    std::vector<State> outcomes;
    if (operation.answer == Answer::kUnknown) outcomes.push_back(state);
    switch (operation.kind) {
      case Kind::kLook:
        if (operation.seen == state.holder) outcomes.push_back(state);
        break;
      case Kind::kResume:
        if (holds) outcomes.push_back(state);
        break;
      case Kind::kLeave:
        outcomes.push_back(state);
        if (holds) outcomes.back().holder = 0;
        break;
      case Kind::kJoin:
        if (replaced) break;
        outcomes.push_back(state);
        if (state.holder != 0 && !holds) replace(outcomes.back());
        outcomes.back().holder = operation.incarnation;
        break;
    }
    return outcomes;
  }

 private:
  static constexpr std::size_t kRemembered = 8;

  static void replace(State& state) {
    state.replaced.push_back(state.holder);
    if (state.replaced.size() > kRemembered) state.replaced.erase(state.replaced.begin());
  }
};

}  // namespace muster::linearizability
