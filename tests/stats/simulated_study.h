// Studies by simulation: how often a rule says what, for differences of a known law. For the tests
// and for bench/stats_calibration.cpp.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "stats/guessing.h"
#include "stats/moments.h"
#include "stats/referee.h"
#include "stats/watch.h"

namespace whichfirst::stats {

/// Laws of a difference with mean 0.
enum class Law {
  normal,
  student3,     ///< t with 3 degrees of freedom
  skewed_arms,  ///< each arm exponential: the difference is symmetric
  counts,       ///< of right answers, sd 42 images
  few_counts,   ///< sd 0.6 images: mostly ties
  one_image,    ///< -1 or +1 image
  failures,     ///< normal, but either arm fails: 5 % at -10, 5 % at +10; the normal's sd is 1
  gamma4,       ///< skewness 1
  exponential,  ///< skewness 2
  chi_square1,  ///< skewness 2.8
  a_fails,      ///< normal, but a fails: 10 % at -10, left in; the normal's sd is 1
};

/// Whether the law of d is that of -d.
inline bool is_symmetric(Law law) {
  return law != Law::gamma4 && law != Law::exponential && law != Law::chi_square1 &&
         law != Law::a_fails;
}

/// sd, by which margins are chosen (of those that fail: of all), and resolution; one image is 0.01
/// points.
struct LawFacts {
  std::string_view name;
  double sd;
  double resolution;
};

inline LawFacts facts_of(Law law) {
  switch (law) {
    case Law::normal:
      return {"normal", 1, 0};
    case Law::student3:
      return {"t, 3 df", 1, 0};
    case Law::skewed_arms:
      return {"skewed arms: difference of two exponentials", 1, 0};
    case Law::counts:
      return {"accuracy counts, 10,000 images, sd 42 images", 0.42, 0.01};
    case Law::few_counts:
      return {"accuracy counts, sd 0.6 images (mostly ties)", 0.006, 0.01};
    case Law::one_image:
      return {"-1 or +1 image", 0.01, 0.01};
    case Law::failures:
      return {"either arm fails: 5 % at -10 sd, 5 % at +10 sd", std::sqrt(0.9 + 10), 0};
    case Law::gamma4:
      return {"skewed d: gamma(4), skewness 1", 1, 0};
    case Law::exponential:
      return {"skewed d: exponential, skewness 2", 1, 0};
    case Law::chi_square1:
      return {"skewed d: chi-square(1), skewness 2.8", 1, 0};
    case Law::a_fails:
      break;
  }
  return {"only a fails: 10 % at -10 sd, left in d", std::sqrt(0.9 + 10 - 1), 0};
}

inline double draw_exponential(RandomSequence& random) { return -std::log(1 - random.uniform()); }

inline double draw(Law law, RandomSequence& random) {
  constexpr double kOneImage = 0.01;
  switch (law) {
    case Law::normal:
      return random.normal();
    case Law::student3: {  // chi square with 2 + 1 degrees of freedom; t over its sd, sqrt(3)
      const double normal = random.normal();
      return random.normal() / std::sqrt(2 * draw_exponential(random) + normal * normal);
    }
    case Law::skewed_arms: {
      const double first = draw_exponential(random);
      return (first - draw_exponential(random)) / std::sqrt(2.0);
    }
    case Law::counts:
      return kOneImage * std::round(42 * random.normal());
    case Law::few_counts:
      return kOneImage * std::round(0.6 * random.normal());
    case Law::one_image:
      return random.below(2) == 0 ? -kOneImage : kOneImage;
    case Law::failures: {
      const double share = random.uniform();
      if (share < 0.1) return share < 0.05 ? -10 : 10;
      return random.normal();
    }
    case Law::gamma4: {
      double sum = 0;
      for (int i = 0; i < 4; ++i) sum += draw_exponential(random);
      return (sum - 4) / 2;
    }
    case Law::exponential:
      return draw_exponential(random) - 1;
    case Law::chi_square1: {
      const double normal = random.normal();
      return (normal * normal - 1) / std::sqrt(2.0);
    }
    case Law::a_fails:
      break;
  }
  return 1 + (random.uniform() < 0.1 ? -10 : random.normal());
}

/// Whether a verdict is untrue of the mean.
inline bool is_wrong(Verdict verdict, double mean, const Rule& rule) {
  return (verdict == Verdict::better && mean <= 0) || (verdict == Verdict::worse && mean >= 0) ||
         (verdict == Verdict::equivalent && std::abs(mean) >= rule.margin.value_or(0));
}

/// Shares of the studies.
struct Rates {
  double better = 0, worse = 0, equivalent = 0;
  double missed = 0;      ///< the interval at the end does not hold the mean
  double warned = 0;      ///< skewness above 2 standard errors at the end
  double mean_pairs = 0;  ///< a number, not a share

  double apart() const { return better + worse; }
};

/// `studies` of max_pairs pairs, or fewer under automatic stopping, about `mean`.
inline Rates simulate(const Rule& rule, Law law, double mean, int studies, std::uint64_t seed) {
  Referee referee(rule);
  RandomSequence random(RandomKey{.seed = seed, .stream = Stream::resampling});
  const double one = 1.0 / studies;
  Rates rates;
  for (int study = 0; study < studies; ++study) {
    std::vector<double> differences;
    Look look;
    if (rule.stopping == Stopping::automatic) {
      Watch watch(referee);
      while (watch.goes_on()) watch.add(mean + draw(law, random), 0.0);
      differences = watch.differences();
      look = watch.look();
    } else {
      for (int i = 0; i < rule.max_pairs; ++i) differences.push_back(mean + draw(law, random));
      look = referee.look(differences);
    }
    rates.better += look.verdict == Verdict::better ? one : 0;
    rates.worse += look.verdict == Verdict::worse ? one : 0;
    rates.equivalent += look.verdict == Verdict::equivalent ? one : 0;
    rates.mean_pairs += one * static_cast<double>(differences.size());
    if (look.intervals) {
      const Interval& interval = deciding(*look.intervals, rule);
      rates.missed += interval.lower > mean || interval.upper < mean ? one : 0;
    }
    const auto skewness = moments_of(differences).skewness;
    const auto error = skewness_standard_error(static_cast<int>(differences.size()));
    rates.warned += skewness && std::abs(*skewness) > 2 * *error ? one : 0;
  }
  return rates;
}

/// Shares of the studies in which a gate says when there are pairs enough.
struct GateRates {
  double holds = 0, fails = 0;
  double wrong_verdict = 0;  ///< at the end: untrue of the mean
  double mean_pairs = 0;     ///< a number, not a share
};

enum class StopsAt { gate, verdict };

/// `studies` under automatic stopping about `mean`; higher is better. Where they stop at the
/// verdict, the gate is asked at the end.
inline GateRates simulate_gate(const Rule& rule, const Gate& gate, Law law, double mean,
                               int studies, std::uint64_t seed, StopsAt stops_at = StopsAt::gate) {
  Referee referee(rule);
  RandomSequence random(RandomKey{.seed = seed, .stream = Stream::resampling});
  const double one = 1.0 / studies;
  GateRates rates;
  for (int study = 0; study < studies; ++study) {
    Watch watch(referee, stops_at == StopsAt::gate ? std::vector{gate} : std::vector<Gate>{});
    while (watch.goes_on()) watch.add(mean + draw(law, random), 0.0);
    Standing standing{.verdict = watch.look().verdict};
    if (const auto& intervals = watch.look().intervals)
      standing.interval = deciding(*intervals, rule);
    const Answer answer = ask(gate, standing, rule.direction);
    rates.holds += answer == Answer::holds ? one : 0;
    rates.fails += answer == Answer::fails ? one : 0;
    rates.wrong_verdict += is_wrong(standing.verdict, mean, rule) ? one : 0;
    rates.mean_pairs += one * watch.replicates();
  }
  return rates;
}

/// Three arms, three comparisons.
struct ThreeArms {
  double wrong = 0;   ///< share of studies with any wrong verdict
  double trials = 0;  ///< mean number
};

/// Three normal arms about `means`, such that a difference has sd 1. An arm gets no more replicates
/// once its comparisons are over.
inline ThreeArms simulate_arms(const std::array<double, 3>& means, Rule rule, int studies) {
  rule.comparisons = 3;
  Referee referee(rule);
  RandomSequence random(RandomKey{.seed = 20259});
  constexpr std::array<std::array<std::size_t, 2>, 3> kPairs = {{{0, 1}, {0, 2}, {1, 2}}};
  ThreeArms result;
  for (int study = 0; study < studies; ++study) {
    std::vector<Watch> watches(3, Watch(referee));
    const auto wanted = [&](std::size_t arm) {
      for (std::size_t i = 0; i < 3; ++i) {
        if ((kPairs[i][0] == arm || kPairs[i][1] == arm) && watches[i].goes_on()) return true;
      }
      return false;
    };
    while (wanted(0) || wanted(1) || wanted(2)) {
      std::array<double, 3> values{};
      for (std::size_t arm = 0; arm < 3; ++arm) {
        if (wanted(arm)) result.trials += 1.0 / studies;
        values[arm] = means[arm] + random.normal() / std::sqrt(2.0);
      }
      for (std::size_t i = 0; i < 3; ++i) {
        if (watches[i].goes_on()) watches[i].add(values[kPairs[i][0]], values[kPairs[i][1]]);
      }
    }
    bool any_wrong = false;
    for (std::size_t i = 0; i < 3; ++i) {
      const double mean = means[kPairs[i][0]] - means[kPairs[i][1]];
      any_wrong = any_wrong || is_wrong(watches[i].look().verdict, mean, rule);
    }
    result.wrong += any_wrong ? 1.0 / studies : 0;
  }
  return result;
}

/// What the rule "nothing learnt, nothing said" (stats/guessing.h) makes of verdicts; shares of the
/// studies.
struct LearningRates {
  double right = 0, wrong = 0;            ///< without it; `undecided` is neither
  double right_with = 0, wrong_with = 0;  ///< with it
  double learnt = 0;                      ///< that it lets speak
  int turned = 0;                         ///< studies whose right verdict became a wrong one
};

/// Two orders so many points above guessing, which is 10 % of 2,000 test images. These images move
/// the accuracy of an order by their standard error, in all its replicates alike; each replicate by
/// half a point more. Right is what is true on these images.
inline LearningRates simulate_learning(double above_a, double above_b, const Rule& rule,
                                       int studies) {
  constexpr double kImages = 2'000;
  constexpr double kSeedDeviation = 0.5;
  const Guessing guessing = guessing_of_accuracy(0.1, kImages);
  Referee referee(rule);
  RandomSequence random(RandomKey{.seed = 20251, .stream = Stream::resampling});
  const auto on_these_images = [&](double above) {
    const double share = (guessing.value + above) / 100;
    return 100 * share + 100 * std::sqrt(share * (1 - share) / kImages) * random.normal();
  };
  const double one = 1.0 / studies;
  LearningRates rates;
  for (int study = 0; study < studies; ++study) {
    const std::array<double, 2> means = {on_these_images(above_a), on_these_images(above_b)};
    std::array<std::vector<double>, 2> values;
    const auto add_pair = [&] {
      for (std::size_t i = 0; i < 2; ++i) {
        const double value = means[i] + kSeedDeviation * random.normal();
        values[i].push_back(guessing.step * std::round(value / guessing.step));
      }
    };
    Verdict before = Verdict::undecided;
    if (rule.stopping == Stopping::automatic) {
      Watch watch(referee);
      while (watch.goes_on()) {
        add_pair();
        watch.add(values[0].back(), values[1].back());
      }
      before = watch.look().verdict;
    } else {
      std::vector<double> differences;
      for (int i = 0; i < rule.max_pairs; ++i) {
        add_pair();
        differences.push_back(values[0].back() - values[1].back());
      }
      before = referee.look(differences).verdict;
    }
    const bool has_learnt =
        beats_guessing(values[0], guessing) || beats_guessing(values[1], guessing);
    const Verdict after = has_learnt ? before : Verdict::undecided;
    const double truth = means[0] - means[1];
    const auto is_right = [&](Verdict verdict) {
      return (verdict == Verdict::better && truth > 0) ||
             (verdict == Verdict::worse && truth < 0) ||
             (verdict == Verdict::equivalent && std::abs(truth) < rule.margin.value_or(0));
    };
    const auto is_wrong = [&](Verdict verdict) {
      return verdict != Verdict::undecided && !is_right(verdict);
    };
    rates.right += is_right(before) ? one : 0;
    rates.wrong += is_wrong(before) ? one : 0;
    rates.right_with += is_right(after) ? one : 0;
    rates.wrong_with += is_wrong(after) ? one : 0;
    rates.learnt += has_learnt ? one : 0;
    rates.turned += is_right(before) && is_wrong(after) ? 1 : 0;
  }
  return rates;
}

}  // namespace whichfirst::stats
