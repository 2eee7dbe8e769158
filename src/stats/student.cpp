#include "stats/student.h"

#include <boost/math/distributions/students_t.hpp>

namespace whichfirst::stats {

using boost::math::complement;
using boost::math::students_t;

double student_upper_tail(double t, double degrees) {
  return cdf(complement(students_t(degrees), t));
}

double student_critical(double alpha, double degrees) {
  return quantile(complement(students_t(degrees), alpha / 2));
}

}  // namespace whichfirst::stats
