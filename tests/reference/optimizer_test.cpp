#include "reference/optimizer.h"

#include <gmock/gmock.h>

#include "reference/sample.h"

namespace whichfirst::reference {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One fc of one number with a bias, and a bn: weight, bias, scale, offset, running mean, variance.
TEST(Sgd, MovesByVelocityAndDecaysWeightsOnly) {
  const network::Network network = make_network("flatten fc(1, bias=on) bn", picture(1, 1, 1), 1);
  Arrays values = {{8}, {8}, {8}, {8}, {8}, {8}};
  Arrays velocity;
  const Arrays gradients = {{2}, {2}, {2}, {2}, {}, {}};
  const Sgd sgd{.lr = 0.5, .momentum = 0.25, .decay = 0.5};

  sgd_step(values, velocity, gradients, sgd, network);  // 2 + 0.5 * 8 = 6; 8 - 0.5 * 6 = 5
  EXPECT_THAT(velocity, ElementsAre(ElementsAre(6), ElementsAre(2), ElementsAre(2), ElementsAre(2),
                                    IsEmpty(), IsEmpty()));
  EXPECT_THAT(values, ElementsAre(ElementsAre(5), ElementsAre(7), ElementsAre(7), ElementsAre(7),
                                  ElementsAre(8), ElementsAre(8)));

  sgd_step(values, velocity, gradients, sgd, network);  // 0.25 * 6 + 2 + 0.5 * 5 = 6
  EXPECT_THAT(velocity, ElementsAre(ElementsAre(6), ElementsAre(2.5), ElementsAre(2.5),
                                    ElementsAre(2.5), IsEmpty(), IsEmpty()));
  EXPECT_THAT(values, ElementsAre(ElementsAre(2), ElementsAre(5.75), ElementsAre(5.75),
                                  ElementsAre(5.75), ElementsAre(8), ElementsAre(8)));
}

// Weight only: 2 + 0.5 * 8 = 6, velocity 6, and the step is 0.5 * (6 + 0.25 * 6) = 3.75.
TEST(Sgd, LooksAheadAlongTheVelocityWithNesterov) {
  const network::Network network = make_network("flatten fc(1, bias=off)", picture(1, 1, 1), 1);
  Arrays values = {{8}};
  Arrays velocity;
  const Sgd sgd{.lr = 0.5, .momentum = 0.25, .decay = 0.5, .nesterov = true};
  sgd_step(values, velocity, {{2}}, sgd, network);
  EXPECT_THAT(velocity, ElementsAre(ElementsAre(6)));
  EXPECT_THAT(values, ElementsAre(ElementsAre(4.25)));
  sgd_step(values, velocity, {{2}}, sgd, network);  // 2 + 0.5 * 4.25 = 4.125; 1.5 + 4.125 = 5.625
  EXPECT_THAT(velocity, ElementsAre(ElementsAre(5.625)));
  EXPECT_THAT(values, ElementsAre(ElementsAre(4.25 - 0.5 * (4.125 + 0.25 * 5.625))));
}

TEST(Sgd, DecaysBiasesScalesAndOffsetsTooWhereAsked) {
  const network::Network network = make_network("flatten fc(1, bias=on) bn", picture(1, 1, 1), 1);
  Arrays values = {{8}, {8}, {8}, {8}, {8}, {8}};
  Arrays velocity;
  sgd_step(values, velocity, {{2}, {2}, {2}, {2}, {}, {}},
           {.lr = 0.5, .decay = 0.5, .decays_all = true}, network);
  EXPECT_THAT(values, ElementsAre(ElementsAre(5), ElementsAre(5), ElementsAre(5), ElementsAre(5),
                                  ElementsAre(8), ElementsAre(8)));
}

auto near(double x) { return ElementsAre(DoubleNear(x, 1e-14)); }

// By hand with beta1 = beta2 = 1/2 and no eps. Step 1: after bias correction mean / sqrt(square) is
// 2 / 2 = 1. Step 2, gradient -2: mean 1/2 (1) + 1/2 (-2) = -1/2, over 3/4 is -2/3; square 1/2 (2)
// + 1/2 (4) = 3, over 3/4 is 4; -1/3.
TEST(AdamW, MovesByCorrectedMomentsAndDecaysWeightsOnlyBeforehand) {
  const network::Network network = make_network("flatten fc(1, bias=on) bn", picture(1, 1, 1), 1);
  Arrays values = {{8}, {8}, {8}, {8}, {8}, {8}};
  AdamWMoments moments;
  const AdamW adamw{.lr = 0.5, .decay = 0.25, .beta1 = 0.5, .beta2 = 0.5, .eps = 0};

  adamw_step(values, moments, {{2}, {2}, {2}, {2}, {}, {}}, adamw, network);
  EXPECT_EQ(moments.steps, 1);
  EXPECT_THAT(moments.mean, ElementsAre(near(1), near(1), near(1), near(1), IsEmpty(), IsEmpty()));
  EXPECT_THAT(moments.square,
              ElementsAre(near(2), near(2), near(2), near(2), IsEmpty(), IsEmpty()));
  EXPECT_THAT(values, ElementsAre(near(8 - 1 - 0.5), near(7.5), near(7.5), near(7.5),
                                  ElementsAre(8), ElementsAre(8)));

  adamw_step(values, moments, {{-2}, {-2}, {-2}, {-2}, {}, {}}, adamw, network);
  const double move = 0.5 / 3;
  EXPECT_THAT(values, ElementsAre(near(6.5 * 0.875 + move), near(7.5 + move), near(7.5 + move),
                                  near(7.5 + move), ElementsAre(8), ElementsAre(8)));
}

TEST(AdamW, DecaysBiasesScalesAndOffsetsTooWhereAsked) {
  const network::Network network = make_network("flatten fc(1, bias=on) bn", picture(1, 1, 1), 1);
  Arrays values = {{8}, {8}, {8}, {8}, {8}, {8}};
  AdamWMoments moments;
  adamw_step(values, moments, {{0}, {0}, {0}, {0}, {}, {}},
             {.lr = 0.5, .decay = 0.25, .decays_all = true}, network);
  EXPECT_THAT(values, ElementsAre(ElementsAre(7), ElementsAre(7), ElementsAre(7), ElementsAre(7),
                                  ElementsAre(8), ElementsAre(8)));
}

// 0 / (0 + eps), not 0 / 0.
TEST(AdamW, StaysWhereThereNeverWasAGradientAndPassesNaNOn) {
  const network::Network network = make_network("flatten fc(2, bias=off)", picture(1, 1, 1), 2);
  Arrays values = {{1, 1}};
  AdamWMoments moments;
  adamw_step(values, moments, {{0, kNaN}}, {.lr = 0.5}, network);
  EXPECT_EQ(values[0][0], 1);
  EXPECT_THAT(nan_mask(values[0]), ElementsAre(false, true));
}

}  // namespace
}  // namespace whichfirst::reference
