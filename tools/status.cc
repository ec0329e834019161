#include "tools/status.h"

#include <algorithm>
#include <chrono>

#include "tools/commands.h"
#include "tools/group_view.h"
#include "tools/server_link.h"
#include "tools/why_words.h"

namespace muster::tools {
namespace {

/// "1234, 5 m 10 s ago".
std::string at_text(std::uint64_t sequence, std::int64_t time_ms, std::int64_t now_ms) {
  if (time_ms == 0) return "none";
  return std::to_string(sequence) + ", " + elapsed_text(now_ms - time_ms) + " ago";
}

/// {"max-groups":{"most":1000000,"used":3}}
Json limits_json(const wire::StatusReplyT& status) {
  Json json = Json::object();
  for (const auto& limit : status.limits) {
    json[limit->name] = {{"most", limit->most},
                         {"used", limit->used < 0 ? Json() : Json(limit->used)}};
  }
  return json;
}

/// Of a limit: its unit is the end of its name.
std::string amount_text(const std::string& name, std::uint64_t amount) {
  return name.ends_with("-bytes") && amount >= 1'024 ? bytes_text(static_cast<double>(amount))
                                                     : std::to_string(amount);
}

std::string limits_text(const wire::StatusReplyT& status) {
  Table table({{"LIMIT"}, {"MOST", Align::kRight}, {"IN USE", Align::kRight}});
  for (const auto& limit : status.limits) {
    table.add_row({limit->name, amount_text(limit->name, limit->most),
                   limit->used < 0
                       ? "-"
                       : amount_text(limit->name, static_cast<std::uint64_t>(limit->used))});
  }
  return table.empty() ? "" : "\n" + table.text();
}

Json time_or_null(std::int64_t time_ms) { return time_ms == 0 ? Json() : Json(time_ms); }

}  // namespace

Json status_json(const wire::StatusReplyT& status) {
  return {{"version", status.version},
          {"journal_id", status.journal_id},
          {"boot", status.boot},
          {"sequence", status.sequence},
          {"durable_sequence", status.durable_sequence},
          {"state_digest", status.state_digest},
          {"topics", status.topics},
          {"groups", status.groups},
          {"members", status.members},
          {"connections", status.connections},
          {"uptime_ms", status.uptime_ms},
          {"storage_full", status.storage_full},
          {"quiet_remaining_ms", status.quiet_remaining_ms},
          {"first_sequence", status.first_sequence},
          {"first_time_ms", time_or_null(status.first_time_ms)},
          {"snapshot_sequence",
           status.snapshot_sequence == 0 ? Json() : Json(status.snapshot_sequence)},
          {"snapshot_time_ms", time_or_null(status.snapshot_time_ms)},
          {"journal_bytes", status.journal_bytes},
          {"limits", limits_json(status)}};
}

std::string status_text(const wire::StatusReplyT& status, std::string_view server,
                        std::int64_t now_ms) {
  Table table({{"FIELD"}, {"VALUE"}});
  table.add_row({"journal", status.journal_id + ", boot " + std::to_string(status.boot)});
  table.add_row({"sequence", std::to_string(status.sequence)});
  table.add_row({"durable sequence", std::to_string(status.durable_sequence)});
  table.add_row({"state digest", status.state_digest});
  table.add_row({"topics", std::to_string(status.topics)});
  table.add_row({"groups", std::to_string(status.groups)});
  table.add_row({"members", std::to_string(status.members)});
  table.add_row({"connections", std::to_string(status.connections)});
  table.add_row({"oldest event", at_text(status.first_sequence, status.first_time_ms, now_ms)});
  table.add_row(
      {"newest snapshot", at_text(status.snapshot_sequence, status.snapshot_time_ms, now_ms)});
  table.add_row({"journal size", bytes_text(static_cast<double>(status.journal_bytes))});
  return "musterd " + printable(status.version) + " at " + printable(server) + ", up " +
         elapsed_text(static_cast<std::int64_t>(status.uptime_ms)) +
         (status.storage_full ? ", STORAGE FULL: changes are refused until there is room" : "") +
         (status.quiet_remaining_ms > 0 ? ", QUIET TIME: " + quiet_text(status.quiet_remaining_ms)
                                        : "") +
         "\n\n" + table.text() + limits_text(status);
}

void add_status_command(CLI::App& app, Context& context) {
  CLI::App& status = add_command(app, "status", "How the server does: what it holds, how far it is",
                                 "  muster status --output json");
  on_run(status, context, [&context]() -> Outcome {
    const auto reply = ask_once<wire::StatusReplyT>(context.server, wire::StatusT{});
    if (!reply) return std::unexpected(reply.error());
    if (context.json()) {
      print_json(status_json(*reply));
    } else {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      print_text(status_text(*reply, context.server,
                             std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
    }
    return 0;
  });
}

}  // namespace muster::tools
