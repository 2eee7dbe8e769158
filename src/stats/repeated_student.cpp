#include "stats/repeated_student.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

using std::numbers::pi;

constexpr int kPoints = 64;          // of a Gauss-Legendre rule
constexpr double kHalfSpentAt = 15;  // pairs; tuned over means, spreads and margins
constexpr double kReach = 10;        // standard deviations of psi that are integrated over
constexpr double kLowest = 12;       // and of theta that are kept, below 0

using Points = std::array<double, kPoints>;

struct GaussRule {
  Points at;  ///< on [-1, 1]
  Points weights;
};

GaussRule gauss_rule() {
  using Rule = boost::math::quadrature::gauss<double, kPoints>;
  GaussRule rule;
  for (std::size_t i = 0; i < kPoints / 2; ++i) {
    rule.at[i] = -Rule::abscissa()[i];
    rule.at[kPoints - 1 - i] = Rule::abscissa()[i];
    rule.weights[i] = rule.weights[kPoints - 1 - i] = Rule::weights()[i];
  }
  return rule;
}

/// Density of theta_n on (-pi/2, pi/2): cos^(n-2)(theta) / B(1/2, (n-1)/2). Logarithms, because
/// powers and gamma functions of many pairs overflow.
class AngleDensity {
 public:
  explicit AngleDensity(int n)
      : power_(n - 2),
        log_scale_(boost::math::lgamma(n / 2.0) - boost::math::lgamma((n - 1) / 2.0) -
                   std::log(pi) / 2) {}

  double operator()(double theta) const {
    return std::exp(power_ * std::log(std::cos(theta)) + log_scale_);
  }

 private:
  double power_;
  double log_scale_;
};

double lower_end(int n) { return n < 3 ? -pi / 2 : std::max(-pi / 2, -kLowest / std::sqrt(n - 2)); }

/// Replaces each x in [-1, 1] by the value of the series (Clenshaw's recurrence, side by side).
template <std::size_t kTerms>
void evaluate_series(const std::array<double, kTerms>& series, Points& x) {
  Points newer{};
  Points older{};
  for (std::size_t k = kTerms - 1; k > 0; --k) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double sum = 2 * x[i] * newer[i] - older[i] + series[k];
      older[i] = newer[i];
      newer[i] = sum;
    }
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = x[i] * newer[i] - older[i] + series[0];
}

/// Chebyshev series through values[j] at cos(pi (j + 1/2) / count).
template <std::size_t kTerms>
std::array<double, kTerms> fit_series(const std::array<double, kTerms>& values) {
  std::array<double, 4 * kTerms> cosines;  // of whole multiples of pi / (2 kTerms)
  for (std::size_t i = 0; i < cosines.size(); ++i) {
    cosines[i] = std::cos(pi * static_cast<double>(i) / (2 * kTerms));
  }
  std::array<double, kTerms> series{};
  for (std::size_t k = 0; k < kTerms; ++k) {
    for (std::size_t j = 0; j < kTerms; ++j) {
      series[k] += values[j] * cosines[k * (2 * j + 1) % cosines.size()];
    }
    series[k] *= (k == 0 ? 1.0 : 2.0) / kTerms;
  }
  return series;
}

}  // namespace

double Spending::by(int n) const {
  const double pairs = n;
  if (horizon) return alpha1 * std::min(1.0, pairs / *horizon);
  return alpha1 * pairs * pairs / (pairs * pairs + kHalfSpentAt * kHalfSpentAt);
}

void Spending::check_looks(int first_look) const {
  check(alpha1 > 0 && alpha1 < 0.5, "a one-sided error is in (0, 1/2)");
  check(first_look >= 2, "a first look has two pairs");
  check(!horizon || first_look <= *horizon, "a first look is before the last");
}

/// From n - 1 pairs to n. Backwards in n the path is a Markov chain free of the spread:
///
///     theta_{n-1} = atan2(d tan(theta_n) - c sin(psi), cos(psi)),  c = 1/sqrt(n),  d = sqrt(1-1/n)
///
/// with psi independent of theta_n and everything later, of the density of theta_{n-1}.
class RepeatedStudent::Step {
 public:
  Step(const Survival& before, int n)
      : before_(before),
        n_(n),
        gauss_(gauss_rule()),
        psi_density_(n - 1),
        theta_density_(n),
        c_(1 / std::sqrt(n)),
        d_(std::sqrt(1 - 1.0 / n)),
        tan_bound_(std::tan(before.bound)),
        radius_(std::hypot(c_, tan_bound_)),
        tilt_(std::atan2(tan_bound_, c_)),
        reach_(n > 3 ? std::min(pi / 2, kReach / std::sqrt(n - 3)) : pi / 2) {}

  /// H_n(theta): the mean of H_{n-1}(theta_{n-1}) over the psi with theta_{n-1} <= its bound.
  double survival(double theta) const {
    const double across = d_ * std::tan(theta);
    if (across >= radius_) return 0;
    const double turn = std::asin(std::max(across / radius_, -1.0));
    const double from = std::max(turn - tilt_, -reach_);
    const double to = std::min(pi - turn - tilt_, reach_);
    if (from >= to) return 0;
    Points values;
    Points weights;
    for (std::size_t i = 0; i < kPoints; ++i) {
      const double psi = (from + to) / 2 + (to - from) / 2 * gauss_.at[i];
      const double earlier = std::atan2(across - c_ * std::sin(psi), std::cos(psi));
      const double share = (earlier - before_.lower) / (before_.bound - before_.lower);
      values[i] = std::clamp(2 * share - 1, -1.0, 1.0);
      weights[i] = gauss_.weights[i] * psi_density_(psi);
    }
    evaluate_series(before_.series, values);
    double sum = 0;
    for (std::size_t i = 0; i < kPoints; ++i) sum += weights[i] * values[i];
    return sum * (to - from) / 2;
  }

  /// The bound above which lie `spent` of the paths that have not crossed yet. That share is
  /// convex and falling in the bound, so Newton's steps close in from the left.
  double solve_bound(double spent) const {
    double bound = std::atan(tan_bound_ * std::sqrt((n_ - 2.0) / (n_ - 1)));  // the last c
    for (int i = 0; i < 100; ++i) {
      const double step = (crossing(bound) - spent) / (survival(bound) * theta_density_(bound));
      bound = std::max(0.0, bound + step);
      if (std::abs(step) < 1e-14) return bound;
    }
    check(false, "a critical value is found");
    return bound;
  }

  Survival advance(double bound) const {
    Survival after{.lower = lower_end(n_), .bound = bound};
    for (std::size_t j = 0; j < kTerms; ++j) {
      const double node = std::cos(pi * (static_cast<double>(j) + 0.5) / kTerms);
      after.series[j] = survival((after.lower + bound) / 2 + (bound - after.lower) / 2 * node);
    }
    after.series = fit_series(after.series);
    return after;
  }

 private:
  /// P(no crossing before n, theta_n > bound). H_n ends in a square root at the edge; theta =
  /// edge - u^2 makes it smooth.
  double crossing(double bound) const {
    const double edge = std::atan(radius_ / d_);
    const double width = std::sqrt(edge - bound);
    double sum = 0;
    for (std::size_t i = 0; i < kPoints; ++i) {
      const double u = width * (1 + gauss_.at[i]) / 2;
      const double theta = edge - u * u;
      sum += gauss_.weights[i] * 2 * u * survival(theta) * theta_density_(theta);
    }
    return sum * width / 2;
  }

  const Survival& before_;
  int n_;
  GaussRule gauss_;
  AngleDensity psi_density_;
  AngleDensity theta_density_;
  double c_, d_;
  double tan_bound_;  ///< of theta_{n-1}
  double radius_, tilt_;
  double reach_;
};

RepeatedStudent::RepeatedStudent(const Spending& spending, int first_look)
    : spending_(spending), first_look_(first_look) {
  spending.check_looks(first_look);
  criticals_ = {student_critical(2 * spending.by(first_look), first_look - 1)};
  survival_ = {.lower = lower_end(first_look),
               .bound = std::atan(criticals_[0] / std::sqrt(first_look - 1))};
  survival_.series[0] = 1;
}

void RepeatedStudent::extend() {
  const int n = first_look_ + static_cast<int>(criticals_.size());
  const Step step(survival_, n);
  const double bound = step.solve_bound(spending_.by(n) - spending_.by(n - 1));
  criticals_.push_back(std::sqrt(n - 1) * std::tan(bound));
  survival_ = step.advance(bound);
}

double RepeatedStudent::critical(int n) {
  check(n >= first_look_ && (!spending_.horizon || n <= *spending_.horizon),
        "critical values exist from the first look to the horizon");
  const auto index = static_cast<std::size_t>(n - first_look_);
  while (criticals_.size() <= index) extend();
  return criticals_[index];
}

}  // namespace whichfirst::stats
