
#include "engine/kernels/winograd.h"

// Last: see there.
#include "engine/kernels/avx2.h"

WHICHFIRST_AVX2_BEGIN
namespace whichfirst::engine {
namespace {

// The points 0, a, -a, b, -b and infinity. With 5/8 and 3/2 results come out 2 to 3 times closer
// than with the usual 1 and 2, at a relative error below 1e-6 on most shapes (measured; 1/2 and 2,
// 3/4 and 3/2, 1/sqrt 2 and sqrt 2 are no better), and every constant of B and A is exact in fp32.
constexpr double kA = 5.0 / 8;
constexpr double kB = 3.0 / 2;
constexpr double kA2 = kA * kA;
constexpr double kB2 = kB * kB;
// 1 / the derivative of x (x^2 - a^2) (x^2 - b^2) at 0, +-a and +-b.
constexpr double kShare0 = 1 / (kA2 * kB2);
constexpr double kShareA = 1 / (2 * kA2 * (kA2 - kB2));
constexpr double kShareB = 1 / (2 * kB2 * (kB2 - kA2));

// --- along one dimension ---
//
// A kernel w of 3 and 4 results make polynomials of degree 2 and 3; their product, of degree 5, is
// known from its values at 6 points. G evaluates the kernel there and A the gradient of a tile; B^T
// and A^T are what interpolation leaves of the adjoint problem. Points come in pairs +-a, so each
// transform forms the even and the odd part once and adds and subtracts them: about half the
// multiplications of the matrices written out. The two-dimensional transform applies the same
// function to columns, then to rows. Which operations are fused (multiply_add) and in which order
// they come decides the last bit of every trial in fp32-fast; keep both when you tidy up.

struct PatchToPoints {  // B^T
  WHICHFIRST_INLINE void operator()(const Vector (&d)[6], Vector (&t)[6]) const {
    const Vector sum = all(kA2 + kB2);
    const Vector product = all(kA2 * kB2);
    t[0] = multiply_add(product, d[0], subtract_product(d[4], sum, d[2]));
    t[5] = multiply_add(product, d[1], subtract_product(d[5], sum, d[3]));
    const Vector even_a = subtract_product(d[4], all(kB2), d[2]);
    const Vector odd_a = subtract_product(d[3], all(kB2), d[1]);
    t[1] = multiply_add(all(kA), odd_a, even_a);
    t[2] = subtract_product(even_a, all(kA), odd_a);
    const Vector even_b = subtract_product(d[4], all(kA2), d[2]);
    const Vector odd_b = subtract_product(d[3], all(kA2), d[1]);
    t[3] = multiply_add(all(kB), odd_b, even_b);
    t[4] = subtract_product(even_b, all(kB), odd_b);
  }
};

struct PointsToTile {  // A^T
  WHICHFIRST_INLINE void operator()(const Vector (&m)[6], Vector (&y)[4]) const {
    const Vector sum_a = m[1] + m[2];
    const Vector difference_a = m[1] - m[2];
    const Vector sum_b = m[3] + m[4];
    const Vector difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = multiply_add(all(kB), difference_b, all(kA) * difference_a);
    y[2] = multiply_add(all(kB2), sum_b, all(kA2) * sum_a);
    y[3] =
        multiply_add(all(kB2 * kB), difference_b, multiply_add(all(kA2 * kA), difference_a, m[5]));
  }
};

struct TileToPoints {  // A
  WHICHFIRST_INLINE void operator()(const Vector (&y)[4], Vector (&v)[6]) const {
    v[0] = y[0];
    v[5] = y[3];
    const Vector even_a = multiply_add(all(kA2), y[2], y[0]);
    const Vector odd_a = multiply_add(all(kA2 * kA), y[3], all(kA) * y[1]);
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    const Vector even_b = multiply_add(all(kB2), y[2], y[0]);
    const Vector odd_b = multiply_add(all(kB2 * kB), y[3], all(kB) * y[1]);
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
  }
};

struct KernelToPoints {  // G
  WHICHFIRST_INLINE void operator()(const Vector (&w)[3], Vector (&u)[6]) const {
    u[0] = all(kShare0) * w[0];
    const Vector even_a = multiply_add(all(kA2 * kShareA), w[2], all(kShareA) * w[0]);
    const Vector odd_a = all(kA * kShareA) * w[1];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    const Vector even_b = multiply_add(all(kB2 * kShareB), w[2], all(kShareB) * w[0]);
    const Vector odd_b = all(kB * kShareB) * w[1];
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = w[2];
  }
};

struct PointsToKernel {  // G^T
  WHICHFIRST_INLINE void operator()(const Vector (&u)[6], Vector (&w)[3]) const {
    const Vector sum_a = u[1] + u[2];
    const Vector difference_a = u[1] - u[2];
    const Vector sum_b = u[3] + u[4];
    const Vector difference_b = u[3] - u[4];
    w[0] =
        multiply_add(all(kShare0), u[0], multiply_add(all(kShareA), sum_a, all(kShareB) * sum_b));
    w[1] = multiply_add(all(kA * kShareA), difference_a, all(kB * kShareB) * difference_b);
    w[2] = multiply_add(all(kA2 * kShareA), sum_a, multiply_add(all(kB2 * kShareB), sum_b, u[5]));
  }
};

// --- along both ---

/// Transforms columns, then rows: kFrom x kFrom values that `read(y, x)` gives become kTo x kTo,
/// which `write(y, x, value)` takes.
template <int kFrom, int kTo, class Transform, class Read, class Write>
WHICHFIRST_INLINE void transform(const Transform& one, const Read& read, const Write& write) {
  Vector middle[kTo][kFrom];
  for (int x = 0; x < kFrom; ++x) {
    Vector column[kFrom];
    Vector result[kTo];
    for (int y = 0; y < kFrom; ++y) column[y] = read(y, x);
    one(column, result);
    for (int y = 0; y < kTo; ++y) middle[y][x] = result[y];
  }
  for (int y = 0; y < kTo; ++y) {
    Vector result[kTo];
    one(middle[y], result);
    for (int x = 0; x < kTo; ++x) write(y, x, result[x]);
  }
}

/// A square of pixels that may leave the picture.
struct Square {
  Square(const Pictures& of, Corner at, std::ptrdiff_t side)
      : picture(of),
        corner(at),
        is_inside(at.y >= 0 && at.x >= 0 && at.y + side <= of.height && at.x + side <= of.width) {}

  WHICHFIRST_INLINE bool has(int y, int x) const {
    const std::ptrdiff_t row = corner.y + y;
    const std::ptrdiff_t column = corner.x + x;
    return row >= 0 && row < picture.height && column >= 0 && column < picture.width;
  }
  WHICHFIRST_INLINE std::ptrdiff_t place(int y, int x) const {
    return ((corner.y + y) * picture.width + corner.x + x) * kBlock;
  }

  const Pictures& picture;
  Corner corner;
  bool is_inside;
};

WHICHFIRST_INLINE std::ptrdiff_t point(int y, int x) { return y * kWinogradPatch + x; }

constexpr int kKernelPixels = 9;

/// One block of weights, from `inputs` block i of `inputs` to output block o of `outputs`.
WHICHFIRST_INLINE void block_to_points(const float* block, const Strips& strips, std::ptrdiff_t i,
                                       std::ptrdiff_t o, float* points, std::ptrdiff_t plane) {
  for (std::ptrdiff_t c = 0; c < kBlock; ++c) {
    float* to = points + strips.place(i * kBlock + c, o);
    transform<3, 6>(
        KernelToPoints{},
        [&](int y, int x) { return load(block + (y * 3 + x) * kMatrix + c * kBlock); },
        [&](int y, int x, Vector value) { store(to + point(y, x) * plane, value); });
  }
}

}  // namespace

void patch_to_points(const Pictures& picture, const float* pixels, Corner corner, float* points,
                     std::ptrdiff_t plane) {
  const Square patch(picture, corner, kWinogradPatch);
  const auto write = [&](int y, int x, Vector value) {
    store(points + point(y, x) * plane, value);
  };
  if (patch.is_inside) {
    transform<6, 6>(
        PatchToPoints{}, [&](int y, int x) { return load(pixels + patch.place(y, x)); }, write);
  } else {
    transform<6, 6>(
        PatchToPoints{},
        [&](int y, int x) { return patch.has(y, x) ? load(pixels + patch.place(y, x)) : zero(); },
        write);
  }
}

void points_to_tile(const float* points, std::ptrdiff_t plane, const Finish& finish,
                    const Pictures& picture, float* pixels, Corner corner) {
  const Square tile(picture, corner, kWinogradTile);
  const Vector term = finish.bias != nullptr ? load(finish.bias) : zero();
  const Vector least = all(finish.least);
  const auto read = [&](int y, int x) { return load(points + point(y, x) * plane); };
  if (tile.is_inside) {
    transform<6, 4>(PointsToTile{}, read, [&](int y, int x, Vector value) {
      store(pixels + tile.place(y, x), larger(least, value + term));
    });
  } else {
    transform<6, 4>(PointsToTile{}, read, [&](int y, int x, Vector value) {
      if (tile.has(y, x)) store(pixels + tile.place(y, x), larger(least, value + term));
    });
  }
}

void gradient_to_points(const Pictures& picture, const float* pixels, Corner corner, float* points,
                        std::ptrdiff_t plane, float* sums) {
  const Square tile(picture, corner, kWinogradTile);
  Vector sum = zero();
  const auto write = [&](int y, int x, Vector value) {
    store(points + point(y, x) * plane, value);
  };
  if (tile.is_inside) {
    transform<4, 6>(
        TileToPoints{},
        [&](int y, int x) {
          const Vector value = load(pixels + tile.place(y, x));
          sum = sum + value;
          return value;
        },
        write);
  } else {
    transform<4, 6>(
        TileToPoints{},
        [&](int y, int x) {
          const Vector value = tile.has(y, x) ? load(pixels + tile.place(y, x)) : zero();
          sum = sum + value;
          return value;
        },
        write);
  }
  store(sums, load(sums) + sum);
}

void weights_to_points(const WeightBlocks& blocks, const float* weights, float* points,
                       std::ptrdiff_t plane) {
  const Strips strips{blocks.inputs * kBlock, blocks.outputs};
  for (std::ptrdiff_t o = 0; o < blocks.outputs; ++o) {
    for (std::ptrdiff_t i = 0; i < blocks.inputs; ++i) {
      block_to_points(weights, strips, i, o, points, plane);
      weights += kKernelPixels * kMatrix;
    }
  }
}

void turned_weights_to_points(const WeightBlocks& blocks, const float* weights, float* points,
                              std::ptrdiff_t plane) {
  const Strips strips{blocks.outputs * kBlock, blocks.inputs};
  float turned[kKernelPixels * kMatrix];
  for (std::ptrdiff_t o = 0; o < blocks.outputs; ++o) {
    for (std::ptrdiff_t i = 0; i < blocks.inputs; ++i) {
      for (int pixel = 0; pixel < kKernelPixels; ++pixel) {
        transpose_block(weights + pixel * kMatrix, turned + (kKernelPixels - 1 - pixel) * kMatrix);
      }
      block_to_points(turned, strips, o, i, points, plane);
      weights += kKernelPixels * kMatrix;
    }
  }
}

void points_to_weights(const WeightBlocks& blocks, const float* points, std::ptrdiff_t plane,
                       float* weights) {
  const std::ptrdiff_t row = blocks.outputs * kBlock;
  for (std::ptrdiff_t o = 0; o < blocks.outputs; ++o) {
    for (std::ptrdiff_t i = 0; i < blocks.inputs; ++i) {
      for (std::ptrdiff_t c = 0; c < kBlock; ++c) {
        const float* from = points + (i * kBlock + c) * row + o * kBlock;
        float* to = weights + c * kBlock;
        transform<6, 3>(
            PointsToKernel{}, [&](int y, int x) { return load(from + point(y, x) * plane); },
            [&](int y, int x, Vector value) { store(to + (y * 3 + x) * kMatrix, value); });
      }
      weights += kKernelPixels * kMatrix;
    }
  }
}

}  // namespace whichfirst::engine
WHICHFIRST_AVX2_END
