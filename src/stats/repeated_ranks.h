// Critical counts of the sign and of the signed-rank interval: how many differences, or means of
// two of them, may lie above the true middle, at one look or at looks after every pair.
//
//     sign:         K_n = number of d above the median, of n; any law
//     signed rank:  W_n = number of Walsh averages (d_i + d_j) / 2, i <= j, above the centre, of
//                   n (n + 1) / 2; symmetric laws
//
// Laws are those of differences without ties; ties only make crossings rarer.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/repeated_student.h"

namespace whichfirst::stats {

/// Smallest k with P(K_n >= k) <= alpha1; n + 1 where there is none. n >= 1, 0 < alpha1 < 1/2.
std::int64_t sign_quantile(int n, double alpha1);

/// Smallest w with P(W_n >= w) <= alpha1; n (n + 1) / 2 + 1 where there is none. Exact up to 200
/// pairs, beyond by the normal law with the correction for the fourth cumulant.
/// Source: Wilcoxon 1945, Biometrics Bull. 1:80; Fellingham and Stoker 1964, JASA 59:899.
std::int64_t signed_rank_quantile(int n, double alpha1);

/// Looks after every pair from the first look on: the smallest k_n with
///
///     P(K_m >= k_m for some m = first_look .. n) <= spending.by(n),
///
/// one n after the other, exactly. n + 1 where there is none. Not for two threads at once.
class RepeatedSign {
 public:
  /// Throws std::logic_error unless 0 < alpha1 < 1/2 and 2 <= first_look <= horizon.
  RepeatedSign(const Spending& spending, int first_look);

  /// k_n for n = first_look .. horizon; microseconds a number.
  std::int64_t critical(int n);

 private:
  void extend();

  Spending spending_;
  int first_look_;
  std::vector<std::int64_t> criticals_;  ///< [n - 1], from 1 on
  std::vector<double> shares_ = {1};     ///< of the paths not cut yet, [K_n]
  double spent_ = 0;                     ///< share of the paths cut
};

/// The same for W_n: n (n + 1) / 2 + 1 where there is none.
///
/// The ranks of |d_n| among those before are independent of the signs and uniform, so a path is a
/// row of signs in the order of |d| into which the next sign is put at a place drawn. Exact up to
/// 18 pairs, over all rows; from there on 200,000 paths that begin as the exact rows do, with fixed
/// random numbers. Of these the number cut stays so low that its upper limit (two standard errors
/// of a Poisson number) is within the spending: safe, and a little wide where alpha1 is below 1e-4.
/// Source: Reynolds 1975, Ann. Statist. 3:382 (sequential signed ranks).
///
/// Takes 4 ms a number up to 64 pairs and 20 ms at 1,000, and 32 MB there. Not for two threads at
/// once.
class RepeatedSignedRank {
 public:
  static constexpr int kMostPairs = 1000;

  /// Throws std::logic_error unless 0 < alpha1 < 1/2 and 2 <= first_look <= horizon.
  RepeatedSignedRank(const Spending& spending, int first_look);

  /// w_n for n = first_look .. kMostPairs or horizon.
  std::int64_t critical(int n);

 private:
  void extend_exactly(int n);
  void begin_paths();
  void extend_paths(int n);
  /// The largest number of paths that may be cut by the n-th pair; negative: none can be told.
  std::int64_t most_cut(int n) const;

  Spending spending_;
  int first_look_;
  std::vector<std::int64_t> criticals_;  ///< [n - 1], from 1 on
  /// Exact part: [row] share of the rows of signs not cut yet; bit r: the sign of rank r + 1.
  std::vector<double> shares_ = {1};
  double spent_ = 0;  ///< share of the paths cut in the exact part
  // Drawn part.
  std::vector<std::vector<std::uint64_t>> words_;  ///< [r / 64][path], bit r % 64
  std::vector<std::int32_t> sums_;                 ///< [path] W_n, kCut where it was cut
  double path_share_ = 0;                          ///< what one path stands for
  std::int64_t cut_ = 0;
};

}  // namespace whichfirst::stats
