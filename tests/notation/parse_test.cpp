#include "notation/parse.h"

#include <gmock/gmock.h>

#include <string>

#include "notation/print.h"

namespace whichfirst::notation {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string canonical(std::string_view text, Context context = Context::body) {
  return print(parse(text, context));
}

std::string complaint(std::string_view text, Context context = Context::body) {
  try {
    parse(text, context);
  } catch (const SyntaxError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Notation, PrintsOneCanonicalForm) {
  EXPECT_EQ(canonical("  conv( 16 )bn  relu\n maxpool  gap fc( classes )"),
            "conv(16) bn relu maxpool(2) gap fc(classes)");
  EXPECT_EQ(canonical("conv (16, s=2, k=5)"), "conv(16, k=5, s=2)");
  EXPECT_EQ(canonical("conv(16, k=3, s=1, bias=auto)"), "conv(16)");
  EXPECT_EQ(canonical("conv(16, p=0, bias=off)"), "conv(16, p=0, bias=off)");
  EXPECT_EQ(canonical("bn(momentum=0.01, eps=0.001, affine=off)"),
            "bn(affine=off, eps=0.001, momentum=0.01)");
  EXPECT_EQ(canonical("bn(eps=1e-5) bn()"), "bn bn");
  EXPECT_EQ(canonical("maxpool(3, s=3) maxpool(3, s=2, p=1)"), "maxpool(3) maxpool(3, s=2, p=1)");
  EXPECT_EQ(canonical("3 * ( conv(16) bn relu )"), "3*(conv(16) bn relu)");
  EXPECT_EQ(canonical("3*(unit(16)) 2*(2*tanh)"), "3*unit(16) 2*(2*tanh)");
  EXPECT_EQ(canonical("conv pool bn relu", Context::order), "conv pool bn relu");
  EXPECT_EQ(canonical("unit(16, pool=2) flatten fc(10, bias=off)"),
            "unit(16, pool=2) flatten fc(10, bias=off)");
}

TEST(Notation, ReadsCapitalsAsSmallLetters) {
  EXPECT_EQ(canonical("Conv-BN-ReLU", Context::order), "conv bn relu");
  EXPECT_EQ(canonical("CBR", Context::order), "conv bn relu");
  EXPECT_EQ(canonical("RES( Conv )", Context::order), "res(conv)");
}

TEST(Notation, SaysOfAWordThatIsNotThereWhatIsThereOfItsKind) {
  EXPECT_THAT(complaint("selu"), HasSubstr("unknown stage 'selu'; it is not among the activations: "
                                           "relu leaky prelu elu"));
  EXPECT_THAT(complaint("RMSNorm"), HasSubstr("it is not among the normalisers: bn in ln gn"));
  EXPECT_THAT(complaint("lstm"), HasSubstr("it is not among the stages: conv bn"));
}

TEST(Notation, KnowsEveryStage) {
  const std::string all =
      "bn in ln gn(8) relu leaky prelu elu gelu silu tanh sigmoid softsign hardswish mish softplus "
      "sign "
      "maxpool(2) avgpool(2) gap drop(0.2) flatten fc(10)";
  EXPECT_EQ(canonical(all), all);
  EXPECT_EQ(canonical("leaky(0.01) leaky(0.2) prelu(0.25) prelu(0.1) elu(1) elu(0.5)"),
            "leaky leaky(0.2) prelu prelu(0.1) elu elu(0.5)");
  EXPECT_EQ(canonical("in(affine=off) ln(eps=0.1) gn(4, affine=off, eps=0.001)"),
            "in(affine=off) ln(eps=0.1) gn(4, affine=off, eps=0.001)");
  EXPECT_EQ(canonical("avgpool(3, s=2, p=1)"), "avgpool(3, s=2, p=1)");
  EXPECT_EQ(canonical("unit(32, s=2) unit(6, pool=2, k=5, p=0) unit(256, weight=fc)"),
            "unit(32, s=2) unit(6, pool=2, k=5, p=0) unit(256, weight=fc)");
  EXPECT_EQ(canonical("res( conv(16) bn ) 2*(res(relu))"), "res(conv(16) bn) 2*res(relu)");
  EXPECT_EQ(canonical("res(bn relu conv(k=1) res(conv bn))", Context::order),
            "res(bn relu conv(k=1) res(conv bn))");
}

TEST(Notation, ReadsTheDialects) {
  for (const char* text : {"conv-bn-relu", "conv,norm,act", "conv, bn, relu", "cbr", "cna",
                           "conv -> bn -> relu", "conv \xe2\x86\x92 bn \xe2\x86\x92 relu"}) {
    EXPECT_EQ(canonical(text, Context::order), "conv bn relu") << text;
  }
  EXPECT_EQ(canonical("cbrp", Context::order), "conv bn relu maxpool(2)");
  EXPECT_EQ(canonical("crb", Context::order), "conv relu bn");
  EXPECT_EQ(canonical("res(bn-relu-conv)-relu", Context::order), "res(bn relu conv) relu");
  EXPECT_EQ(canonical("conv(16)-pool-gap"), "conv(16) maxpool(2) gap");
  EXPECT_EQ(parse("cbr", Context::order).items[2].offset, 2U) << "a caret can point at a letter";
  EXPECT_THAT(complaint("conv--bn", Context::order), HasSubstr("expected a stage, found '-'"));
  EXPECT_THAT(complaint(",conv", Context::order), HasSubstr("expected a stage, found ','"));
  EXPECT_THAT(complaint("conv bn,", Context::order), HasSubstr("expected a stage, found the end"));
  EXPECT_THAT(complaint("cbx", Context::order), HasSubstr("unknown stage 'cbx'"));
}

TEST(Notation, ParsingWhatWasPrintedGivesTheSame) {
  for (const char* text : {"conv(16)", "conv(7, k=5, s=2, p=2, bias=on) bn(eps=0.1) relu",
                           "2*unit(16) unit(16, pool=2) 4*unit(64) gap fc(classes)",
                           "3*(2*(conv(1) tanh) maxpool(3, s=1, p=1)) flatten fc(7)", "2*3*4*relu",
                           "bn(eps=1e-12)", "bn(eps=0.30000000000000004, momentum=1)"}) {
    const Sequence once = parse(text, Context::body);
    EXPECT_EQ(parse(print(once), Context::body), once) << text;
  }
}

TEST(Notation, KeepsWhatIsWrittenApartFromWhatIsDefault) {
  const Sequence sequence = parse("conv(16, p=1) conv(16)", Context::body);
  EXPECT_EQ(std::get<Conv>(sequence.items[0].stage).padding, 1);
  EXPECT_EQ(std::get<Conv>(sequence.items[1].stage).padding, std::nullopt);
  EXPECT_EQ(sequence.items[1].offset, 14U);
}

TEST(Notation, PointsAtAnUnknownStageAndSuggests) {
  EXPECT_EQ(complaint("conv relu batchnrm", Context::order),
            "column 11: unknown stage 'batchnrm', did you mean 'bn'?\n"
            "  conv relu batchnrm\n"
            "            ^");
  EXPECT_THAT(complaint("conv(16) rleu"), HasSubstr("did you mean 'relu'?"));
  EXPECT_THAT(complaint("dense(10)"), HasSubstr("did you mean 'fc'?"));
  EXPECT_THAT(complaint("xyzzyx"), HasSubstr("the stages are conv bn in ln gn relu"));
}

TEST(Notation, PointsAtTheRightLine) {
  EXPECT_EQ(complaint("conv(16)\nbn(esp=1)\nrelu"),
            "column 4: bn has no option 'esp', did you mean 'eps'?\n"
            "  bn(esp=1)\n"
            "     ^");
}

TEST(Notation, RefusesWhatDoesNotParse) {
  EXPECT_THAT(complaint(""), HasSubstr("no stage is named"));
  EXPECT_THAT(complaint("   \n "), HasSubstr("no stage is named"));
  EXPECT_THAT(complaint("conv(16"), HasSubstr("never closed"));
  EXPECT_THAT(complaint("conv(16))"), HasSubstr("expected a stage, found ')'"));
  EXPECT_THAT(complaint("conv(16) & bn"), HasSubstr("expected a stage, found '&'"));
  EXPECT_THAT(complaint("conv(16) \xff"), HasSubstr("found the byte 0xff"));
  EXPECT_THAT(complaint("conv()"), HasSubstr("needs its number of channels"));
  EXPECT_THAT(complaint("conv(0)"), HasSubstr("is from 1 to 65536, found 0"));
  EXPECT_THAT(complaint("conv(-3)"), HasSubstr("is from 1 to 65536, found -3"));
  EXPECT_THAT(complaint("conv(99999999999999999999)"), HasSubstr("is from 1 to 65536"));
  EXPECT_THAT(complaint("conv(1.5)"), HasSubstr("is a whole number, found '1.5'"));
  EXPECT_THAT(complaint("conv(16, 3)"), HasSubstr("takes no value '3' here"));
  EXPECT_THAT(complaint("conv(16, k=3, k=5)"), HasSubstr("k is given twice"));
  EXPECT_THAT(complaint("conv(16, bias=maybe)"), HasSubstr("bias is auto, on or off"));
  EXPECT_THAT(complaint("bn(eps=nan)"), HasSubstr("eps is a number, found 'nan'"));
  EXPECT_THAT(complaint("bn(eps=-1)"), HasSubstr("eps is from"));
  EXPECT_THAT(complaint("bn(affine=yes)"), HasSubstr("affine is on or off"));
  EXPECT_THAT(complaint("relu(0.1)"), HasSubstr("relu takes no value '0.1' here"));
  EXPECT_THAT(complaint("relu(x=1)"), HasSubstr("relu has no option 'x'; it has none"));
  EXPECT_THAT(complaint("maxpool(2, p=2)"), HasSubstr("at most half its size"));
  EXPECT_THAT(complaint("gn"), HasSubstr("gn needs its number of groups, such as gn(8)"));
  EXPECT_THAT(complaint("drop"), HasSubstr("drop needs its rate"));
  EXPECT_THAT(complaint("drop(1)"), HasSubstr("the rate of drop is from 0 to 0.999, found 1"));
  EXPECT_THAT(complaint("leaky(-1)"), HasSubstr("the slope of leaky is from 0 to 1"));
  EXPECT_THAT(complaint("avgpool(2, p=2)"), HasSubstr("padding of avgpool is at most half"));
  EXPECT_THAT(complaint("res"), HasSubstr("res needs the sequence that is added"));
  EXPECT_THAT(complaint("res()"), HasSubstr("this res( ) is empty"));
  EXPECT_THAT(complaint("res(relu"), HasSubstr("this '(' is never closed"));
  EXPECT_THAT(complaint("unit(8, weight=linear)"), HasSubstr("weight is conv or fc"));
  EXPECT_THAT(complaint("unit(8, weight=fc, pool=2)"), HasSubstr("reads vectors"));
  EXPECT_THAT(complaint("dropout(0.5)"), HasSubstr("did you mean 'drop'?"));
  EXPECT_THAT(complaint("layernorm"), HasSubstr("did you mean 'ln'?"));
  EXPECT_THAT(complaint("fc"), HasSubstr("fc needs its number of features"));
  EXPECT_THAT(complaint("unit"), HasSubstr("unit needs its width"));
  EXPECT_THAT(complaint("unit(3)", Context::order), HasSubstr("not in an order"));
  EXPECT_THAT(complaint("conv(3)", Context::order), HasSubstr("takes its width from unit( )"));
  EXPECT_THAT(complaint("3 conv(16)"), HasSubstr("expected '*' after a count"));
  EXPECT_THAT(complaint("3*"), HasSubstr("expected a stage or '(' after '*', found the end"));
  EXPECT_THAT(complaint("0*relu"), HasSubstr("a repetition is from 1 to 1000"));
  EXPECT_THAT(complaint("2*()"), HasSubstr("this group is empty"));
  EXPECT_THAT(complaint("2*(relu"), HasSubstr("this '(' is never closed"));
  EXPECT_THAT(complaint("(relu bn)"), HasSubstr("a group needs a count"));
}

TEST(Notation, NoTextCanHangItOrExhaustMemory) {
  EXPECT_THAT(complaint("1000*1000*1000*relu"), HasSubstr("at most 2000 are allowed"));
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "1*(";
  EXPECT_THAT(complaint(deep), HasSubstr("nested deeper than 16"));
  std::string residuals;
  for (int i = 0; i < 3000; ++i) residuals += "res(";
  EXPECT_THAT(complaint(residuals), HasSubstr("nested deeper than 16"));
  std::string chain;
  for (int i = 0; i < 3000; ++i) chain += "1*";
  EXPECT_THAT(complaint(chain + "relu"), HasSubstr("nested deeper than 16"));
  EXPECT_THAT(complaint(std::string(20'000, ' ')), HasSubstr("at most 16384 are read"));
  std::string many;
  for (int i = 0; i < 2001; ++i) many += "bn ";
  EXPECT_THAT(complaint(many), HasSubstr("more than 2000 stages"));
  std::string arguments = "conv(1";
  for (int i = 0; i < 100; ++i) arguments += ",1";
  EXPECT_THAT(complaint(arguments + ")"), HasSubstr("too many arguments"));
  EXPECT_THAT(complaint(std::string(10'000, 'a')), StartsWith("column 1: unknown stage 'aaa"));
}

}  // namespace
}  // namespace whichfirst::notation
