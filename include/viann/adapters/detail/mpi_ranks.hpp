// SPDX-License-Identifier: MIT
#pragma once

// viann needs only the C interface; MPI's former C++ bindings would need one more library.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "viann/detail/text/concat.hpp"

namespace viann::detail {

/// A number that all ranks must have in common, 0 or more, and its name in messages.
struct MpiValue {
  const char* name = "";
  std::int64_t value = 0;
};
using MpiValues = std::array<MpiValue, 5>;

/// The ranks of a communicator, on behalf of a public function or class.
class MpiRanks {
 public:
  MpiRanks() = default;
  MpiRanks(MPI_Comm comm, const char* caller) : comm_(comm), caller_(caller) {
    require(MPI_Comm_rank(comm, &rank_), "MPI_Comm_rank");
    require(MPI_Comm_size(comm, &size_), "MPI_Comm_size");
  }

  /// Calls work(), which must not communicate, on every rank, and compares what they bring. If it
  /// throws on a rank, or the ranks differ, all ranks throw.
  /// \param takes_part  whether this rank has anything to compare
  /// \returns whether a rank takes part; `values` are then those of the ranks that do
  template <typename Work>
  bool agree(MpiValues& values, bool takes_part, const Work& work) const {
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    // The largest of every value and of its negative, and the first rank that failed.
    std::array<std::int64_t, 2 * std::tuple_size_v<MpiValues> + 3> largest{};
    constexpr std::int64_t none = (std::numeric_limits<std::int64_t>::min)();
    largest.fill(none);
    const auto bring = [&](std::size_t i, std::int64_t value) {
      largest[2 * i] = value;
      largest[2 * i + 1] = -value;
    };
    for (std::size_t i = 0; takes_part && i < values.size(); ++i) bring(i, values[i].value);
    std::int64_t number_of_caller = 0;
    for (const char* c = caller_; *c != 0; ++c) {
      number_of_caller = (number_of_caller * 31 + *c) % 1000000007;
    }
    bring(values.size(), number_of_caller);
    if (failure) largest.back() = -rank_;
    require(MPI_Allreduce(MPI_IN_PLACE, largest.data(), static_cast<int>(largest.size()),
                          MPI_INT64_T, MPI_MAX, comm_),
            "MPI_Allreduce");
    if (failure) std::rethrow_exception(failure);
    if (largest.back() != none) {
      throw std::runtime_error(concat("viann::", caller_, ": rank ", -largest.back(),
                                      " has failed; what it throws says why."));
    }
    const std::size_t compared = values.size();
    if (largest[2 * compared] != -largest[2 * compared + 1]) {
      throw std::invalid_argument(concat("viann::", caller_, ": another rank calls another ",
                                         "function; make the same calls on all ranks."));
    }
    if (largest[0] == none) return false;
    for (std::size_t i = 0; i < compared; ++i) {
      const std::int64_t least = -largest[2 * i + 1];
      if (largest[2 * i] != least) {
        throw std::invalid_argument(concat("viann::", caller_, ": the ranks' ", values[i].name,
                                           " differ, from ", least, " to ", largest[2 * i],
                                           "; pass parts of one layer, after the same epochs."));
      }
      values[i].value = least;
    }
    return true;
  }

  /// Adds up numbers of all ranks.
  template <typename Number>
  void add_up(Number* numbers, std::size_t count) const {
    constexpr std::size_t most = std::size_t{1} << 24;  // MPI counts in int
    for (std::size_t i = 0; i < count; i += most) {
      const auto length = static_cast<int>((std::min)(most, count - i));
      require(MPI_Allreduce(MPI_IN_PLACE, numbers + i, length, type_of<Number>(), MPI_SUM, comm_),
              "MPI_Allreduce");
    }
  }

  /// The ranks' numbers, those of rank 0 first.
  /// \throws std::runtime_error on all ranks if there are more than MPI counts.
  Eigen::VectorXd gather(const Eigen::VectorXd& own) const {
    const std::int64_t length = own.size();
    std::vector<std::int64_t> lengths(static_cast<std::size_t>(size_));
    require(MPI_Allgather(&length, 1, MPI_INT64_T, lengths.data(), 1, MPI_INT64_T, comm_),
            "MPI_Allgather");
    std::vector<int> counts;  // MPI counts in int
    std::vector<int> begins;
    std::int64_t all = 0;
    for (const std::int64_t of_rank : lengths) {
      begins.push_back(static_cast<int>(all));
      all = add_countable(all, of_rank);
      counts.push_back(static_cast<int>(of_rank));
    }
    Eigen::VectorXd result(static_cast<Eigen::Index>(all));
    require(MPI_Allgatherv(own.data(), counts[static_cast<std::size_t>(rank_)], MPI_DOUBLE,
                           result.data(), counts.data(), begins.data(), MPI_DOUBLE, comm_),
            "MPI_Allgatherv");
    return result;
  }

  /// The sum of two numbers of features whose scores are gathered.
  /// \throws std::runtime_error if MPI cannot count so many.
  std::int64_t add_countable(std::int64_t a, std::int64_t b) const {
    constexpr std::int64_t most = (std::numeric_limits<int>::max)();
    if (b <= most - a) return a + b;
    throw std::runtime_error(concat("viann::", caller_, ": MPI counts no more than ", most,
                                    " scores; gather those of some ranks at a time, by a "
                                    "communicator of theirs."));
  }

  /// The sum of the numbers of the ranks before this one.
  std::int64_t sum_before(std::int64_t here) const {
    std::int64_t sum = 0;
    require(MPI_Scan(&here, &sum, 1, MPI_INT64_T, MPI_SUM, comm_), "MPI_Scan");
    return sum - here;
  }

 private:
  template <typename Number>
  static MPI_Datatype type_of() {
    if constexpr (std::is_same_v<Number, std::int64_t>) return MPI_INT64_T;
    if constexpr (std::is_same_v<Number, float>) return MPI_FLOAT;
    if constexpr (std::is_same_v<Number, double>) return MPI_DOUBLE;
    if constexpr (std::is_same_v<Number, long double>) return MPI_LONG_DOUBLE;
  }

  /// \throws std::runtime_error if an MPI function returned an error.
  static void require(int code, const char* function) {
    if (code == MPI_SUCCESS) return;
    std::array<char, MPI_MAX_ERROR_STRING + 1> reason{};
    int length = 0;
    MPI_Error_string(code, reason.data(), &length);
    throw std::runtime_error(concat("viann: ", function, " failed: ", reason.data()));
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  const char* caller_ = "";
  int rank_ = 0;
  int size_ = 1;
};

/// A rank's part of the features of a layer, for LayerDisplacement.
struct MpiFeatures {
  MpiRanks ranks;
  std::int64_t all = 0;
  std::int64_t first = 0;

  Eigen::Index first_feature() const { return static_cast<Eigen::Index>(first); }
  Eigen::Index all_features(Eigen::Index /*here*/) const { return static_cast<Eigen::Index>(all); }
  template <typename Sum>
  void add_up(Sum* numbers, std::size_t count) const {
    ranks.add_up(numbers, count);
  }
};

}  // namespace viann::detail
