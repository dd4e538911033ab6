// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <memory>

#include "paper_setup.hpp"

namespace examples {

/// DeepNN, the third network of VIANN's paper: eight dense layers with batch normalisation and
/// dropout, trained by Adam. Made with libtorch; the interface is that of Network.
class DeepNetwork {
 public:
  DeepNetwork(const Problem& problem, std::uint64_t seed);
  ~DeepNetwork();

  void train_one_epoch(const Eigen::MatrixXf& X, const Eigen::MatrixXf& Y);
  double loss(const Eigen::MatrixXf& X, const Eigen::MatrixXf& Y);
  double accuracy(const Eigen::MatrixXf& X, const Eigen::MatrixXf& Y);
  Eigen::MatrixXf first_layer() const;  // inputs x units
  Eigen::MatrixXf last_layer() const;

 private:
  struct Torch;  // keeps libtorch's headers, slow to compile, out of the examples
  std::unique_ptr<Torch> torch_;
};

}  // namespace examples
