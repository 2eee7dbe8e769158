// Student's t distribution, and the shifted one. That Boost.Math computes them is known here only.
#pragma once

namespace whichfirst::stats {

/// P(T > t) for `degrees` > 0 degrees of freedom (not necessarily whole).
double student_upper_tail(double t, double degrees);

/// The t with P(|T| > t) = alpha, 0 < alpha < 1.
double student_critical(double alpha, double degrees);

/// P(T > t) of the noncentral t distribution: T = (Z + shift) / sqrt(chi^2 / degrees).
double shifted_student_upper_tail(double t, double degrees, double shift);

}  // namespace whichfirst::stats
