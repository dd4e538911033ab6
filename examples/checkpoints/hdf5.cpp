// SPDX-License-Identifier: MIT
//
// HDF5 files, in which Keras saves weights, by HDF5's own library.

#include <hdf5.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint_formats.hpp"

namespace examples::detail {

namespace {

/// What one of HDF5's calls returned, which must not be negative.
template <typename Result>
Result valid(Result result) {
  if (result < 0) refuse("HDF5 cannot read the file; it is damaged, or of another format.");
  return result;
}

/// HDF5 would print errors.
void be_silent() { valid(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr)); }

/// An object that HDF5 has opened.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(valid(id)), close_(close) {}
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }  // NOLINT(*-explicit-*): it stands for the id

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

Shape shape_of(hid_t dataset) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return {0};
  std::vector<hsize_t> sizes(static_cast<std::size_t>(valid(H5Sget_simple_extent_ndims(space))));
  valid(H5Sget_simple_extent_dims(space, sizes.data(), nullptr));
  return {sizes.begin(), sizes.end()};
}

using Tensors = std::vector<std::pair<std::string, std::string>>;

/// Adds a link to the list if it leads to a dataset. HDF5 calls it for every link in the file.
herr_t add_dataset(hid_t file, const char* path, const H5L_info_t* link, void* tensors) {
  try {
    if (link->type != H5L_TYPE_HARD) return 0;
    const Handle object(H5Oopen(file, path, H5P_DEFAULT), H5Oclose);
    if (H5Iget_type(object) != H5I_DATASET) return 0;
    static_cast<Tensors*>(tensors)->emplace_back(path, text_of(shape_of(object)));
    return 0;
  } catch (const std::exception&) {
    return -1;  // no exception may pass through code in C
  }
}

const ElementType& element_type(hid_t dataset, const std::string& name) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (H5Tget_class(type) == H5T_FLOAT) {
    std::size_t exponent = 0, other = 0;
    valid(H5Tget_fields(type, &other, &other, &exponent, &other, &other));
    switch (H5Tget_size(type)) {
      case 2:
        return exponent == 8 ? bfloat16 : float16;
      case 4:
        return float32;
      case 8:
        return float64;
      default:
        break;
    }
  }
  refuse("the elements of \"" + name + "\" are no real numbers of 2, 4 or 8 bytes; save weights " +
         "as float16, float32 or float64.");
}

/// The most elements that a dataset can have in this file. HDF5 itself believes the shape.
std::uint64_t most_elements(hid_t dataset, hid_t properties, std::uint64_t file_size,
                            const ElementType& type) {
  const std::uint64_t bytes = (std::min)(H5Dget_storage_size(dataset), hsize_t{file_size});
  // What was never written is not in the file, and HDF5 fills it in. So many take 1 GiB of memory.
  const bool is_filled_in = bytes == 0 || H5Pget_layout(properties) == H5D_CHUNKED;
  const std::uint64_t filled_in = is_filled_in ? 1U << 27U : 0;
  // Deflate, the usual filter, shortens no text to less than a 1032nd part.
  const std::uint64_t compression = valid(H5Pget_nfilters(properties)) > 0 ? 1100 : 1;
  return bytes * compression / static_cast<std::uint64_t>(type.size) + filled_in;
}

/// Refuses a dataset that HDF5 could not read, and says which filter it lacks, if it lacks one.
[[noreturn]] void refuse_unread(hid_t properties, const std::string& name) {
  for (int i = 0; i < H5Pget_nfilters(properties); ++i) {
    char filter[64] = "";
    std::size_t none = 0;
    const H5Z_filter_t number = H5Pget_filter2(properties, static_cast<unsigned>(i), nullptr, &none,
                                               nullptr, sizeof filter, filter, nullptr);
    if (H5Zfilter_avail(number) > 0) continue;
    refuse("\"" + name + "\" is compressed by the filter " + filter + " (" +
           std::to_string(number) + "), which is not installed; save it without, or by gzip.");
  }
  refuse("HDF5 cannot read \"" + name + "\"; the file is damaged.");
}

/// \param access  how HDF5 opens the file
Tensor read_opened(const std::string& path, hid_t access, std::uint64_t file_size,
                   const std::string& name) {
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  std::string chosen = name;
  hid_t id = name.empty() ? -1 : H5Dopen2(file, name.c_str(), H5P_DEFAULT);
  if (id < 0) {
    Tensors all;
    valid(H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, add_dataset, &all));
    chosen = choose_tensor(all, name);
    id = H5Dopen2(file, chosen.c_str(), H5P_DEFAULT);
  }
  const Handle dataset(id, H5Dclose);

  const ElementType& type = element_type(dataset, chosen);
  Tensor tensor{chosen, type.name, shape_of(dataset), false, {}};
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  // HDF5 would fill in numbers for a file that is missing.
  if (H5Pget_layout(properties) == H5D_VIRTUAL || H5Pget_external_count(properties) > 0) {
    refuse("the elements of \"" + chosen + "\" are in other files; copy them into this one.");
  }
  const std::int64_t count =
      count_up_to(tensor.shape, most_elements(dataset, properties, file_size, type));
  if (count < 0) {
    refuse("the file has fewer elements than the shape " + text_of(tensor.shape) + " of \"" +
           chosen + "\" tells; it is cut or damaged, or most of them were never written.");
  }
  tensor.values.resize(static_cast<std::size_t>(count));
  if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()) <
      0) {
    refuse_unread(properties, chosen);
  }
  return tensor;
}

}  // namespace

Tensor read_hdf5(const std::string& path, const std::string& name) {
  be_silent();
  return read_opened(path, H5P_DEFAULT, std::filesystem::file_size(path), name);
}

Tensor read_hdf5_image(const std::string& image, const std::string& name) {
  be_silent();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  valid(H5Pset_fapl_core(access, 1 << 16, false));
  // HDF5 only copies the bytes.
  valid(H5Pset_file_image(access, const_cast<char*>(image.data()), image.size()));
  return read_opened("image", access, image.size(), name);
}

}  // namespace examples::detail
