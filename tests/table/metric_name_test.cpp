#include "table/metric_name.h"

#include <gtest/gtest.h>

namespace whichfirst::table {
namespace {

using stats::Direction;

TEST(MetricName, AnErrorALossOrATimeIsBetterLower) {
  for (const char* name : {"err",          "test_err",   "Error",      "top1_error",
                           "val_loss",     "valLoss",    "loss",       "testLoss",
                           "val_mse",      "RMSE",       "mae",        "nll",
                           "ppl",          "perplexity", "FID",        "WER",
                           "cer",          "ECE",        "cost",       "regret",
                           "bpc",          "wall_time",  "latency_ms", "eval/cross_entropy",
                           "crossEntropy", "err5",       "error rate", "mean_squared_error",
                           "Brier score",  "testerr"}) {
    EXPECT_EQ(direction_of(name), Direction::lower_is_better) << name;
  }
}

TEST(MetricName, AnAccuracyOrAScoreOfAKnownKindIsBetterHigher) {
  for (const char* name : {"accuracy",
                           "test_accuracy",
                           "acc",
                           "valAcc",
                           "val_acc",
                           "Acc@1",
                           "acc5",
                           "top1_accuracy",
                           "f1",
                           "F1_score",
                           "macro-f1",
                           "auc",
                           "AUROC",
                           "roc_auc",
                           "bleu",
                           "BLEU4",
                           "r2",
                           "mAP",
                           "mAP50",
                           "mIoU",
                           "val_mIoU",
                           "dice",
                           "PSNR",
                           "ssim",
                           "success_rate",
                           "recall",
                           "precision",
                           "reward",
                           "log_likelihood"}) {
    EXPECT_EQ(direction_of(name), Direction::higher_is_better) << name;
  }
}

TEST(MetricName, ANameThatSaysNeitherOrBothIsUnknown) {
  for (const char* name :
       {"clean_top1", "score", "metric", "value", "top5", "", "x", "accuracy_drop", "acc_loss",
        "neg_mean_squared_error", "1-accuracy", "images_per_sec", "time_to_accuracy", "objective",
        "macro", "paper", "timestamps_left"}) {
    EXPECT_EQ(direction_of(name), std::nullopt) << name;
  }
}

TEST(MetricName, CountersAreToldFromNamesOfReplicates) {
  for (const char* name :
       {"epoch", "Epochs", "global_step", "trainer/global_step", "iter", "batch_idx", "fold",
        "cv-fold", "KFold", "_step", "Step", "checkpoint"}) {
    EXPECT_NE(counter_word(name), std::nullopt) << name;
  }
  for (const char* name :
       {"seed", "run", "replicate", "dataset", "training_seed", "steppe", "subject"}) {
    EXPECT_EQ(counter_word(name), std::nullopt) << name;
  }
}

TEST(MetricName, ALossIsNoShare) {
  EXPECT_TRUE(may_be_share("accuracy"));
  EXPECT_TRUE(may_be_share("test_err"));
  EXPECT_FALSE(may_be_share("val_loss"));
}

}  // namespace
}  // namespace whichfirst::table
