#include "engine/compile/onednn.h"

#include <utility>

#include "base/error.h"

namespace whichfirst::engine {

using dnnl::memory;

#if DNNL_VERSION_MAJOR < 3

memory::dims dims_of(const Layout& layout) { return layout.dims(); }

bool is_bf16(const Layout& layout) { return layout.data_type() == memory::data_type::bf16; }

ChannelBlocks channel_blocks_of(const Layout& layout) {
  const auto& blocking = layout.data.format_desc.blocking;
  check(layout.data.format_kind == dnnl_blocked && blocking.inner_nblks <= 1 &&
            (blocking.inner_nblks == 0 || blocking.inner_idxs[0] == 1),
        "only channels are blocked");
  return {.block = blocking.inner_nblks == 0 ? 1 : blocking.inner_blks[0],
          .strides = memory::dims(blocking.strides, blocking.strides + layout.data.ndims)};
}

#else  // oneDNN 3

memory::dims dims_of(const Layout& layout) { return layout.get_dims(); }

bool is_bf16(const Layout& layout) { return layout.get_data_type() == memory::data_type::bf16; }

ChannelBlocks channel_blocks_of(const Layout& layout) {
  check(layout.get_format_kind() == memory::format_kind::blocked && layout.get_inner_nblks() <= 1 &&
            (layout.get_inner_nblks() == 0 || layout.get_inner_idxs()[0] == 1),
        "only channels are blocked");
  return {.block = layout.get_inner_nblks() == 0 ? 1 : layout.get_inner_blks()[0],
          .strides = layout.get_strides()};
}

#endif

Layout plain(const memory::dims& dims, NumberType type) {
  using tag = memory::format_tag;
  constexpr tag kOrders[] = {tag::a, tag::ab, tag::abc, tag::abcd};
  return {dims, type, kOrders[dims.size() - 1]};
}

Describer Describer::with_relu() const {
  Describer other(engine_);
  dnnl::post_ops operations;
#if DNNL_VERSION_MAJOR < 3
  operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#else
  operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
#endif
  other.attributes_.set_post_ops(operations);
  return other;
}

void limit_to_avx2() {
  // On a processor without AVX2 this is no limit, and oneDNN uses what there is.
  const dnnl::status status = dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
  if (status != dnnl::status::success) {
    throw Error(
        "this oneDNN does not take a limit of its instructions, without which results would differ "
        "between processors: use one that was built with ONEDNN_ENABLE_MAX_CPU_ISA (the default)");
  }
}

std::string_view instruction_set() {
  using dnnl::cpu_isa;
  constexpr std::pair<cpu_isa, std::string_view> kNames[] = {
    {cpu_isa::sse41, "sse41"},
    {cpu_isa::avx, "avx"},
    {cpu_isa::avx2, "avx2"},
    {cpu_isa::avx2_vnni, "avx2_vnni"},
    {cpu_isa::avx512_core, "avx512_core"},
    {cpu_isa::avx512_core_vnni, "avx512_core_vnni"},
    {cpu_isa::avx512_core_bf16, "avx512_core_bf16"},
    {cpu_isa::avx512_core_amx, "avx512_core_amx"},
#if DNNL_VERSION_MAJOR >= 3
    {cpu_isa::avx2_vnni_2, "avx2_vnni_2"},
    {cpu_isa::avx512_core_fp16, "avx512_core_fp16"},
    {cpu_isa::avx512_core_amx_fp16, "avx512_core_amx_fp16"},
#endif
  };
  const cpu_isa used = dnnl::get_effective_cpu_isa();
  for (const auto& [isa, name] : kNames) {
    if (isa == used) return name;
  }
  return "other";
}

}  // namespace whichfirst::engine
