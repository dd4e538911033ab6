// SPDX-License-Identifier: MIT
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The bytes of libFuzzer's data as choices. When they end, every choice is the first.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}
  bool are_left() const { return next_ != end_; }
  std::size_t operator()(std::size_t count) { return are_left() ? *next_++ % count : 0; }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

/// A floating-point type of 16 bits.
inline hid_t half_type(std::size_t mantissa) {
  const hid_t type = H5Tcopy(H5T_IEEE_F32BE);
  H5Tset_fields(type, 15, mantissa, 15 - mantissa, 0, mantissa);
  H5Tset_precision(type, 16);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, (std::size_t{1} << (14 - mantissa)) - 1);
  return type;
}

/// Writes a file of HDF5 that is valid, whatever its objects are, by HDF5's own library: that one
/// leaks and loops on damaged files. Returns the names and elements of the tensors in it.
inline std::map<std::string, std::vector<double>> write_hdf5(const std::string& path,
                                                             Choices& choose) {
  enum Layout { Contiguous, Chunked, Compact, External, Virtual };
  std::map<std::string, std::vector<double>> tensors;
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "layer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const std::vector<hid_t> types = {H5Tcopy(H5T_IEEE_F32LE),
                                    H5Tcopy(H5T_IEEE_F64BE),
                                    half_type(10),
                                    half_type(7),
                                    H5Tcopy(H5T_STD_I32LE),
                                    H5Tcopy(H5T_C_S1),
                                    H5Tcopy(H5T_NATIVE_LDOUBLE)};
  for (int i = 0; choose.are_left() && i < 4; ++i) {
    const std::string name = std::to_string(i);
    const std::size_t link = choose(8);
    if (link == 1) H5Lcreate_soft("/layer/0", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    if (link == 2) H5Lcreate_external("none", "0", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    if (link == 3) H5Lcreate_hard(file, "/", group, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    if (link >= 1 && link <= 3) continue;

    std::vector<hsize_t> shape(choose(4)), chunks;
    hsize_t count = 1;
    for (hsize_t& size : shape) {
      constexpr hsize_t sizes[] = {2, 1, 3, 5, 0, hsize_t{1} << 40U};
      size = sizes[choose(6)];
      count = (std::min)(count * size, hsize_t{1} << 20U);
      chunks.push_back((std::min)(hsize_t{1 + choose(3)}, (std::max)(size, hsize_t{1})));
    }
    const auto rank = static_cast<int>(shape.size());
    const hid_t space = rank == 0 ? H5Screate(choose(2) == 0 ? H5S_SCALAR : H5S_NULL)
                                  : H5Screate_simple(rank, shape.data(), nullptr);
    if (H5Sget_simple_extent_type(space) == H5S_NULL) count = 0;
    const std::size_t type = choose(types.size());
    const auto layout = static_cast<Layout>(choose(5));
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    if (layout == Chunked && rank > 0) {
      H5Pset_chunk(properties, rank, chunks.data());
      if (choose(2) == 1) H5Pset_deflate(properties, 9);
      if (choose(2) == 1) H5Pset_shuffle(properties);
      if (choose(2) == 1) H5Pset_fletcher32(properties);
      if (choose(4) == 1) H5Pset_filter(properties, 32001, H5Z_FLAG_OPTIONAL, 0, nullptr);
    }
    if (layout == Compact) H5Pset_layout(properties, H5D_COMPACT);
    if (layout == External) H5Pset_external(properties, "none", 0, H5F_UNLIMITED);
    if (layout == Virtual) H5Pset_virtual(properties, space, "none", "0", space);
    const double fill = static_cast<double>(choose(8));
    H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &fill);

    const hid_t dataset =
        H5Dcreate2(group, name.c_str(), types[type], space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (dataset >= 0) {
      const bool is_small = count < hsize_t{1} << 20U;
      std::vector<double> elements(is_small ? count : 0, fill);
      if (is_small && type < 5 && layout < External && choose(4) > 0) {
        for (double& element : elements) element = static_cast<double>(choose(8));
        H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements.data());
      }
      if (is_small && type < 4 && layout < External) tensors["layer/" + name] = elements;
      H5Dclose(dataset);
    }
    H5Pclose(properties);
    H5Sclose(space);
  }
  for (const hid_t type : types) H5Tclose(type);
  H5Gclose(group);
  H5Fclose(file);
  return tensors;
}
