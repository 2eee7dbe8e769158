#include <gmock/gmock.h>

#include "reference/optimizer.h"
#include "reference/sample.h"

namespace whichfirst::reference {
namespace {

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

}  // namespace
}  // namespace whichfirst::reference
