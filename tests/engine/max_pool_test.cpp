#include "engine/kernels/max_pool.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "base/random.h"
#include "engine/platform.h"

namespace whichfirst::engine {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Few different values, so that most windows hold ties; and what a network in trouble makes.
std::vector<float> lively(std::ptrdiff_t count, bool with_nan) {
  RandomSequence random({.seed = 7, .stream = Stream::drawing});
  const std::vector<float> odd = {kNan, kInfinity, -kInfinity, -0.0F, 0.0F, 1e-40F};
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    const std::uint64_t pick = random.below(12);
    value = static_cast<float>(random.below(5)) - 2;
    if (pick < odd.size() && (with_nan || pick > 0)) value = odd[pick];
  }
  return values;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

struct Pooled {
  std::vector<float> dst;
  std::vector<float> dsrc;
};

Pooled by_ours(const MaxPoolShape& shape, const std::vector<float>& src,
               const std::vector<float>& ddst) {
  Pooled result{.dst = std::vector<float>(ddst.size()),
                .dsrc = std::vector<float>(src.size(), kNan)};
  std::vector<std::uint8_t> winners(ddst.size());
  max_pool_forward(shape, src.data(), result.dst.data(), winners.data());
  std::vector<float> again(ddst.size());
  max_pool_forward(shape, src.data(), again.data(), nullptr);
  EXPECT_EQ(bits_of(again), bits_of(result.dst)) << "with winners and without";
  max_pool_backward(shape, ddst.data(), winners.data(), result.dsrc.data());
  return result;
}

#if DNNL_VERSION_MAJOR == 2
/// The same by oneDNN, in the same layout.
Pooled by_onednn(const MaxPoolShape& shape, std::vector<float> src, std::vector<float> ddst) {
  using dnnl::memory;
  use_one_thread();
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto format = shape.block == 8 ? memory::format_tag::nChw8c : memory::format_tag::nChw16c;
  const memory::desc in({shape.planes, shape.block, shape.height, shape.width},
                        memory::data_type::f32, format);
  const memory::desc out({shape.planes, shape.block, shape.out_height, shape.out_width},
                         memory::data_type::f32, format);
  const memory::dims window = {shape.kernel, shape.kernel};
  const memory::dims none = {0, 0};
  const dnnl::pooling_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, dnnl::algorithm::pooling_max, in, out, window, window,
       none, none},
      engine);
  const dnnl::pooling_backward::primitive_desc backward(
      {dnnl::algorithm::pooling_max, in, out, window, window, none, none}, engine, forward);
  Pooled result{.dst = std::vector<float>(ddst.size()), .dsrc = std::vector<float>(src.size())};
  memory workspace(forward.workspace_desc(), engine);
  dnnl::pooling_forward(forward).execute(stream,
                                         {{DNNL_ARG_SRC, memory(in, engine, src.data())},
                                          {DNNL_ARG_DST, memory(out, engine, result.dst.data())},
                                          {DNNL_ARG_WORKSPACE, workspace}});
  dnnl::pooling_backward(backward).execute(
      stream, {{DNNL_ARG_DIFF_DST, memory(out, engine, ddst.data())},
               {DNNL_ARG_DIFF_SRC, memory(in, engine, result.dsrc.data())},
               {DNNL_ARG_WORKSPACE, workspace}});
  stream.wait();
  return result;
}

TEST(MaxPoolKernel, IsOneDnnsInEveryBit) {
  for (const MaxPoolShape& shape :
       {MaxPoolShape{.planes = 3, .height = 8, .width = 6, .out_height = 4, .out_width = 3},
        MaxPoolShape{.planes = 2, .height = 7, .width = 5, .out_height = 3, .out_width = 2},
        MaxPoolShape{
            .planes = 1, .height = 2, .width = 2, .out_height = 1, .out_width = 1, .block = 8},
        MaxPoolShape{.planes = 2,
        .height = 10,
        .width = 9,
        .out_height = 3,
        .out_width = 3,
        .kernel = 3,
        .block = 8}}) {
    for (const bool with_nan : {false, true}) {
      const std::vector<float> src =
          lively(shape.planes * shape.height * shape.width * shape.block, with_nan);
      const std::vector<float> ddst = lively(shape.out_count(), false);
      const Pooled ours = by_ours(shape, src, ddst);
      const Pooled theirs = by_onednn(shape, src, ddst);
      EXPECT_EQ(bits_of(ours.dst), bits_of(theirs.dst)) << shape.height << " " << with_nan;
      EXPECT_EQ(bits_of(ours.dsrc), bits_of(theirs.dsrc)) << shape.height << " " << with_nan;
    }
  }
}
#endif

//  1 5 | 2 2 | 9      5 2      the first of the ties; the last column and row are in no window
//  0 5 | 2 2 | 9      7 0
//  7 7 | 0 . | 9      (. is NaN)
//  7 7 | . . | 9
//  9 9   9 9   9
TEST(MaxPoolKernel, GivesTiesToTheFirstAndNothingToNan) {
  const MaxPoolShape shape{.planes = 1,
                           .height = 5,
                           .width = 5,
                           .out_height = 2,
                           .out_width = 2,
                           .kernel = 2,
                           .block = 16};
  const std::vector<float> picture = {1,    5, 2, 2, 9,    0,    5, 2, 2, 9, 7, 7, 0,
                                      kNan, 9, 7, 7, kNan, kNan, 9, 9, 9, 9, 9, 9};
  std::vector<float> src;
  for (const float value : picture) src.insert(src.end(), 16, value);
  const std::vector<float> ddst(4 * 16, 3.0F);
  const Pooled pooled = by_ours(shape, src, ddst);
  const std::vector<float> best = {5, 2, 7, 0};
  const std::vector<float> given = {0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 3,
                                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (std::size_t lane = 0; lane < 16; ++lane) {
    for (std::size_t i = 0; i < best.size(); ++i) EXPECT_EQ(pooled.dst[i * 16 + lane], best[i]);
    for (std::size_t i = 0; i < given.size(); ++i) {
      EXPECT_EQ(pooled.dsrc[i * 16 + lane], given[i]) << i;
    }
  }
}

}  // namespace
}  // namespace whichfirst::engine
