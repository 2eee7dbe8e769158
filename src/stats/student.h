// Student's t distribution, the only one needed. That Boost.Math computes it is known here only.
#pragma once

namespace whichfirst::stats {

/// P(T > t) for `degrees` > 0 degrees of freedom (not necessarily whole).
double student_upper_tail(double t, double degrees);

/// The t with P(|T| > t) = alpha, 0 < alpha < 1.
double student_critical(double alpha, double degrees);

}  // namespace whichfirst::stats
