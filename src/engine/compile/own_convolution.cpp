#include "engine/compile/own_convolution.h"

#include "engine/compile/layouts.h"
#include "engine/platform.h"

namespace whichfirst::engine {

std::optional<OwnConvolution> own_convolution(const network::Stage& stage, int batch,
                                              Precision precision, DirectSum direct) {
  using tag = dnnl::memory::format_tag;
  const auto& conv = std::get<network::Conv>(stage.operation);
  const Shape& in = stage.input;
  const Shape& out = stage.output;
  const ConvolutionShape shape{.images = batch,
                               .channels = in.channels,
                               .outputs = out.channels,
                               .height = in.height,
                               .width = in.width,
                               .kernel = conv.kernel,
                               .stride = conv.stride,
                               .padding = conv.padding,
                               // Of plain pictures there is no gradient.
                               .is_padded = stage.source != network::kInput};
  const bool may_be_direct = precision != Precision::bf16 &&
                             own_processor().has_own_convolutions() &&
                             shape.kernel <= kLargestDirectKernel;
  const ConvolutionKernels* kernels = nullptr;
  if (precision == Precision::fp32_fast && kWinograd.is_faster(shape)) {
    kernels = &kWinograd;
  } else if (may_be_direct &&
             (direct == DirectSum::wherever_possible || kDirect.is_faster(shape))) {
    kernels = &kDirect;
  }
  if (kernels == nullptr) return std::nullopt;
  const auto layout = [](const dnnl::memory::dims& dims, tag order) {
    return Layout(dims, NumberType::f32, order);
  };
  const bool plain = is_plain(shape);
  return OwnConvolution{
      .kernels = kernels,
      .shape = shape,
      .source = layout(activation_dims(batch, in), plain ? tag::nchw : tag::nChw8c),
      .weights = layout({out.channels, in.channels, conv.kernel, conv.kernel},
                        plain ? tag::Ohwi8o : tag::OIhw8i8o),
      .result = layout(activation_dims(batch, out), tag::nChw8c)};
}

}  // namespace whichfirst::engine
