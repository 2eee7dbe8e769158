#include "data/selection.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace whichfirst::data {
namespace {

using Indices = std::vector<std::uint32_t>;

/// RandomKey::role of the two sets. Part of every stored result: never renumber.
enum class DrawnFrom : std::uint64_t { train = 0, test = 1 };

std::uint64_t resolve(const Amount& amount, std::size_t available, std::string_view key) {
  if (const auto* share = std::get_if<double>(&amount)) {
    if (!(*share > 0 && *share <= 1)) {
      throw Error("{}: expected a share above 0 and up to 1, found {}", key, *share);
    }
    const auto images = std::llround(*share * static_cast<double>(available));
    if (images < 1) {
      throw Error("{}: expected at least one image, found {} of {}", key, *share, available);
    }
    return static_cast<std::uint64_t>(images);
  }
  const std::int64_t images = std::get<std::int64_t>(amount);
  if (images < 1 || static_cast<std::uint64_t>(images) > available) {
    throw Error("{}: expected 1 to {} images, found {}", key, available, images);
  }
  return static_cast<std::uint64_t>(images);
}

/// `images` shared out in proportion to the sizes of the classes, by largest remainder. The sum of
/// the result is `images`, and no class gives more than it has, for images <= sum of the sizes.
std::vector<std::size_t> share_out(std::uint64_t images, const std::vector<Indices>& by_class) {
  std::uint64_t total = 0;
  for (const Indices& members : by_class) total += members.size();
  std::vector<std::size_t> shares;
  std::vector<std::pair<std::uint64_t, std::size_t>> remainders;
  std::uint64_t left = images;
  for (const Indices& members : by_class) {
    const std::uint64_t product = images * members.size();
    remainders.emplace_back(product % total, shares.size());
    shares.push_back(product / total);
    left -= shares.back();
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::uint64_t i = 0; i < left; ++i) ++shares[remainders[i].second];
  return shares;
}

/// The images of each class in the order in which they are drawn.
std::vector<Indices> shuffle_classes(const Images& images, int classes, std::uint64_t seed,
                                     DrawnFrom set) {
  std::vector<Indices> members(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < images.labels.size(); ++i) {
    const std::int32_t label = images.labels[i];
    check(label >= 0 && label < classes, "a label is a class");
    members[static_cast<std::size_t>(label)].push_back(static_cast<std::uint32_t>(i));
  }
  for (std::size_t c = 0; c < members.size(); ++c) {
    const RandomKey key{
        .seed = seed, .stream = Stream::split, .role = static_cast<std::uint64_t>(set), .epoch = c};
    Indices shuffled;
    for (const std::uint32_t place :
         permutation(key, static_cast<std::uint32_t>(members[c].size()))) {
      shuffled.push_back(members[c][place]);
    }
    members[c] = std::move(shuffled);
  }
  return members;
}

/// Cuts every class to its share of `images`; returns what was cut off.
std::vector<Indices> keep(std::uint64_t images, std::vector<Indices>& by_class) {
  const auto shares = share_out(images, by_class);
  std::vector<Indices> rest;
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    const auto cut = by_class[c].begin() + static_cast<std::ptrdiff_t>(shares[c]);
    rest.emplace_back(cut, by_class[c].end());
    by_class[c].erase(cut, by_class[c].end());
  }
  return rest;
}

Indices flatten(const std::vector<Indices>& by_class) {
  Indices all;
  for (const Indices& members : by_class) all.insert(all.end(), members.begin(), members.end());
  std::sort(all.begin(), all.end());
  return all;
}

std::size_t resolve_or_all(const std::optional<Amount>& amount, std::size_t available,
                           std::string_view key) {
  return amount ? resolve(*amount, available, key) : available;
}

}  // namespace

Parts select(const Dataset& dataset, const Selection& selection, std::uint64_t seed) {
  check(dataset.train.count() > 0 && dataset.test.count() > 0, "both sets hold images");
  Parts parts;
  auto test = shuffle_classes(dataset.test, dataset.classes, seed, DrawnFrom::test);
  keep(resolve_or_all(selection.test, dataset.test.labels.size(), "data.test"), test);
  parts.test = flatten(test);

  auto train = shuffle_classes(dataset.train, dataset.classes, seed, DrawnFrom::train);
  const std::size_t drawn =
      resolve_or_all(selection.train, dataset.train.labels.size(), "data.train");
  keep(drawn, train);
  if (selection.validation) {
    const std::size_t cut = resolve(*selection.validation, drawn, "data.validation");
    if (cut == drawn) {
      throw Error(
          "data.validation: expected to leave images to train on, found {} of "
          "the {} of the train part",
          cut, drawn);
    }
    parts.validation = flatten(keep(drawn - cut, train));
  }
  parts.train = flatten(train);
  return parts;
}

}  // namespace whichfirst::data
