// Critical values of Student's t for a mean that is looked at after every pair: the repeated
// interval mean -/+ c_n sd / sqrt(n) holds at all looks together.
#pragma once

#include <array>
#include <optional>
#include <vector>

namespace whichfirst::stats {

/// How much of a one-sided error may have been used by the n-th pair.
struct Spending {
  double alpha1 = 0.025;  ///< all of it, in (0, 1/2)
  /// nullopt: alpha1 n^2 / (n^2 + 15^2), which never ends; half is spent at 15 pairs.
  /// N: alpha1 n / N, all of it at pair N, after which there are no looks.
  /// Source: Lan and DeMets 1983, Biometrika 70:659; Kim and DeMets 1987, Biometrika 74:149.
  std::optional<int> horizon = std::nullopt;

  double by(int n) const;

  /// Throws std::logic_error unless 0 < alpha1 < 1/2 and 2 <= first_look <= horizon.
  void check_looks(int first_look) const;
};

/// The one-sided critical values c_n of t_n = sqrt(n) (mean - mu) / sd about the true mean mu, for
/// looks after every pair from the first look on. For normal differences, exactly:
///
///     P(t_k > c_k for some k = first_look .. n) = spending.by(n)  for every n >= first_look.
///
/// A plain table that depends on nothing else, filled as far as it is asked for: about 3 ms a
/// number. To 1e-9 up to n = 100 for alpha1 of 0.05 and less, to 1e-6 else.
/// Source: Jennison and Turnbull 1991, Biometrika 78:133.
///
/// One object must not be used by two threads at once.
class RepeatedStudent {
 public:
  /// Throws std::logic_error unless 0 < alpha1 < 1/2 and 2 <= first_look <= horizon.
  RepeatedStudent(const Spending& spending, int first_look);

  /// c_n for n = first_look .. horizon.
  double critical(int n);

  const Spending& spending() const { return spending_; }
  int first_look() const { return first_look_; }

 private:
  static constexpr int kTerms = 128;

  /// H(theta) = P(no crossing at an earlier look | theta_n), where theta_n = atan(t_n /
  /// sqrt(n - 1)): a Chebyshev series on [lower, bound].
  struct Survival {
    double lower = 0;
    double bound = 0;  ///< atan(c_n / sqrt(n - 1))
    std::array<double, kTerms> series{};
  };
  class Step;

  void extend();

  Spending spending_;
  int first_look_;
  std::vector<double> criticals_;  ///< [n - first_look]
  Survival survival_;              ///< at the last n of the table
};

}  // namespace whichfirst::stats
