// SPDX-License-Identifier: MIT
//
// A tool: the scores of a training run of which only checkpoints are left.
//
// Reads the first layer's weights from one file after another and hands them to the hooks. The
// scores are those of a training loop that calls the hooks, to the bit.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <viann/tools/html_report.hpp>
#include <viann/viann.hpp>

#include "../support/command_line.hpp"
#include "../support/progress_line.hpp"
#include "checkpoint.hpp"
#include "output_files.hpp"

namespace {

using Eigen::Index;
using examples::Shape;
using examples::Tensor;

struct Arguments {
  std::string layout, tensor, gradient, initial, names, csv, json, html;
  bool first_is_initial = false;
  std::vector<std::string> files;
};

const std::string features_first = "features_by_units";

[[noreturn]] void refuse(const std::string& reason) { throw std::runtime_error(reason); }

/// Whether there is such a file. A list of names may be too long for the name of one.
bool is_there(const std::string& path) {
  std::error_code none;
  return std::filesystem::exists(path, none);
}

/// Moves the first file to the initial weights if that is asked for, and refuses files that cannot
/// be what the user means before any is read.
void choose_files(Arguments& arguments) {
  if (arguments.first_is_initial) {
    if (!arguments.initial.empty()) refuse("Say --initial or --first-is-initial, not both.");
    arguments.initial = arguments.files.front();
    arguments.files.erase(arguments.files.begin());
  }
  const bool has_initial = !arguments.initial.empty();
  if (!arguments.gradient.empty() && !has_initial) {
    refuse(
        "--gradient-tensor is for displacement, which needs the weights before training: "
        "say --initial or --first-is-initial, too.");
  }
  if (arguments.files.size() < (has_initial ? 1 : 2)) {
    refuse("Displacement takes the weights before training and one file, and variance two files: " +
           std::string("hand over more of them."));
  }
  std::vector<std::string> all = arguments.files;
  if (has_initial) all.push_back(arguments.initial);
  for (const std::string& path : all) {
    if (is_there(path)) continue;
    const bool is_pattern = path.find_first_of("*?[") != std::string::npos;
    refuse(path + (is_pattern ? ": no file matches this pattern, or it stands in quotes."
                              : ": there is no such file."));
  }
  for (const std::string& path : arguments.files) {
    if (!has_initial || !std::filesystem::equivalent(path, arguments.initial)) continue;
    refuse(path + " has the weights before training, and cannot be one of the other files, too; " +
           "leave it out there, or say --first-is-initial instead of --initial.");
  }
  for (const std::string& path : {arguments.csv, arguments.json, arguments.html}) {
    std::error_code none;
    const std::string target = std::filesystem::weakly_canonical(path, none).string();
    if (!examples::is_checkpoint_name(path) && !examples::is_checkpoint_name(target)) continue;
    refuse(path + " has the name of a checkpoint, or is a link to one, which the scores must not " +
           "overwrite; choose another name for them.");
  }
}

/// A note if the files are in alphabetical order, in which 10 comes before 2.
std::string note_on_order(const std::vector<std::string>& files) {
  const auto lower = std::is_sorted_until(files.begin(), files.end(), examples::comes_before);
  if (lower == files.end() || !std::is_sorted(files.begin(), files.end())) return "";
  return "\nNote: " + *std::prev(lower) + " was read before " + *lower +
         ". Files are taken in the order given; $(ls -v ...) sorts them by number.\n";
}

/// The layer that all files have, as the first of them tells.
struct Layer {
  std::string file, tensor, type;
  Shape shape;
  Shape feature_shape;  // the sizes of the axes that are features
  Index features = 0, units = 0;
};

/// With more than two axes, one is the unit and all others are features, as in viann's adapters: a
/// convolution has a feature for every row, column and channel.
Layer layer_of(const std::string& file, const Tensor& tensor, bool is_features_first) {
  const Shape& shape = tensor.shape;
  if (shape.size() < 2 || tensor.values.empty()) {
    refuse("a tensor of shape " + examples::text_of(shape) +
           " has no weights between inputs and units; choose one of two axes or more.");
  }
  Layer layer{file, tensor.name, tensor.type, shape, shape};
  const auto unit_axis =
      is_features_first ? layer.feature_shape.end() - 1 : layer.feature_shape.begin();
  layer.units = *unit_axis;
  layer.features = static_cast<Index>(tensor.values.size()) / layer.units;
  layer.feature_shape.erase(unit_axis);
  return layer;
}

/// Calls use(view) with a view of the weights in the file's memory order, on which the last bits of
/// sums depend.
template <typename Use>
void with_view(const Tensor& tensor, const Layer& layer, bool is_features_first, const Use& use) {
  const double* const weights = tensor.values.data();
  if (is_features_first != tensor.is_column_major) {
    use(viann::features_by_units(weights, layer.features, layer.units));
  } else {
    use(viann::units_by_features(weights, layer.units, layer.features));
  }
}

/// The names in a file, one a line, or else in a list, between commas.
std::vector<std::string> read_names(const std::string& file_or_list) {
  std::ifstream file;
  std::istringstream list(file_or_list);
  const bool is_file = is_there(file_or_list);
  if (is_file) file.open(file_or_list);
  if (!file || (is_file && std::filesystem::is_directory(file_or_list))) {
    refuse("--names " + file_or_list + " cannot be read.");
  }
  std::istream& input = is_file ? static_cast<std::istream&>(file) : list;

  std::vector<std::string> names;
  for (std::string name; std::getline(input, name, is_file ? '\n' : ',');) {
    if (is_file && !name.empty() && name.back() == '\r') name.pop_back();
    names.push_back(name);
  }
  if (!is_file) return names;
  if (!names.empty() && names.front().rfind("\xEF\xBB\xBF", 0) == 0) {
    names.front().erase(0, 3);  // a byte-order mark
  }
  while (!names.empty() && names.back().empty()) names.pop_back();
  return names;
}

/// The names that were given, or else x and the feature's index on each axis.
std::vector<std::string> feature_names(const std::string& file_or_list, const Layer& layer) {
  std::vector<std::string> names;
  if (file_or_list.empty()) {
    for (Index feature = 0; feature < layer.features; ++feature) {
      std::string name;
      Index rest = feature;
      for (auto size = layer.feature_shape.rbegin(); size != layer.feature_shape.rend(); ++size) {
        name = std::to_string(rest % *size) + (name.empty() ? "" : "_") + name;
        rest /= *size;
      }
      names.push_back("x" + name);
    }
    return names;
  }
  names = read_names(file_or_list);
  if (static_cast<Index>(names.size()) == layer.features) return names;
  const bool is_file = is_there(file_or_list);
  refuse("--names " + file_or_list + (is_file ? "" : ", which is no file,") + " has " +
         std::to_string(names.size()) + (names.size() == 1 ? " name" : " names") +
         ", but the weights have " + std::to_string(layer.features) + " features.");
}

struct Scores {
  std::string title;
  Eigen::VectorXd raw, normalized;
};

/// What is known when all files have been read.
struct Run {
  Layer layer;
  std::vector<std::string> names;
  std::vector<Scores> scores;   // by hook: variance, displacement
  viann::ScoreHistory history;  // of the last hook
  std::string note;             // on how the last hook scored
};

/// Hands the weights of one file after another to the hooks.
/// \throws std::runtime_error with the name of the file that is refused.
Run read_run(const Arguments& arguments, examples::ProgressLine& progress) {
  Run run;
  viann::VarianceImportance variance;
  viann::DisplacementImportance displacement;
  const bool is_features_first = arguments.layout == features_first;
  const bool has_initial = !arguments.initial.empty();
  const auto read = [&](const std::string& path, const auto& use) {
    const Tensor tensor = examples::read_tensor(path, arguments.tensor);
    try {
      const Layer layer = layer_of(path, tensor, is_features_first);
      if (run.names.empty()) {
        run.layer = layer;
        run.names = feature_names(arguments.names, layer);
      } else if (layer.shape != run.layer.shape || layer.type != run.layer.type) {
        refuse("the weights are " + layer.type + " of shape " + examples::text_of(layer.shape) +
               ", but those of " + run.layer.file + " are " + run.layer.type + " of shape " +
               examples::text_of(run.layer.shape) + ".");
      }
      with_view(tensor, layer, is_features_first, use);
    } catch (const std::exception& error) {
      refuse(path + ": " + error.what());
    }
  };

  if (has_initial) {
    read(arguments.initial, [&](const auto& view) {
      variance.on_train_begin(view);
      displacement.on_train_begin(view);
    });
  }
  std::size_t files = 0;
  for (const std::string& path : arguments.files) {
    ++files;
    // Every score is computed here, so that a message about it names the file.
    read(path, [&](const auto& view) {
      Eigen::VectorXd scores;
      variance.on_epoch_end(view);
      if (files > 1) scores = variance.scores();  // it takes two
      if (has_initial) {
        if (arguments.gradient.empty()) {
          displacement.on_epoch_end(view);
        } else {
          const Tensor gradient = examples::read_tensor(path, arguments.gradient);
          with_view(gradient, layer_of(path, gradient, is_features_first), is_features_first,
                    [&](const auto& of_loss) { displacement.on_epoch_end(view, of_loss); });
        }
        scores = displacement.scores();
      }
      if (scores.size() > 0) run.history.add(static_cast<std::int64_t>(files), scores);
    });
    progress.show(std::to_string(files) + " of " + std::to_string(arguments.files.size()) +
                  " files read");
  }
  if (files > 1) run.scores.push_back({"variance", variance.raw_scores(), variance.scores()});
  if (has_initial) {
    run.scores.push_back({"displacement", displacement.raw_scores(), displacement.scores()});
    if (!displacement.removes_decay()) {
      run.note = "What weight decay did to the weights is part of the scores: there are only " +
                 std::to_string(displacement.units()) + " units.";
    }
  }
  return run;
}

viann::Report report_of(const Run& run, const std::vector<Scores>& scores,
                        Eigen::VectorXd Scores::*kind) {
  viann::Report report(run.names, scores.front().*kind, scores.front().title);
  for (std::size_t i = 1; i < scores.size(); ++i)
    report.add_column(scores[i].title, scores[i].*kind);
  return report;
}

std::string json_of(const Run& run, const Arguments& arguments) {
  nlohmann::ordered_json json;
  json["layout"] = arguments.layout;
  json["tensor"] = run.layer.tensor;
  json["type"] = run.layer.type;
  json["shape"] = run.layer.shape;
  json["initial"] = arguments.initial;
  json["files"] = arguments.files;
  json["raw_scores"] = report_of(run, run.scores, &Scores::raw);
  json["scores"] = report_of(run, run.scores, &Scores::normalized);
  // Names and paths need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// The scores of the last hook, by which tables are sorted, and those of the other.
viann::Report last_first(const Run& run) {
  return report_of(run, {run.scores.rbegin(), run.scores.rend()}, &Scores::normalized);
}

std::string html_of(const Run& run, const Arguments& arguments) {
  viann::HtmlReportOptions options;
  options.note = "Scores of " + run.scores.back().title + " from " +
                 std::to_string(arguments.files.size()) + " checkpoints, the last of which is " +
                 arguments.files.back() +
                 ". The epochs of the chart are the checkpoints' numbers. " + run.note;
  return viann::html_report(last_first(run), run.history, options);
}

/// The table, in the order of the last hook's scores.
std::string table_of(const Run& run) {
  std::string text = "\nImportance of the inputs by " + run.scores.back().title +
                     ", from most to least:\n" + last_first(run).table();
  if (!run.note.empty()) text += "\n" + run.note + "\n";
  if (run.scores.back().title == "variance") {
    text +=
        "\nThere is no displacement, which is right more often: it takes the weights before "
        "training\n(--initial, --first-is-initial).\n";
  } else if (run.scores.size() == 1) {
    text += "\nThere is no variance: it takes two files beside the weights before training.\n";
  }
  return text;
}

void score_checkpoints(Arguments arguments) {
  const std::string note = note_on_order(arguments.files);
  choose_files(arguments);
  examples::ProgressLine progress;
  try {
    const Run run = read_run(arguments, progress);
    examples::OutputFiles files;
    files.add(arguments.csv, report_of(run, run.scores, &Scores::raw).csv());
    files.add(arguments.json, json_of(run, arguments));
    files.add(arguments.html, html_of(run, arguments));
    files.write([&] {
      progress.finish();
      std::cout << table_of(run) << note;
    });
  } catch (...) {
    progress.clear();
    throw;
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  examples::CommandLine command(
      "Which inputs does a network rely on? Scores from the checkpoints of its training.");
  command.add_files("files", arguments.files,
                    "checkpoints, in the order of training: .npy, .npz, .pt, .pth, .ckpt, .bin, "
                    ".safetensors, .index.json, .keras, .h5, .hdf5");
  command.add_choice("--layout", arguments.layout,
                     "which axis comes first: inputs (Keras) or units (PyTorch)",
                     {features_first, "units_by_features"});
  command.require("--layout");
  command.add_text("--tensor", arguments.tensor,
                   "name of the first layer's weights in each file; needed if there are others");
  command.add_text("--gradient-tensor", arguments.gradient,
                   "name of the gradient by these weights in each file, or of Adam's exp_avg");
  command.add_input("--initial", arguments.initial, "checkpoint of the weights before training");
  command.add_flag("--first-is-initial", arguments.first_is_initial,
                   "the first file has the weights before training");
  command.add_input("--names", arguments.names,
                    "names of the inputs: a,b,c or a file with a name a line");
  command.add_output("--csv", arguments.csv, "file for the raw scores");
  command.add_output("--json", arguments.json, "file for all scores and what they are of");
  command.add_output("--html", arguments.html, "file for a page to look at in a browser");
  // A wrong file is a wrong argument.
  return command.run(argc, argv, [&] { score_checkpoints(arguments); }) == 0 ? 0 : 2;
}
