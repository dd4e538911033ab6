// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "support/trajectories.hpp"

/// A matrix with strides, which may be negative, in a buffer whose other elements are NaN.
template <typename Number>
class StridedBuffer {
 public:
  StridedBuffer(const ColMajorMatrixXd& values, Eigen::Index row_stride, Eigen::Index col_stride)
      : row_stride_(row_stride), col_stride_(col_stride) {
    const Eigen::Index down = (values.rows() - 1) * row_stride;
    const Eigen::Index along = (values.cols() - 1) * col_stride;
    first_ = 3 - (std::min)(down, Eigen::Index{0}) - (std::min)(along, Eigen::Index{0});
    const Eigen::Index last =
        first_ + (std::max)(down, Eigen::Index{0}) + (std::max)(along, Eigen::Index{0});
    numbers_.assign(static_cast<std::size_t>(last + 3),
                    static_cast<Number>(std::numeric_limits<float>::quiet_NaN()));
    for (Eigen::Index row = 0; row < values.rows(); ++row) {
      for (Eigen::Index col = 0; col < values.cols(); ++col) {
        (*this)(row, col) = static_cast<Number>(values(row, col));
      }
    }
  }

  Number& operator()(Eigen::Index row, Eigen::Index col) {
    return numbers_.at(static_cast<std::size_t>(first_ + row * row_stride_ + col * col_stride_));
  }

  /// The address of element (0, 0).
  Number* data() { return &(*this)(0, 0); }

 private:
  Eigen::Index row_stride_;
  Eigen::Index col_stride_;
  Eigen::Index first_ = 0;
  std::vector<Number> numbers_;
};

struct Strides {
  Eigen::Index row;
  Eigen::Index col;
};

/// Strides for a 3 x 5 matrix: of both orders, with gaps, backwards, interleaved.
inline std::vector<Strides> strides_of_3_x_5() {
  return {{5, 1},   {1, 3},   {17, 2}, {2, 9}, {-5, 1}, {1, -4},
          {-2, -7}, {-20, 3}, {3, 4},  {5, 3}, {5, -1}, {-1, 3}};
}
