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
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "viann/detail/text/concat.hpp"

/// Common code of the functions of viann/adapters/mpi.hpp.

namespace viann::detail {

/// The most elements in a message: MPI counts them in int, and buffers should be small.
inline constexpr Eigen::Index mpi_message_length = Eigen::Index{1} << 16;

/// \throws std::runtime_error if an MPI function returned an error.
inline void mpi_require(int code, const char* function) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING + 1> reason{};
  int length = 0;
  MPI_Error_string(code, reason.data(), &length);
  throw std::runtime_error(concat("viann: ", function, " failed: ", reason.data()));
}

template <typename Number>
MPI_Datatype mpi_type() {
  if constexpr (std::is_same_v<Number, float>) return MPI_FLOAT;
  if constexpr (std::is_same_v<Number, double>) return MPI_DOUBLE;
  if constexpr (std::is_same_v<Number, long double>) return MPI_LONG_DOUBLE;
  if constexpr (std::is_same_v<Number, std::int64_t>) return MPI_INT64_T;
}

/// A rank's input to a call: words to compare with those of other ranks, or a failure.
struct MpiPart {
  using Words = std::array<char, 512>;

  Words call{}, settings{}, epochs{}, shape{};
  std::int64_t rows = 0, cols = 0;  // of an accumulator
  bool empty = false;               // has observed nothing, so has neither epochs nor shape
  enum { Done, LogicError, OverflowError, OtherError } outcome = Done;
  Words reason{};

  template <typename Hook>
  void describe(const Hook& hook) {
    write(settings, hook.settings());
    write(epochs, concat(hook.epochs(), " epochs"));
  }
  static void write(Words& words, std::string_view text) {
    text.copy(words.data(), words.size() - 1);
  }
};

/// A call that all ranks of a communicator make.
class MpiCall {
 public:
  MpiCall(const char* function, MPI_Comm comm, Eigen::Index message_length)
      : comm_(comm), message_length_(message_length) {
    int initialized = 0;
    int finalized = 0;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    if (initialized == 0 || finalized != 0) {
      throw std::logic_error(concat("viann::", function, ": MPI is ",
                                    finalized != 0 ? "finalised already" : "not initialised",
                                    "; call it between MPI_Init() and MPI_Finalize()."));
    }
    int is_inter = 0;
    if (comm != MPI_COMM_NULL) {
      mpi_require(MPI_Comm_test_inter(comm, &is_inter), "MPI_Comm_test_inter");
    }
    if (comm == MPI_COMM_NULL || is_inter != 0) {
      throw std::invalid_argument(
          concat("viann::", function, ": the communicator is ",
                 is_inter != 0 ? "an intercommunicator" : "MPI_COMM_NULL",
                 "; give the intracommunicator of the ranks that take part."));
    }
    mpi_require(MPI_Comm_rank(comm, &rank_), "MPI_Comm_rank");
    mpi_require(MPI_Comm_size(comm, &size_), "MPI_Comm_size");
    MpiPart::write(own_.call, function);
  }

  int rank() const { return rank_; }
  int size() const { return size_; }

  /// Runs work(part), which must not communicate, on every rank, and waits for all. If it throws on
  /// a rank, or the parts do not fit together, all ranks throw the same exception.
  /// \returns the part of the first rank that is not empty; of rank 0 if all are.
  template <typename Work>
  MpiPart together(const Work& work) {
    const auto failed = [&](auto outcome, const char* reason) {
      own_.outcome = outcome;
      MpiPart::write(own_.reason, reason);
    };
    try {
      work(own_);
    } catch (const std::logic_error& error) {
      failed(MpiPart::LogicError, error.what());
    } catch (const std::overflow_error& error) {
      failed(MpiPart::OverflowError, error.what());
    } catch (const std::exception& error) {
      failed(MpiPart::OtherError, error.what());
    } catch (...) {
      failed(MpiPart::OtherError, "what was thrown is no std::exception.");
    }
    const int failing = first_rank(own_.outcome != MpiPart::Done);
    if (failing < size_) fail(part_of(failing), failing);
    const int first = first_rank(!own_.empty) % size_;
    const MpiPart part = part_of(first);
    const int other = first_rank(difference(part, own_) != nullptr);
    if (other < size_) refuse(part, first, part_of(other), other);
    return part;
  }

  /// Calls message(begin, length) for consecutive parts of n elements.
  template <typename Message>
  void in_messages(Eigen::Index n, const Message& message) const {
    for (Eigen::Index begin = 0; begin < n; begin += message_length_) {
      message(begin, static_cast<int>((std::min)(message_length_, n - begin)));
    }
  }

  void sum(double* numbers, Eigen::Index n) const {
    in_messages(n, [&](Eigen::Index begin, int length) {
      mpi_require(MPI_Allreduce(MPI_IN_PLACE, numbers + begin, length, MPI_DOUBLE, MPI_SUM, comm_),
                  "MPI_Allreduce");
    });
  }
  void gather(std::int64_t number, std::int64_t* by_rank) const {
    mpi_require(MPI_Allgather(&number, 1, MPI_INT64_T, by_rank, 1, MPI_INT64_T, comm_),
                "MPI_Allgather");
  }
  template <typename Number>
  void broadcast(Number* numbers, Eigen::Index n, int root) const {
    in_messages(n, [&](Eigen::Index begin, int length) {
      mpi_require(MPI_Bcast(numbers + begin, length, mpi_type<Number>(), root, comm_), "MPI_Bcast");
    });
  }

 private:
  // The first rank on which something is true; size() if there is none.
  int first_rank(bool is_true) const {
    int first = is_true ? rank_ : size_;
    mpi_require(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm_), "MPI_Allreduce");
    return first;
  }

  MpiPart part_of(int rank) const {
    MpiPart part = own_;
    mpi_require(MPI_Bcast(&part, sizeof part, MPI_BYTE, rank, comm_), "MPI_Bcast");
    return part;
  }

  // The words in which parts must not differ but do.
  static MpiPart::Words MpiPart::*difference(const MpiPart& a, const MpiPart& b) {
    if (a.call != b.call) return &MpiPart::call;
    if (a.settings != b.settings) return &MpiPart::settings;
    if (a.empty || b.empty) return nullptr;
    if (a.epochs != b.epochs) return &MpiPart::epochs;
    return a.shape != b.shape ? &MpiPart::shape : nullptr;
  }

  [[noreturn]] static void fail(const MpiPart& part, int rank) {
    const std::string what =
        concat("viann::", part.call.data(), ": rank ", rank, ": ", part.reason.data());
    if (part.outcome == MpiPart::LogicError) throw std::logic_error(what);
    if (part.outcome == MpiPart::OverflowError) throw std::overflow_error(what);
    throw std::runtime_error(what);
  }

  [[noreturn]] static void refuse(const MpiPart& a, int rank_a, const MpiPart& b, int rank_b) {
    const auto words = difference(a, b);
    const char* verb = words == &MpiPart::call ? " calls " : " has ";
    throw std::invalid_argument(concat(
        "viann::", a.call.data(), ": rank ", rank_a, verb, (a.*words).data(), ", but rank ", rank_b,
        verb, (b.*words).data(),
        "; all ranks must make the same calls, for parts of one layer, after the same epochs."));
  }

  MPI_Comm comm_;
  Eigen::Index message_length_;
  int rank_ = 0;
  int size_ = 0;
  MpiPart own_;
};

/// A communicator with the same ranks, whose messages cannot match those of another.
class MpiDuplicate {
 public:
  explicit MpiDuplicate(MPI_Comm comm) { mpi_require(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup"); }
  ~MpiDuplicate() { MPI_Comm_free(&comm_); }
  MpiDuplicate(const MpiDuplicate&) = delete;
  MpiDuplicate& operator=(const MpiDuplicate&) = delete;

  template <typename Number>
  void send(const Number* numbers, int length, int to) const {
    mpi_require(MPI_Send(numbers, length, mpi_type<Number>(), to, 0, comm_), "MPI_Send");
  }
  template <typename Number>
  void receive(Number* numbers, int length, int from) const {
    mpi_require(MPI_Recv(numbers, length, mpi_type<Number>(), from, 0, comm_, MPI_STATUS_IGNORE),
                "MPI_Recv");
  }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

}  // namespace viann::detail
