// Group, instance and layer normalisation: src/reference/stages.h.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "reference/gradient_check.h"
#include "reference/sample.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

using network::GroupNorm;
using notation::GroupKind;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pointwise;

// By hand: the group holds 1 2 | 3 6, one image's two channels of two pixels. Mean 3, variance 3.5;
// with eps 0.5 the deviation is 2 and xhat is -1 -0.5 | 0 1.5. The second image is constant.
Tensor two_images() {
  return {.count = 2, .shape = picture(2, 1, 2), .values = {1, 2, 3, 6, 5, 5, 5, 5}};
}
constexpr GroupNorm kByHand{.kind = GroupKind::layer, .groups = 1, .affine = true, .eps = 0.5};
const std::vector<double> kScale = {2, 4};
const std::vector<double> kOffset = {10, 20};

TEST(GroupNorm, NormalisesEachImagesGroupAndScalesByChannel) {
  EXPECT_THAT(group_norm_forward(kByHand, two_images(), kScale, kOffset).values,
              ElementsAre(8, 9, 20, 26, 10, 10, 20, 20));
}

// ddst = 1 0 | 0 0: dxhat is 2 0 | 0 0, its sum 2 and with xhat -2, both divided by 4.
TEST(GroupNorm, SubtractsWhatTheGroupHasInCommonFromTheGradient) {
  const Tensor ddst{.count = 2, .shape = picture(2, 1, 2), .values = {1, 0, 0, 0, 0, 0, 0, 3}};
  const auto gradients = group_norm_backward(kByHand, two_images(), kScale, ddst);
  const std::vector<double> first(gradients.dsrc.values.begin(), gradients.dsrc.values.begin() + 4);
  EXPECT_THAT(first,
              ElementsAre((2 - 0.5 - 0.5) / 2, -(0.5 + 0.25) / 2, -0.5 / 2, (-0.5 + 0.75) / 2));
  EXPECT_THAT(gradients.dscale, ElementsAre(-1, 0));
  EXPECT_THAT(gradients.doffset, ElementsAre(1, 3));
}

TEST(GroupNorm, OfOneImageAndAGroupAChannelIsBatchNorm) {
  const Tensor src = normal_tensor(1, picture(3, 4, 5), 1);
  const std::vector<double> scale = {0.5, -2, 3};
  const std::vector<double> offset = {1, 2, 3};
  const Tensor ddst = normal_tensor(1, src.shape, 2);
  const GroupNorm norm{.kind = GroupKind::instance, .groups = 3};
  const auto near = Pointwise(
      DoubleNear(1e-13), batch_norm_forward({}, src, batch_statistics(src), scale, offset).values);
  EXPECT_THAT(group_norm_forward(norm, src, scale, offset).values, near);
  const auto ours = group_norm_backward(norm, src, scale, ddst);
  const auto theirs =
      batch_norm_backward({}, src, batch_statistics(src), scale, ddst, Mode::training);
  EXPECT_THAT(ours.dsrc.values, Pointwise(DoubleNear(1e-13), theirs.dsrc.values));
  EXPECT_THAT(ours.dscale, Pointwise(DoubleNear(1e-13), theirs.dscale));
  EXPECT_THAT(ours.doffset, Pointwise(DoubleNear(1e-13), theirs.doffset));
}

TEST(GroupNorm, KeepsImagesAndGroupsApart) {
  const GroupNorm norm{.groups = 2, .affine = false};
  Tensor src = normal_tensor(2, picture(4, 2, 2), 1);
  const Tensor before = group_norm_forward(norm, src, {}, {});
  src.at(0, 1, 0, 0) += 5;
  const Tensor after = group_norm_forward(norm, src, {}, {});
  for (std::size_t i = 0; i < src.values.size(); ++i) {
    // The first two channels of the first image are the first eight numbers.
    EXPECT_EQ(before.values[i] == after.values[i], i >= 8) << i;
  }
}

TEST(GroupNorm, NaNSpoilsItsGroupAndNoOther) {
  const GroupNorm norm{.groups = 2, .affine = true};
  const std::vector<double> scale = {1, 1, 1, 1};
  Tensor src = normal_tensor(2, vector_of(4), 1);
  const Tensor finite = src;
  src.at(0, 2, 0, 0) = kNaN;
  const auto third_and_fourth = ElementsAre(false, false, true, true, false, false, false, false);
  EXPECT_THAT(nan_mask(group_norm_forward(norm, src, scale, scale).values), third_and_fourth);
  const auto of_src = group_norm_backward(norm, src, scale, finite);
  EXPECT_THAT(nan_mask(of_src.dsrc.values), third_and_fourth);
  EXPECT_THAT(nan_mask(of_src.dscale), ElementsAre(false, false, true, true));
  const auto of_ddst = group_norm_backward(norm, finite, scale, src);
  EXPECT_THAT(nan_mask(of_ddst.dsrc.values), third_and_fourth);
  EXPECT_THAT(nan_mask(of_ddst.doffset), ElementsAre(false, false, true, false));
}

TEST(GroupNorm, KeepsItsVarianceAtAMeanOfAHundredMillion) {
  const Tensor src{.count = 1, .shape = vector_of(3), .values = {1e8 + 1, 1e8 + 2, 1e8 + 3}};
  const double deviation = std::sqrt(2.0 / 3);
  EXPECT_THAT(group_norm_forward({.groups = 1, .affine = false, .eps = 0}, src, {}, {}).values,
              ElementsAre(DoubleNear(-1 / deviation, 1e-15), 0, DoubleNear(1 / deviation, 1e-15)));
}

TEST(GroupNorm, TurnsConstantGroupsIntoTheirOffsets) {
  Tensor src = zeros(2, vector_of(4));
  std::fill(src.values.begin(), src.values.end(), -3);
  EXPECT_THAT(group_norm_forward({.groups = 2}, src, {{2, 2, 2, 2}}, {{0.5, 0.5, 0.5, 0.5}}).values,
              Each(0.5));
}

TEST(GroupNorm, RefusesGroupsAndArraysThatDoNotFit) {
  const Tensor src = normal_tensor(1, vector_of(4), 1);
  EXPECT_THROW(group_norm_forward({.groups = 3, .affine = false}, src, {}, {}), std::logic_error);
  EXPECT_THROW(group_norm_forward({.groups = 0, .affine = false}, src, {}, {}), std::logic_error);
  EXPECT_THROW(group_norm_forward({.groups = 2}, src, {}, {}), std::logic_error);
  EXPECT_THROW(group_norm_backward({.groups = 2, .affine = false}, src, {},
                                   normal_tensor(1, vector_of(5), 1)),
               std::logic_error);
}

struct Case {
  GroupNorm norm;
  int count;
  Shape input;
};

class GroupNormGradient : public ::testing::TestWithParam<Case> {};

TEST_P(GroupNormGradient, IsThatOfCentralDifferences) {
  const GroupNorm norm = GetParam().norm;
  Tensor src = normal_tensor(GetParam().count, GetParam().input, 1);
  const auto channels = static_cast<std::size_t>(src.shape.channels);
  std::vector<double> scale = normal_array(norm.affine ? channels : 0, 2);
  std::vector<double> offset = normal_array(scale.size(), 3);
  const Tensor ddst = normal_tensor(src.count, src.shape, 4);
  const auto objective = [&] {
    return inner(group_norm_forward(norm, src, scale, offset).values, ddst.values);
  };
  const auto gradients = group_norm_backward(norm, src, scale, ddst);
  expect_gradient(objective, src.values, gradients.dsrc.values, "src");
  expect_gradient(objective, scale, gradients.dscale, "scale");
  expect_gradient(objective, offset, gradients.doffset, "offset");
}

INSTANTIATE_TEST_SUITE_P(
    OddShapes, GroupNormGradient,
    ::testing::Values(Case{{.groups = 3, .affine = true}, 2, {3, 5, 7}},
                      Case{{.groups = 1, .affine = true}, 1, {3, 5, 7}},
                      Case{{.groups = 2, .affine = true}, 3, {10, 1, 1}},
                      Case{{.groups = 5, .affine = false, .eps = 0.1}, 2, {10, 1, 3}},
                      Case{{.groups = 1, .affine = true}, 3, vector_of(10)},
                      Case{{.groups = 2, .affine = false}, 3, vector_of(10)}));

}  // namespace
}  // namespace whichfirst::reference
