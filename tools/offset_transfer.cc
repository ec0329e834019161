// muster offset export | import
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/offset_actions.h"
#include "tools/offset_changes.h"
#include "tools/offset_file.h"
#include "tools/offset_questions.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct OffsetExportArguments {
  std::string group;
  std::string format;
};

struct OffsetImportArguments {
  std::string group;
  std::string file;
};

Outcome export_offsets(const Context& context, const OffsetExportArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto offsets = ask_offsets(*link, arguments.group);
  if (!offsets) return std::unexpected(offsets.error());
  const bool json = arguments.format.empty() ? context.json() : arguments.format == "json";
  if (json) {
    print_json(offsets_json(arguments.group, *offsets));
  } else {
    print_text(offsets_csv(*offsets));
  }
  return 0;
}

Outcome import_offsets(const Context& context, const OffsetImportArguments& arguments) {
  auto wishes = read_offsets_file(arguments.file);
  if (!wishes) return std::unexpected(wishes.error());
  const std::size_t named = wishes->size();
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  OffsetChanges done;
  const ResetWishes reset{.group = arguments.group, .wishes = std::move(*wishes)};
  if (auto imported = reset_offsets(*link, reset, done); !imported) {
    return std::unexpected(with_what_stays(imported.error(), arguments.group, done));
  }
  if (context.json()) {
    print_json({{"group", arguments.group},
                {"offsets", named},
                {"sequences", done.sequences},
                {"changes", changes_json(done.changes)}});
    return 0;
  }
  std::string text = fmt::format("Imported {} into group {}: {} changed, {} were so already.\n",
                                 counted(named, "offset"), printable(arguments.group),
                                 done.changes.size(), named - done.changes.size());
  text += how_to_undo(arguments.group, done);
  if (!done.changes.empty()) text += "\n" + changes_table(done.changes);
  print_text(text);
  return 0;
}

}  // namespace

void add_offset_transfer(CLI::App& noun, Context& context) {
  CLI::App& exporting =
      add_command(noun, "export", "All that a group has committed, as CSV or JSON",
                  "  muster offset export billing > billing.csv");
  const auto out = std::make_shared<OffsetExportArguments>();
  add_group_argument(exporting, out->group);
  exporting.add_option("--format", out->format, "Otherwise CSV, or JSON with --output json")
      ->check(CLI::IsMember({"csv", "json"}).description(""))
      ->type_name("csv|json");
  on_run(exporting, context, [&context, out] { return export_offsets(context, *out); });

  CLI::App& importing = add_command(
      noun, "import",
      "Set the offsets of a group without members to what a file says, CSV or JSON. Up to 4,000\n"
      "at a time are set all or none; what was there before can be put back with offset restore",
      "  muster offset import billing billing.csv");
  const auto in = std::make_shared<OffsetImportArguments>();
  add_group_argument(importing, in->group);
  importing.add_option("FILE", in->file, "The file; - is standard input")
      ->required()
      ->type_name("");
  on_run(importing, context, [&context, in] { return import_offsets(context, *in); });
}

}  // namespace muster::tools
