#include "manual/roff.h"

#include <algorithm>
#include <sstream>

#include "manual/command_tree.h"

namespace muster::manual {
namespace {

/// "--server ADDR" with the name bold and the value's name italic.
std::string option_words(const CLI::Option& option) {
  std::string words = "\\fB" + roff_text("--" + option.get_single_name()) + "\\fR";
  const std::string type = option.get_type_name();
  if (takes_value(option)) words += " \\fI" + roff_text(type.empty() ? "VALUE" : type) + "\\fR";
  return words;
}

std::string argument_words(const CLI::Option& argument) {
  return "\\fI" + roff_text(argument.get_name(true)) + "\\fR";
}

/// ".SH TITLE" or ".SS title".
void append_heading(std::string& page, const char* macro, const std::string& title) {
  page += std::string(macro) + " \"" + roff_text(title) + "\"\n";
}

void append_text(std::string& page, const std::string& text) {
  std::istringstream lines(text);
  bool example = false;
  for (std::string line; std::getline(lines, line);) {
    const bool indented = line.starts_with("  ");
    if (indented != example) page += indented ? ".RS 4\n.nf\n" : ".fi\n.RE\n";
    example = indented;
    if (line.empty()) {
      page += ".PP\n";
    } else {
      page += roff_text(indented ? line.substr(2) : line) + "\n";
    }
  }
  if (example) page += ".fi\n.RE\n";
}

void append_entry(std::string& page, const std::string& words, const std::string& text) {
  page += ".TP\n" + words + "\n" + roff_text(text.empty() ? "-" : text) + "\n";
}

void append_option(std::string& page, const CLI::Option& option) {
  std::string text = option.get_description();
  if (takes_value(option) && !option.get_default_str().empty()) {
    text += " (default: " + option.get_default_str() + ")";
  }
  if (!option.get_envname().empty()) text += " (environment: " + option.get_envname() + ")";
  append_entry(page, option_words(option), text);
}

void append_synopsis(std::string& page, const CLI::App& command, const std::string& name,
                     const std::string& shared) {
  page += "\\fB" + roff_text(name) + "\\fR";
  if (!commands_of(command).empty()) page += " \\fICOMMAND\\fR ...";
  bool options = false;
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_required()) page += " " + option_words(*option);
    if (!option->get_required() && option != command.get_help_ptr()) options = true;
  }
  if (options) page += " [\\fIOPTIONS\\fR]";
  for (const CLI::Option* argument : arguments_of(command)) {
    const std::string words = argument_words(*argument);
    page += " " + (argument->get_required() ? words : "[" + words + "]");
  }
  page += roff_text(shared) + "\n";
}

void append_options(std::string& page, const CLI::App& command) {
  for (const CLI::Option* argument : arguments_of(command)) {
    append_entry(page, argument_words(*argument), argument->get_description());
  }
  for (const CLI::Option* option : options_of(command)) {
    if (option != command.get_help_ptr()) append_option(page, *option);
  }
}

void append_footer(std::string& page, const CLI::App& command) {
  page += ".PP\n";
  append_text(page, command.get_footer());
}

/// The commands below, each with its arguments, options and example.
void append_commands(std::string& page, const CLI::App& command, const std::string& name) {
  for (const CLI::App* each : commands_of(command)) {
    const std::string whole = name + " " + each->get_name();
    if (commands_of(*each).empty()) {
      append_heading(page, ".SS", whole);
      append_synopsis(page, *each, whole, "");
      page += ".PP\n" + roff_text(each->get_description()) + ".\n";
      append_options(page, *each);
      append_footer(page, *each);
    } else {
      append_commands(page, *each, whole);
    }
  }
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return text;
}

}  // namespace

std::string roff_text(const std::string& text) {
  std::string shown;
  bool line_start = true;
  for (const char letter : text) {
    if (line_start && (letter == '.' || letter == '\'')) shown += "\\&";
    line_start = letter == '\n';
    if (letter == '\\') {
      shown += "\\e";
    } else if (letter == '-') {
      shown += "\\-";
    } else if (letter == '"') {
      shown += "\\(dq";
    } else {
      shown += letter;
    }
  }
  return shown;
}

std::string roff(const CLI::App& command, const Page& page) {
  std::string text = ".TH \"" + roff_text(upper(page.name)) + "\" \"" + page.number + "\" \"\" \"" +
                     roff_text(page.version) + "\"\n.nh\n.ad l\n";
  append_heading(text, ".SH", "NAME");
  text += roff_text(page.name) + " \\- " + roff_text(first_line(command.get_description())) + "\n";
  append_heading(text, ".SH", "SYNOPSIS");
  append_synopsis(text, command, page.command, page.shared);
  append_heading(text, ".SH", "DESCRIPTION");
  append_text(text, command.get_description());
  append_footer(text, command);
  if (!commands_of(command).empty()) append_heading(text, ".SH", "COMMANDS");
  append_commands(text, command, page.command);
  std::string options;
  append_options(options, command);
  if (!options.empty()) append_heading(text, ".SH", "OPTIONS");
  text += options;
  for (const Section& section : page.sections) {
    append_heading(text, ".SH", section.title);
    append_text(text, section.text);
  }
  append_heading(text, ".SH", "SEE ALSO");
  for (std::size_t i = 0; i < page.see_also.size(); ++i) {
    text += (i > 0 ? ", " : "") + roff_text(page.see_also[i]);
  }
  return text + "\n";
}

}  // namespace muster::manual
