// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <istream>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <type_traits>

#include "viann/detail/requirements.hpp"

/// \file
/// Saves hooks to streams and loads them, without any library. cereal and Boost.Serialization call
/// the same serialize().

namespace viann {

namespace detail {

/// Numbers in a stream: each takes eight bytes, the least significant first; real ones are doubles.
template <class Stream>
class BinaryArchive {
 public:
  using is_loading = std::is_same<Stream, std::istream>;

  explicit BinaryArchive(Stream& stream) : stream_(stream) {}

  /// Saves or loads a number, or an object that has a serialize().
  template <typename T>
  BinaryArchive& operator&(T& value) {
    if constexpr (std::is_integral_v<T>) {
      const std::uint64_t loaded = transfer(static_cast<std::uint64_t>(value));
      if constexpr (is_loading::value) value = static_cast<T>(loaded);
    } else if constexpr (std::is_floating_point_v<T>) {
      static_assert(std::numeric_limits<T>::digits <= 53, "viann: a long double cannot be saved.");
      double number = value;
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      bits = transfer(bits);
      std::memcpy(&number, &bits, sizeof bits);
      if constexpr (is_loading::value) value = static_cast<T>(number);
    } else {
      value.serialize(*this, 0U);
    }
    return *this;
  }

 private:
  // Saves and returns the bits, or loads and returns others.
  std::uint64_t transfer(std::uint64_t bits) {
    std::array<char, sizeof bits> bytes{};
    if constexpr (is_loading::value) {
      if (!stream_.read(bytes.data(), bytes.size())) {
        throw std::runtime_error("the stream has ended or was not opened");
      }
      bits = 0;
      for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
        bits = bits << 8 | static_cast<unsigned char>(*byte);
      }
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bits >> 8 * i);
      stream_.write(bytes.data(), bytes.size());
    }
    return bits;
  }

  Stream& stream_;
};

}  // namespace detail

/// Saves a hook, a WelfordAccumulator or a ScoreHistory in a small binary file, which has the same
/// bytes on every platform. A run that continues from it ends bit for bit as if it had not been
/// interrupted.
///
/// ```cpp
/// #include <fstream>
/// #include <viann/viann.hpp>
///
/// int main() {
///   viann::VarianceImportance importance, resumed;
///   importance.on_epoch_end(viann::features_by_units(Eigen::MatrixXd::Random(4, 8)));
///   std::ofstream out("run.viann", std::ios::binary);
///   viann::save(out, importance);
///   out.close();
///
///   std::ifstream in("run.viann", std::ios::binary);
///   viann::load(in, resumed);
///   return resumed == importance ? 0 : 1;
/// }
/// ```
///
/// Several objects may follow each other in one stream; load them in the same order. A class of
/// your own can be saved if it has a serialize() of numbers and of objects that can be saved:
///
/// ```cpp
/// template <class Archive>
/// void serialize(Archive& archive, unsigned) {
///   archive & importance & learning_rate;
/// }
/// ```
///
/// \param stream  must be binary; it is flushed
/// \throws std::runtime_error if the stream cannot be written.
/// \throws std::overflow_error if a number of the state is not finite; nothing is written.
template <class Object>
void save(std::ostream& stream, const Object& object) {
  detail::BinaryArchive<std::ostream> archive(stream);
  archive& const_cast<Object&>(object);  // NOLINT(*-const-cast): saving changes nothing
  if (stream.flush()) return;
  throw std::runtime_error(
      "viann::save: the stream cannot be written; was the file opened, and is there space left?");
}

/// Loads what save() has saved. The stream then stands behind it.
/// \param stream  must be binary
/// \param object  of the type that was saved
/// \throws std::runtime_error if the stream was not opened, or holds no such object, or a part of
///         it, a damaged one, or one in another format. A hook, accumulator or history is
///         unchanged.
template <class Object>
void load(std::istream& stream, Object& object) {
  detail::BinaryArchive<std::istream> archive(stream);
  archive& object;
}

}  // namespace viann
