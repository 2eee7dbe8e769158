#include "report/data_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "json/printable.h"
#include "report/document.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

std::string class_name(const data::DatasetDescription& set, std::size_t label) {
  return label < set.class_names.size() ? json::printable(set.class_names[label])
                                        : fmt::format("{}", label);
}

std::string count_in(const data::PartDescription& part, std::size_t label) {
  return grouped(label < part.by_class.size() ? part.by_class[label] : 0);
}

}  // namespace

std::string print_data_list(const data::FoundSets& list, std::size_t columns) {
  Table table{{"name", "classes", "what it is", "found in"}, "lrll"};
  for (const data::FoundSet& known : list.sets) {
    table.rows.push_back({std::string(known.set.name), std::to_string(known.set.classes),
                          std::string(known.set.description), known.found.value_or("not found")});
  }
  return render_text(table, 0, columns) + "\n" +
         wrap("",
              "Choose a set with data.name=NAME, or your own file or folder with data.path=PATH. "
              "`whichfirst data info NAME` says more, and where to get a set that was not found.",
              std::min(columns, kWidestProse), 0) +
         "\n";
}

std::string print_absent_data(const data::FoundSet& absent) {
  return fmt::format(
      "{}: {}\nNot found. Looked for:\n  {}\nExpected: {}.\nGet it from {}\nand put it into one of "
      "these places.\n",
      absent.set.name, absent.set.description, fmt::join(absent.places, "\n  "), absent.set.files,
      absent.set.source);
}

std::string print_data(const data::DatasetDescription& set) {
  std::string text = fmt::format("{} ({}{})\n", json::printable(set.name), set.format,
                                 set.path ? ", " + json::printable(*set.path, 400) : "");
  text += fmt::format("  {} training and {} test pictures of {} ({}), {} classes\n",
                      grouped(set.train.pictures), grouped(set.test.pictures),
                      fmt::join(set.shape.extents(), "x"), set.pixels, set.classes);
  text += fmt::format("  training mean by channel {:.4g}, deviation {:.4g}\n",
                      fmt::join(set.mean, " "), fmt::join(set.deviation, " "));
  for (const std::string& note : set.notes)
    text += fmt::format("  note: {}\n", json::printable(note, 400));
  Table table{{"label", "class", "training", "test"}, "rlrr"};
  for (std::size_t label = 0; label < static_cast<std::size_t>(set.classes); ++label) {
    table.rows.push_back({std::to_string(label), class_name(set, label), count_in(set.train, label),
                          count_in(set.test, label)});
  }
  return text + "\n" + render_text(table, 2);
}

}  // namespace whichfirst::report
