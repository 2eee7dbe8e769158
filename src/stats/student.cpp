#include "stats/student.h"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace whichfirst::stats {

using boost::math::complement;
using boost::math::non_central_t;
using boost::math::students_t;

double student_upper_tail(double t, double degrees) {
  return cdf(complement(students_t(degrees), t));
}

double student_critical(double alpha, double degrees) {
  return quantile(complement(students_t(degrees), alpha / 2));
}

double shifted_student_upper_tail(double t, double degrees, double shift) {
  // Boost counts terms up to shift^2 in an int. This far away the tail is 0 or 1 to the last digit
  // for every critical value in use.
  constexpr double kFarthest = 1e4;
  return cdf(complement(non_central_t(degrees, std::clamp(shift, -kFarthest, kFarthest)), t));
}

}  // namespace whichfirst::stats
