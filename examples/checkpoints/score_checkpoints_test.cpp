// SPDX-License-Identifier: MIT
//
// The program score_checkpoints: what it prints and writes, and what it refuses.

#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>
#include <viann/viann.hpp>

#include "../support/dataset.hpp"
#include "../support/network.hpp"
#include "support/catch.hpp"
#include "support/trajectories.hpp"

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A folder that exists as long as the object, in which the program runs.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::absolute("score_checkpoints_test_" +
                                        std::to_string(std::random_device()()))) {
    std::filesystem::create_directory(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// Runs the program. \returns its exit code
  int run(const std::string& arguments) {
    const std::string command =
        "cd " + path_.string() + " && " SCORE_CHECKPOINTS " " + arguments + " >.out 2>.err";
    const int status = std::system(command.c_str());
    out = text_of(path_ / ".out");
    err = text_of(path_ / ".err");
    CAPTURE(arguments, out, err);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
  }

  /// Runs it with arguments that it must refuse without a change to the folder. \returns the
  /// sentence
  std::string refusal(const std::string& arguments) {
    CAPTURE(arguments);
    const auto before = contents();
    CHECK(run(arguments) == 2);
    CHECK(out.empty());
    CHECK(contents() == before);
    return err;
  }

  /// All names, and the texts of regular files, but for those of run().
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      const bool is_text = std::filesystem::is_regular_file(entry.symlink_status());
      result[entry.path().filename().string()] = is_text ? text_of(entry.path()) : "";
    }
    result.erase(".out");
    result.erase(".err");
    return result;
  }

  /// The raw scores that it writes. \returns columns without the names
  std::vector<VectorXd> scores(const std::string& arguments) {
    REQUIRE(run(arguments + " --csv .csv") == 0);
    std::istringstream lines(text_of(path_ / ".csv"));
    std::string line;
    std::getline(lines, line);
    const auto commas = std::count(line.begin(), line.end(), ',');
    std::vector<std::vector<double>> columns(static_cast<std::size_t>(commas));
    while (std::getline(lines, line)) {
      std::istringstream cells(line);
      std::string cell;
      std::getline(cells, cell, ',');
      for (auto& column : columns) {
        std::getline(cells, cell, ',');
        column.push_back(std::strtod(cell.c_str(), nullptr));
      }
    }
    std::vector<VectorXd> result;
    for (const auto& column : columns) {
      result.push_back(
          Eigen::Map<const VectorXd>(column.data(), static_cast<Index>(column.size())));
    }
    return result;
  }

  std::string out, err;

 private:
  std::filesystem::path path_;
};

/// Writes a .npy file with the numbers as they are in memory.
template <typename Number>
void write_npy(const std::filesystem::path& path, const Number* data, const std::string& shape,
               bool is_column_major = false) {
  const std::string type = "<f" + std::to_string(sizeof(Number));
  std::string header = "{'descr': '" + type +
                       "', 'fortran_order': " + (is_column_major ? "True" : "False") +
                       ", 'shape': (" + shape + "), }";
  header.resize(118, ' ');
  std::size_t size = sizeof(Number);
  std::istringstream sizes(shape);
  for (std::string one; std::getline(sizes, one, ',');) size *= std::stoul(one);
  write(path, "\x93NUMPY" + std::string("\x01\x00v\x00", 4) + header +
                  std::string(reinterpret_cast<const char*>(data), size));
}

std::string numbered(const std::string& stem, int number, const std::string& extension = ".npy") {
  return stem + (number < 10 ? "0" : "") + std::to_string(number) + extension;
}

/// Hooks in a loop, beside which the weights are saved.
struct Loop {
  viann::VarianceImportance<> variance;
  viann::DisplacementImportance<> displacement;

  template <typename View>
  void observe(const View& view, bool are_initial) {
    if (are_initial) {
      variance.on_train_begin(view);
      displacement.on_train_begin(view);
    } else {
      variance.on_epoch_end(view);
      displacement.on_epoch_end(view);
    }
  }
};

/// Random weights after `epochs` epochs, as a layer of this shape.
MatrixXd random_weights(Index rows, Index cols, int epoch) {
  std::mt19937 random(static_cast<unsigned>(epoch));
  std::normal_distribution<double> normal;
  return MatrixXd::NullaryExpr(rows, cols, [&] { return normal(random); });
}

/// Four files, 0.npy to 3.npy, of 3 x 2 weights.
void write_small_run(const Folder& folder) {
  for (int epoch = 0; epoch < 4; ++epoch) {
    const RowMajorMatrixXd W = random_weights(3, 2, epoch);
    write_npy(folder / (std::to_string(epoch) + ".npy"), W.data(), "3, 2");
  }
}

const std::string by_features = "--layout features_by_units ";
const std::string by_units = "--layout units_by_features ";

}  // namespace

TEST_CASE("scores are those of the hooks in the loop, to the bit") {
  const examples::Dataset iris = examples::read_csv(EXAMPLES_DATA "/iris.csv");
  const MatrixXd X = examples::standardize(iris.X);
  const MatrixXd Y = examples::one_hot(iris.y);
  examples::NetworkOptions options;
  options.hidden_units = {37};  // so that sums are rounded differently in the two memory orders
  examples::Network<> net(examples::Task::Classification, X.cols(), Y.cols(), 1, options);

  Folder folder;
  Loop col_major, row_major, of_floats, of_halves;
  for (int epoch = 0; epoch <= 10; ++epoch) {
    if (epoch > 0) net.train_one_epoch(X, Y);
    const ColMajorMatrixXd W = net.first_layer();
    col_major.observe(viann::features_by_units(W), epoch == 0);
    write_npy(folder / numbered("fortran", epoch), W.data(), "4, 37", true);
    write_npy(folder / numbered("torch", epoch), W.data(), "37, 4");

    const RowMajorMatrixXd V = W;
    row_major.observe(viann::features_by_units(V), epoch == 0);
    write_npy(folder / numbered("keras", epoch), V.data(), "4, 37");
    write_npy(folder / numbered("transposed", epoch), V.data(), "37, 4", true);

    const Eigen::MatrixXf F = W.cast<float>();
    of_floats.observe(viann::features_by_units(F), epoch == 0);
    write_npy(folder / numbered("float", epoch), F.data(), "4, 37", F.IsRowMajor == 0);

    using Halves = Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Halves H = W.cast<Eigen::half>();
    of_halves.observe(viann::features_by_units(H), epoch == 0);
    write_npy(folder / numbered("half", epoch), H.data(), "4, 37");
  }
  const auto check = [&](const std::string& files, const Loop& loop) {
    CAPTURE(files);
    const auto scores = folder.scores(files + "??.npy --first-is-initial");
    REQUIRE(scores.size() == 2);
    CHECK(scores[0] == loop.variance.raw_scores());
    CHECK(scores[1] == loop.displacement.raw_scores());
  };
  check(by_features + "fortran", col_major);
  check(by_units + "torch", col_major);
  check(by_features + "keras", row_major);
  check(by_units + "transposed", row_major);
  check(by_features + "float", of_floats);
  check(by_features + "half", of_halves);
  CHECK(col_major.variance.raw_scores() != row_major.variance.raw_scores());

  const auto with_initial =
      folder.scores(by_features + "keras0[1-9].npy keras10.npy --initial keras00.npy");
  REQUIRE(with_initial.size() == 2);
  CHECK(with_initial[1] == row_major.displacement.raw_scores());
  const auto alone = folder.scores(by_features + "keras0[1-9].npy keras10.npy");
  REQUIRE(alone.size() == 1);
  CHECK(alone[0] == row_major.variance.raw_scores());
}

TEST_CASE("a gradient beside the weights is handed to the hook") {
  Folder folder;
  viann::DisplacementImportance<> displacement;
  for (int epoch = 0; epoch < 4; ++epoch) {
    const Eigen::MatrixXf W = random_weights(3, 2, epoch).cast<float>();
    const Eigen::MatrixXf G = random_weights(3, 2, 9 + epoch).cast<float>();
    const auto view = [](const Eigen::MatrixXf& M) { return viann::features_by_units(M); };
    if (epoch == 0) displacement.on_train_begin(view(W));
    if (epoch > 0) displacement.on_epoch_end(view(W), view(G));
    std::string header = R"({"W": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, )"
                         R"("G": {"dtype": "F32", "shape": [2, 3], "data_offsets": [24, 48]}})";
    const std::string size = {static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
    const auto bytes = [](const Eigen::MatrixXf& M) {  // units x features, row by row
      return std::string(reinterpret_cast<const char*>(M.data()), 24);
    };
    write(folder / (std::to_string(epoch) + ".safetensors"), size + header + bytes(W) + bytes(G));
  }
  const std::string files = by_units + "?.safetensors --tensor W --gradient-tensor ";
  const auto scores = folder.scores(files + "G --first-is-initial");
  CHECK(scores.back().isApprox(displacement.raw_scores(), 1e-12));
  CHECK(contains(folder.refusal(files + "G"), "--gradient-tensor is for displacement"));
  CHECK(contains(folder.refusal(files + "H --first-is-initial"), "1.safetensors: "));
#ifdef EXAMPLES_WITH_LIBZIP
  // PyTorch's optimizer has Adam's running mean of the gradient.
  CHECK(folder.run(by_units +
                   "--tensor 0.weight --initial " CHECKPOINTS_DIR "/model.pth --gradient-tensor "
                   "optimizer_state_dict.state.0.exp_avg " CHECKPOINTS_DIR "/training.pt") == 0);
#endif
}

TEST_CASE("convolutions: all axes but the units' are features") {
  Folder folder;
  Loop keras, torch;  // of 2 x 3 places, 4 channels and 5 filters
  for (int epoch = 0; epoch < 3; ++epoch) {
    const MatrixXd W = random_weights(120, 1, epoch);
    write_npy(folder / numbered("keras", epoch), W.data(), "2, 3, 4, 5");
    keras.observe(viann::features_by_units(W.data(), 24, 5), epoch == 0);
    write_npy(folder / numbered("torch", epoch), W.data(), "5, 4, 2, 3");
    torch.observe(viann::units_by_features(W.data(), 5, 24), epoch == 0);
  }
  CHECK(folder.scores("--first-is-initial keras0?.npy " + by_features)[1] ==
        keras.displacement.raw_scores());
  CHECK(contains(text_of(folder / ".csv"), "\nx0_0_1,"));
  CHECK(contains(text_of(folder / ".csv"), "\nx1_2_3,"));
  CHECK(folder.scores("--first-is-initial torch0?.npy " + by_units)[1] ==
        torch.displacement.raw_scores());
  CHECK(contains(text_of(folder / ".csv"), "\nx0_0_1,"));
  CHECK(contains(text_of(folder / ".csv"), "\nx3_1_2,"));
}

TEST_CASE("all formats give the same scores") {
  Folder folder;
  const std::string run = CHECKPOINTS_DIR "/run_?";
  const auto scores = folder.scores(by_features + "--first-is-initial " + run + ".npy");
  CHECK(scores[0].size() == 3);
  CHECK(folder.scores(by_features + "--first-is-initial --tensor kernel " + run + ".safetensors") ==
        scores);
#ifdef EXAMPLES_WITH_HDF5
  CHECK(folder.scores(by_features + "--first-is-initial --tensor layers/dense/vars/0 " + run +
                      ".weights.h5") == scores);
  CHECK(folder.scores(by_features + "--first-is-initial --tensor /layers/dense/vars/0 " + run +
                      ".weights.h5") == scores);
  CHECK(contains(folder.refusal(by_features + run + ".weights.h5"),
                 "run_0.weights.h5: the file has several tensors; choose one by --tensor:\n"
                 "  layers/dense/vars/0 (3, 5)\n  layers/dense/vars/1 (5)\n"));
#endif
  CHECK(contains(folder.refusal(by_features + run + ".safetensors"),
                 "run_0.safetensors: the file has several tensors; choose one by --tensor:\n"
                 "  bias (5)\n  kernel (3, 5)\n"));
  CHECK(contains(folder.refusal(by_features + "--tensor bias " + run + ".safetensors"),
                 "run_0.safetensors: a tensor of shape (5) has no weights between"));
}

TEST_CASE("what the program prints and writes") {
  Folder folder;
  write_small_run(folder);
  REQUIRE(folder.run(by_features + "0.npy 1.npy 2.npy 3.npy --names a,b,c --csv v.csv") == 0);
  CHECK(folder.err.empty());
  CHECK(contains(folder.out, "4 of 4 files read\n\nImportance of the inputs by variance, from"));
  CHECK(contains(folder.out, "1.000  ####"));
  CHECK(contains(folder.out, "There is no displacement"));
  CHECK(!contains(folder.out, "weight decay"));
  CHECK(text_of(folder / "v.csv").substr(0, 19) == "feature,variance\na,");
  REQUIRE(folder.run(by_features + "0.npy 1.npy 2.npy 3.npy --html v.html") == 0);
  CHECK(contains(text_of(folder / "v.html"), "Scores of variance from 4 checkpoints"));

  REQUIRE(folder.run(by_features + "1.npy 2.npy 3.npy --initial 0.npy --names a,b,c " +
                     "--csv d.csv --json d.json --html d.html") == 0);
  CHECK(
      contains(folder.out, "3 of 3 files read\n\nImportance of the inputs by displacement, from"));
  CHECK(contains(folder.out, "  feature  displacement  variance\n"));
  CHECK(!contains(folder.out, "There is no"));
  const std::string note =
      "weight decay did to the weights is part of the scores: there are only 2";
  CHECK(contains(folder.out, note));
  const std::string csv = text_of(folder / "d.csv");
  CHECK(csv.substr(0, 32) == "feature,variance,displacement\na,");
  const std::string html = text_of(folder / "d.html");
  CHECK(html.substr(0, 15) == "<!DOCTYPE html>");
  CHECK(contains(html, "Scores of displacement from 3 checkpoints, the last of which is 3.npy."));
  CHECK(contains(html, note));
  CHECK(contains(html, "since epoch"));
  CHECK(contains(html, "<svg"));
  const auto json = nlohmann::json::parse(text_of(folder / "d.json"));
  CHECK(json.at("layout") == "features_by_units");
  CHECK(json.at("type") == "float64");
  CHECK(json.at("tensor") == "");
  CHECK(json.at("shape") == std::vector<int>{3, 2});
  CHECK(json.at("initial") == "0.npy");
  CHECK(json.at("files") == std::vector<std::string>{"1.npy", "2.npy", "3.npy"});
  const auto scores = folder.scores(by_features + "1.npy 2.npy 3.npy --initial 0.npy");
  double top = 0;
  for (const Index i : {0, 1, 2}) {
    const auto& raw = json.at("raw_scores").at(static_cast<std::size_t>(i));
    CHECK(raw.at("feature") == std::string(1, static_cast<char>('a' + i)));
    CHECK(raw.at("variance") == scores[0][i]);
    CHECK(raw.at("displacement") == scores[1][i]);
    const auto& normalized = json.at("scores").at(static_cast<std::size_t>(i));
    CHECK(normalized.at("variance").get<double>() >= 0);
    top = std::max(top, normalized.at("displacement").get<double>());
  }
  CHECK(top == 1);

  REQUIRE(folder.run(by_features + "0.npy 3.npy --first-is-initial --csv one.csv") == 0);
  CHECK(contains(folder.out, "There is no variance"));
  CHECK(text_of(folder / "one.csv").substr(0, 24) == "feature,displacement\nx0,");
}

TEST_CASE("names in a list or a file") {
  Folder folder;
  write_small_run(folder);
  const auto names = [&](const std::string& argument) {
    folder.scores(by_features + "0.npy 1.npy --names " + argument);
    std::string result;
    std::istringstream lines(text_of(folder / ".csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) result += line.substr(0, line.rfind(',')) + ";";
    return result;
  };
  CHECK(names("age,height,\"shoe size\"") == "age;height;shoe size;");
  write(folder / "names.txt", "age\nheight, in cm\nshoe size\n");
  CHECK(names("names.txt") == "age;\"height, in cm\";shoe size;");
  write(folder / "names.txt",
        "\xEF\xBB\xBF"
        "age\r\nheight\r\n\xC3\xA4\r\n\r\n");
  CHECK(names("names.txt") == "age;height;\xC3\xA4;");
  const std::string longer(300, 'a');  // than the name of a file may be
  CHECK(names(longer + ",b,c") == longer + ";b;c;");

  CHECK(contains(
      folder.refusal(by_features + "0.npy 1.npy --names a,b"),
      "0.npy: --names a,b, which is no file, has 2 names, but the weights have 3 features.\n"));
  CHECK(contains(folder.refusal(by_units + "0.npy 1.npy --names names.txt"),
                 "0.npy: --names names.txt has 3 names, but the weights have 2 features.\n"));
  CHECK(contains(folder.refusal(by_features + "0.npy 1.npy --names nams.txt"),
                 "--names nams.txt, which is no file, has 1 name, but"));
  CHECK(contains(folder.refusal(by_features + "0.npy 1.npy --names ."), ". cannot be read"));
}

TEST_CASE("files that are refused by name, and nothing is written") {
  Folder folder;
  for (int epoch = 0; epoch < 10; ++epoch) {
    RowMajorMatrixXd W = random_weights(3, 2, epoch);
    if (epoch == 7) W(2, 1) = std::nan("");
    write_npy(folder / numbered("nan", epoch), W.data(), "3, 2");
  }
  write_small_run(folder);
  write(folder / "old.csv", "old");
  const auto refusal = [&](const std::string& arguments) {
    return folder.refusal(arguments + " --csv old.csv --json new.json");
  };
  CHECK(contains(refusal(by_features + "nan*.npy --first-is-initial"),
                 "nan07.npy: viann::VarianceImportance: epoch 7: the weight of (feature 2, unit 1) "
                 "is nan"));
  for (const double scale : {1e150, 1e200}) {
    const RowMajorMatrixXd W = scale * random_weights(3, 2, 1);
    write_npy(folder / "large.npy", W.data(), "3, 2");
    for (const std::string files :
         {"0.npy large.npy", "0.npy 1.npy large.npy --first-is-initial"}) {
      CHECK(contains(refusal(by_features + files), "large.npy: viann::VarianceImportance: after"));
    }
  }
  CHECK(contains(refusal(by_features + "0.npy large.npy --first-is-initial"),
                 "large.npy: viann::DisplacementImportance: after"));
  CHECK(contains(refusal(by_features + "0.npy no_such_file.npy"),
                 "no_such_file.npy: there is no such file."));
  CHECK(contains(refusal(by_features + "'epoch_*.npy' 0.npy"),
                 "epoch_*.npy: no file matches this pattern"));
  CHECK(contains(refusal(by_features + "0.npy 1.npy --initial no_such_file.npy"),
                 "no_such_file.npy: there is no such file."));
  CHECK(contains(refusal(by_features + "0.npy 1.npy 2.npy --initial ./1.npy"),
                 "1.npy has the weights before training, and cannot be one of the other files"));
  CHECK(contains(refusal(by_features + "0.npy"), "and variance two files"));
  CHECK(contains(refusal(by_features + "0.npy --first-is-initial"), "and one file"));
  CHECK(contains(refusal(by_features + "0.npy 1.npy --initial 2.npy --first-is-initial"),
                 "not both"));
  CHECK(contains(refusal("0.npy 1.npy"), "--layout is required"));
  CHECK(contains(refusal("0.npy 1.npy --layout keras"), "keras"));
  CHECK(contains(refusal(by_features), "files is required"));
  CHECK(contains(refusal(by_features + "0.npy ."), ".: this is a folder; hand over"));
  CHECK(contains(refusal(by_features + "0.npy /dev/null"), "null: the name of a checkpoint ends"));

  write(folder / "cut.npy", text_of(folder / "3.npy").substr(0, 170));
  CHECK(contains(refusal(by_features + "0.npy cut.npy"), "cut.npy: a tensor of shape (3, 2) and"));
  const RowMajorMatrixXd other = random_weights(2, 3, 1);
  write_npy(folder / "other.npy", other.data(), "2, 3");
  CHECK(contains(refusal(by_features + "0.npy other.npy"),
                 "other.npy: the weights are float64 of shape (2, 3), but those of 0.npy are "
                 "float64 of shape (3, 2)."));
  const Eigen::MatrixXf floats = other.cast<float>();
  write_npy(folder / "float.npy", floats.data(), "3, 2");
  CHECK(contains(refusal(by_features + "0.npy float.npy"),
                 "float.npy: the weights are float32 of shape (3, 2), but those of 0.npy are "
                 "float64"));
  write_npy(folder / "vector.npy", other.data(), "6,");
  CHECK(contains(refusal(by_features + "vector.npy 0.npy"),
                 "vector.npy: a tensor of shape (6) has no weights between inputs and units"));
  write_npy(folder / "empty.npy", other.data(), "0, 3");
  CHECK(contains(refusal(by_features + "empty.npy 0.npy"), "empty.npy: a tensor of shape (0, 3)"));
}

TEST_CASE("what the scores are written into") {
  Folder folder;
  write_small_run(folder);
  const std::string arguments = by_features + "0.npy 1.npy 2.npy ";
  CHECK(contains(folder.refusal(arguments + "--csv 3.npy"), "3.npy has the name of a checkpoint"));
  CHECK(contains(folder.refusal(arguments + "--json 3.npy"), "3.npy has the name of a checkpoint"));
  CHECK(
      contains(folder.refusal(arguments + "--csv no_folder/a.csv"), "\"no_folder/a.csv\" cannot"));
  // Links, so that no broken program replaces a device.
  std::filesystem::create_symlink("/dev/full", folder / "full.csv");
  CHECK(contains(folder.refusal(arguments + "--csv a.csv --json full.csv"),
                 "full.csv cannot be written."));
  CHECK(contains(folder.refusal(arguments + "--csv a.csv >/dev/full 2>.err #"),
                 "Standard output cannot be written."));
  CHECK(folder.run("--help >/dev/full #") == 2);

  write(folder / "old.csv", "old");
  write(folder / "scores.csv.new", "mine");
  write(folder / "names", "a\nb\nc\n");
  std::filesystem::create_symlink("old.csv", folder / "link.csv");
  std::filesystem::create_symlink("3.npy", folder / "link");
  std::filesystem::create_symlink("nothing", folder / "dangling");
  std::filesystem::create_symlink("/dev/null", folder / "null");
  for (const auto& [outputs, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"--names names --csv names",
            "\"names\" is given as --names, too; choose another name."},
           {"--names names --csv ./x/../names", "cannot be written"},
           {"--csv new --json ../$(basename $PWD)/new", "is given as --json, too"},
           {"--csv link.csv --html old.csv", "\"link.csv\" is given as --html, too"},
           {"3.npy --csv link", "\"link\" is given as files, too"},
           {"--csv link", "is a link to one, which the scores must not overwrite"},
           {"--csv dangling", "is a link to a file that does not exist"},
           {"--csv " + std::string(300, 'a'), "cannot be written"}}) {
    CHECK(contains(folder.refusal(arguments + outputs), sentence));
  }
  const auto before = folder.contents();
  CHECK(folder.run(arguments + "--csv link.csv --json null --html null") == 0);
  CHECK(std::filesystem::is_symlink(folder / "link.csv"));
  CHECK(contains(text_of(folder / "old.csv"), "feature,variance\nx0,"));
  write(folder / "old.csv", "old");
  CHECK(folder.run(arguments + "--csv scores.csv") == 0);
  std::filesystem::remove(folder / "scores.csv");
  CHECK(folder.contents() == before);
  std::filesystem::create_symlink("/dev/stdout", folder / "stdout");
  for (const std::string pipe : {"", " | cat"}) {
    CHECK(folder.run(arguments + "--csv stdout" + pipe) == 0);
    CHECK(contains(folder.out, "feature,variance\nx0,"));
    CHECK(contains(folder.out, "Importance of the inputs"));
  }
}

TEST_CASE("files in alphabetical order are taken as given, with a note") {
  Folder folder;
  Loop loop;
  for (const int epoch : {1, 10, 2}) {
    const RowMajorMatrixXd W = random_weights(3, 2, epoch);
    write_npy(folder / ("epoch_" + std::to_string(epoch) + ".npy"), W.data(), "3, 2");
    loop.variance.on_epoch_end(viann::features_by_units(W));
  }
  CHECK(folder.scores(by_features + "epoch_*.npy")[0] == loop.variance.raw_scores());
  CHECK(contains(folder.out, "Note: epoch_10.npy was read before epoch_2.npy."));
  CHECK(folder.scores(by_features + "$(ls -v epoch_*.npy)")[0] != loop.variance.raw_scores());
  CHECK(!contains(folder.out, "Note"));
  CHECK(folder.run(by_features + "epoch_2.npy epoch_1.npy") == 0);  // no order of the shell
  CHECK(!contains(folder.out, "Note"));
}
