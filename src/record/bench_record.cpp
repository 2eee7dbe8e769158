#include "record/bench_record.h"

#include "record/json_writer.h"

namespace whichfirst::record {

std::string to_json(const BenchRecord& bench) {
  using nlohmann::ordered_json;
  ordered_json orders = ordered_json::array();
  for (const BenchOrder& order : bench.orders) {
    ordered_json kernels = ordered_json::array();
    for (const BenchKernels& kernel : order.kernels) {
      kernels.push_back({{"what", kernel.what},
                         {"implementation", kernel.implementation},
                         {"count", kernel.count}});
    }
    orders.push_back({{"name", order.name},
                      {"order", order.order},
                      {"images_per_second", order.images_per_second},
                      {"primitives_images_per_second", order.primitives_images_per_second},
                      {"gflops", order.gflops},
                      {"together_ratio", order.together_ratio},
                      {"first_step_seconds", order.first_step_seconds},
                      {"peak_bytes", order.peak_bytes},
                      {"planned_bytes", order.planned_bytes},
                      {"kernels", kernels}});
  }
  return print_json({{"network", bench.network},
                     {"input", bench.input},
                     {"batch", bench.batch},
                     {"threads", bench.threads},
                     {"isa", bench.isa},
                     {"library", bench.library},
                     {"peak_gflops", or_null(bench.peak_gflops)},
                     {"orders", orders}},
                    1);
}

}  // namespace whichfirst::record
