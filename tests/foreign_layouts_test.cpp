// SPDX-License-Identifier: MIT
//
// The README's lines that observe trainers without an adapter, on weights in these trainers'
// layouts. Stand-ins have the names that the lines call.

#include <Eigen/Core>
#include <vector>

#include "support/catch.hpp"
#include "viann/weight_view.hpp"

using Eigen::Index;

namespace {

constexpr Index in = 3;
constexpr Index out = 4;

/// The weight from an input to an output in these tests: it encodes its place.
double planted(Index input, Index output) { return static_cast<double>(10 * input + output); }
constexpr double bias = -1;

template <typename View>
void check(const View& view) {
  REQUIRE(view.features() == in);
  REQUIRE(view.units() == out);
  for (Index i = 0; i < in; ++i) {
    for (Index o = 0; o < out; ++o) {
      CHECK(static_cast<double>(view.values()(i, o)) == planted(i, o));
    }
  }
}

/// A buffer whose element place(input, output) is the weight, and the rest of it biases.
template <typename Scalar, typename Place>
std::vector<Scalar> buffer(Index size, const Place& place) {
  std::vector<Scalar> values(static_cast<std::size_t>(size), static_cast<Scalar>(bias));
  for (Index i = 0; i < in; ++i) {
    for (Index o = 0; o < out; ++o) {
      values[static_cast<std::size_t>(place(i, o))] = static_cast<Scalar>(planted(i, o));
    }
  }
  return values;
}

struct Mat {
  std::vector<double> values;
  template <typename Scalar>
  const Scalar* ptr() const {
    return values.data();
  }
};

/// An OpenCV Mat of in x out floats in a wider one.
struct Rows {
  std::vector<float> values;
  int rows = in;
  int cols = out;
  template <typename Scalar>
  const Scalar* ptr() const {
    return values.data();
  }
  Index step1() const { return 7; }
};

}  // namespace

using viann::features_by_units;
using viann::units_by_features;

TEST_CASE("Keras: a Dense layer's kernel, W[input][output]") {
  const auto kernel = buffer<float>(in * out, [](Index i, Index o) { return i * out + o; });
  const float* data = kernel.data();
  check(features_by_units(data, in, out));
}

TEST_CASE("Keras: a convolution's kernel, W[row][column][channel][filter]") {
  constexpr Index rows = 2;
  constexpr Index cols = 3;
  constexpr Index channels = 2;
  float kernel[rows][cols][channels][out];
  for (Index row = 0; row < rows; ++row) {
    for (Index col = 0; col < cols; ++col) {
      for (Index channel = 0; channel < channels; ++channel) {
        for (Index filter = 0; filter < out; ++filter) {
          kernel[row][col][channel][filter] =
              static_cast<float>(1000 * row + 100 * col + 10 * channel + filter);
        }
      }
    }
  }
  const float* data = &kernel[0][0][0][0];
  const auto view = features_by_units(data, rows * cols * channels, out);
  REQUIRE(view.features() == 12);
  CHECK(view.values()((1 * cols + 2) * channels + 1, 3) == 1213);
  CHECK(view.values()((0 * cols + 1) * channels + 0, 2) == 102);
}

TEST_CASE("a buffer of W[output][input], as in PyTorch's files") {
  const auto weight = buffer<float>(in * out, [](Index i, Index o) { return o * in + i; });
  const float* data = weight.data();
  check(units_by_features(data, out, in));
}

TEST_CASE("MiniDNN: an Eigen matrix in x out, then the biases") {
  struct {
    std::vector<std::vector<double>> get_parameters() const {
      return {buffer<double>(in * out + out, [](Index i, Index o) { return o * in + i; })};
    }
  } net;
  const auto parameters = net.get_parameters()[0];
  check(features_by_units(
      Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>>(
          parameters.data(), in, out)));
}

TEST_CASE("OpenCV: a matrix (in + 1) x out of double, row-major, the biases last") {
  struct Mlp {
    Mat matrix;
    const Mat& getWeights(int) const { return matrix; }
  };
  const Mlp opencv{{buffer<double>(in * out + out, [](Index i, Index o) { return i * out + o; })}};
  const Mlp* mlp = &opencv;
  check(features_by_units(mlp->getWeights(1).ptr<double>(), in, out));
}

TEST_CASE("FANN: each unit's inputs, then its bias") {
  auto weights = buffer<float>((in + 1) * out, [](Index i, Index o) { return o * (in + 1) + i; });
  struct {
    float* weights;
  } network{weights.data()};
  const auto* ann = &network;
  check(units_by_features(ann->weights, out, in, in + 1, 1));
}

TEST_CASE("genann: each unit's bias, then its inputs") {
  auto weights =
      buffer<double>((in + 1) * out, [](Index i, Index o) { return o * (in + 1) + 1 + i; });
  struct {
    double* weight;
  } network{weights.data()};
  const auto* ann = &network;
  check(units_by_features(ann->weight + 1, out, in, in + 1, 1));
}

TEST_CASE("Armadillo, Julia, Fortran: column by column") {
  const auto memory = buffer<double>(in * out, [](Index i, Index o) { return o * in + i; });
  struct {
    const double* memory;
    Index n_rows, n_cols;
    const double* memptr() const { return memory; }
  } W{memory.data(), in, out};
  check(features_by_units(W.memptr(), W.n_rows, W.n_cols, 1, W.n_rows));
  const double* data = memory.data();
  const Index rows = in;
  const Index cols = out;
  check(features_by_units(data, rows, cols, 1, rows));
}

TEST_CASE("OpenCV, Blaze: rows that lie apart; xtensor: any strides and an offset") {
  const auto apart = buffer<float>(in * 7, [](Index i, Index o) { return i * 7 + o; });
  const Rows opencv{apart};
  check(features_by_units(opencv.ptr<float>(), opencv.rows, opencv.cols, opencv.step1(), 1));
  const auto padded = buffer<float>(out * 5, [](Index i, Index o) { return o * 5 + i; });
  check(features_by_units(padded.data(), in, out, 1, 5));
  const auto spread = buffer<double>(60, [](Index i, Index o) { return 5 + 2 * i + 8 * o; });
  check(features_by_units(spread.data() + 5, in, out, 2, 8));
}

TEST_CASE("tiny-dnn: a vector W[input * out + output], the biases in another") {
  auto weight = buffer<float>(in * out, [](Index i, Index o) { return i * out + o; });
  std::vector<float> biases(out, static_cast<float>(bias));
  struct Layer {
    std::vector<std::vector<float>*> all;
    std::vector<std::vector<float>*> weights() const { return all; }
  };
  Layer layer{{&weight, &biases}};
  const std::vector<Layer*> net{&layer};
  check(features_by_units(net[0]->weights()[0]->data(), in, out));
}
