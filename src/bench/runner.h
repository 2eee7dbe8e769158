// A training step to be timed: the trainer of one order on random pictures, whole or part by part.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/bench_record.h"
#include "data/batches.h"
#include "engine/trainer.h"
#include "record/study_file.h"
#include "study/experiment.h"
#include "train/trial.h"

namespace whichfirst::bench {

/// Random bytes in the shape of a data set: speed does not depend on what is on the pictures.
train::Material random_material(const Shape& shape, int classes);

/// Steps as a trial does: batch assembly, step, metrics. On the thread that made it. A step throws
/// Error naming the order and the stage where a value is not finite.
class Runner {
 public:
  Runner(const study::Arm& arm, const record::Recipe& recipe, const train::Material& material);

  void step();
  /// Images a second of whole steps.
  double measure_steps(double seconds);
  /// Seconds of every part of every step for about so long: batch assembly, the primitives in the
  /// order of engine::Plan, checks, loss, running statistics, update.
  std::vector<std::vector<double>> profile(double seconds);

 private:
  void assemble();
  void take(const engine::StepObserver& observe);
  template <class Action>
  double measure(double seconds, const Action& action) const;

  std::string name_;
  const record::Recipe& recipe_;
  const train::Material& material_;
  engine::Trainer trainer_;
  data::EpochOrder order_;
  std::uint64_t epoch_ = 0;
  std::int64_t place_ = 0;
  std::int64_t right_ = 0;
};

/// The parts that Runner::profile measures, with the mean of the faster half of `steps`, which has
/// fewer interruptions in it.
std::vector<BenchPart> parts_of(const engine::Plan& plan, const study::Arm& arm,
                                const record::Recipe& recipe,
                                const std::vector<std::vector<double>>& steps);

/// Time to the end of the first step, and peak memory beyond what stood before, of a trial in a
/// process of its own. To be measured before anything trains in this one. Throws the Error that the
/// trial met, or one where the process was ended.
struct Cost {
  double first_step_seconds = 0;
  std::int64_t peak_bytes = 0;
};
Cost measure_cost(const study::Arm& arm, const record::Recipe& recipe,
                  const train::Material& material);

/// Images a second of all of them together, one trial per thread.
struct Together {
  int threads = 1;
  double seconds = 1;
};
double measure_together(const study::Arm& arm, const record::Recipe& recipe,
                        const train::Material& material, const Together& together);

}  // namespace whichfirst::bench
