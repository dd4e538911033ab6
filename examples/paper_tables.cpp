// SPDX-License-Identifier: MIT
//
// The paper's tables, over many seeds.
//
// Trains the networks of VIANN's paper on its six data sets and prints how far the scores of VIANN,
// Garson's algorithm, leaving one feature out (LOFO) and a random forest (RF) agree, as Pearson's
// correlation, beside what the author published for a single run. Every run that has ended is a row
// of the CSV file; started again with the same file, the program goes on from there.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/paper_setup.hpp"
#include "support/progress_line.hpp"
#include "support/random_forest.hpp"
#ifdef EXAMPLES_WITH_TORCH
#include "support/deep_network.hpp"
#endif

namespace {

using examples::Problem;
using Correlations = std::array<double, 4>;

const std::array<const char*, 4> correlation_names = {"VIANN-LOFO", "VIANN-RF", "Garson-LOFO",
                                                      "Garson-VIANN"};
const std::vector<std::string> all_models = {"nn1", "nn2", "deep"};
const std::vector<std::string> all_datasets = {"breastcancer", "digits", "iris",
                                               "wine",         "boston", "diabetes"};

// The author's notebook: its tables of correlations, and the epochs at which its log says that
// training stopped (1000 is the most; 0 where its log is not known).
struct Published {
  Correlations correlations;
  int epochs;
};
const std::map<std::pair<std::string, std::string>, Published> published = {
    {{"nn1", "breastcancer"}, {{.43, .85, .17, .20}, 11}},
    {{"nn1", "digits"}, {{.96, .66, .90, .87}, 1000}},
    {{"nn1", "iris"}, {{.99, .88, .73, .62}, 53}},
    {{"nn1", "wine"}, {{.93, .64, .91, .85}, 63}},
    {{"nn1", "boston"}, {{.95, .79, .84, .80}, 100}},
    {{"nn1", "diabetes"}, {{.86, .68, .85, .79}, 100}},
    {{"nn2", "breastcancer"}, {{.78, .76, .43, .61}, 101}},
    {{"nn2", "digits"}, {{.94, .76, .92, .84}, 884}},
    {{"nn2", "iris"}, {{.92, .87, .97, .81}, 366}},
    {{"nn2", "wine"}, {{.88, .50, .95, .93}, 259}},
    {{"nn2", "boston"}, {{.96, .81, .76, .60}, 100}},
    {{"nn2", "diabetes"}, {{.98, .90, .64, .60}, 100}},
    {{"deep", "breastcancer"}, {{.60, .45, .22, .37}, 0}},
    {{"deep", "digits"}, {{.83, .80, .60, .46}, 0}},
    {{"deep", "iris"}, {{.90, .98, .73, .49}, 0}},
    {{"deep", "wine"}, {{.41, .43, .74, .51}, 0}},
    {{"deep", "boston"}, {{.76, .86, .76, .79}, 100}},
    {{"deep", "diabetes"}, {{.86, .88, .64, .80}, 100}}};

struct Run {
  std::string model, dataset;
  unsigned seed;

  bool operator<(const Run& other) const {
    return std::tie(seed, model, dataset) < std::tie(other.seed, other.model, other.dataset);
  }
};

struct Result {
  int epochs;
  Correlations correlations;
};

using Results = std::map<Run, Result>;

template <typename Net, typename OnEpochEnd>
Result train_and_compare(Net net, const Problem& problem, const Eigen::VectorXd& forest,
                         const OnEpochEnd& on_epoch_end) {
  viann::VarianceImportance importance;
  const int epochs = examples::train_as_in_paper(net, problem, [&](int epoch) {
    importance.on_epoch_end(viann::features_by_units(net.first_layer()));
    on_epoch_end(epoch);
  });
  const Eigen::VectorXd viann = importance.scores();
  const Eigen::VectorXd garson = examples::notebook_garson(net);
  const Eigen::VectorXd lofo = viann::leave_one_feature_out(
      problem.X, [&](const Eigen::MatrixXf& X) { return net.loss(X, problem.Y); },
      viann::Replacement::Zero);
  return {epochs,
          {viann::pearson(viann, lofo), viann::pearson(viann, forest), viann::pearson(garson, lofo),
           viann::pearson(garson, viann)}};
}

template <typename OnEpochEnd>
Result carry_out(const Run& run, const Problem& problem, const Eigen::VectorXd& forest,
                 const OnEpochEnd& on_epoch_end) {
#ifdef EXAMPLES_WITH_TORCH
  if (run.model == "deep") {
    return train_and_compare(examples::DeepNetwork(problem, run.seed), problem, forest,
                             on_epoch_end);
  }
#endif
  const auto activation =
      run.model == "nn1" ? examples::Activation::Linear : examples::Activation::Relu;
  return train_and_compare(examples::paper_network(problem, activation, run.seed), problem, forest,
                           on_epoch_end);
}

// The rows of an earlier call, by run. An incomplete line is refused, not skipped: the next row
// would be appended to it.
Results read_results(const std::string& path) {
  Results results;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream cells(line);
    Run run;
    Result result{};
    cells >> run.model >> run.dataset >> run.seed >> result.epochs;
    for (double& correlation : result.correlations) cells >> correlation;
    if (!cells) throw std::runtime_error(path + " holds a line that is no result: " + line);
    results[run] = result;
  }
  return results;
}

std::string row(const Run& run, const Result& result) {
  std::ostringstream out;
  out << run.model << ',' << run.dataset << ',' << run.seed << ',' << result.epochs;
  for (const double correlation : result.correlations) out << ',' << correlation;
  return out.str();
}

// The time left, estimated from how long the same network and data took before.
class Clock {
 public:
  void start() { begin_ = std::chrono::steady_clock::now(); }
  void stop(const Run& run) {
    seconds_[{run.model, run.dataset}] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  std::string left(std::vector<Run>::const_iterator begin,
                   std::vector<Run>::const_iterator end) const {
    double sum = 0;
    for (auto run = begin; run != end; ++run) {
      const auto known = seconds_.find({run->model, run->dataset});
      if (known == seconds_.end()) return "";
      sum += known->second;
    }
    return ", about " + std::to_string(static_cast<int>(std::ceil(sum / 60))) + " min left";
  }

 private:
  std::chrono::steady_clock::time_point begin_;
  std::map<std::pair<std::string, std::string>, double> seconds_;
};

void print_tables(const Results& results, const std::vector<std::string>& models,
                  const std::vector<std::string>& datasets) {
  std::cout << std::fixed << std::setprecision(2);
  for (const std::string& model : models) {
    for (const std::string& dataset : datasets) {
      std::vector<Result> runs;
      for (const auto& [run, result] : results) {
        if (run.model == model && run.dataset == dataset) runs.push_back(result);
      }
      if (runs.empty()) continue;
      const Published& paper = published.at({model, dataset});
      const auto print = [&](const char* name, int digits, double paper_value, const auto& value) {
        Eigen::VectorXd values(static_cast<Eigen::Index>(runs.size()));
        std::transform(runs.begin(), runs.end(), values.begin(), value);
        const double n = static_cast<double>(values.size());
        const double mean = values.mean();
        const double deviation =
            n > 1 ? std::sqrt((values.array() - mean).square().sum() / (n - 1)) : 0;
        // The author published two digits: what rounds to the same value is not outside.
        const double slack = digits > 0 ? 0.005 : 0.5;
        const bool outside =
            paper_value < values.minCoeff() - slack || paper_value > values.maxCoeff() + slack;
        std::cout << "  " << std::left << std::setw(14) << name << std::right
                  << std::setprecision(digits) << std::setw(8) << mean << std::setw(8) << deviation
                  << std::setw(8) << values.minCoeff() << std::setw(8) << values.maxCoeff();
        if (paper_value != 0) {
          std::cout << std::setw(11) << paper_value << (outside ? "  outside" : "");
        }
        std::cout << "\n";
      };
      std::cout << "\n"
                << model << " on " << dataset << ", " << runs.size()
                << (runs.size() == 1 ? " seed" : " seeds") << "\n"
                << std::setw(24) << "mean" << std::setw(8) << "sd" << std::setw(8) << "least"
                << std::setw(8) << "most" << std::setw(11) << "published\n";
      for (std::size_t k = 0; k < correlation_names.size(); ++k) {
        print(correlation_names[k], 2, paper.correlations[k],
              [k](const Result& result) { return result.correlations[k]; });
      }
      print("epochs", 0, paper.epochs, [](const Result& result) { return result.epochs; });
    }
  }
}

void paper_tables(const std::vector<std::string>& models, const std::vector<std::string>& datasets,
                  unsigned seeds, const std::string& csv) {
  Results results;
  std::ofstream file;
  if (!csv.empty()) {
    const bool exists = std::filesystem::exists(csv);
    if (exists) results = read_results(csv);
    file.open(csv, std::ios::app);
    if (!exists) {
      file << "model,dataset,seed,epochs,viann_lofo,viann_rf,garson_lofo,garson_viann" << std::endl;
    }
    if (!file) throw std::runtime_error(csv + " cannot be written.");
  }

  std::map<std::string, examples::Dataset> data;
  for (const std::string& dataset : datasets) {
    data[dataset] = examples::read_csv(EXAMPLES_DATA "/" + dataset + ".csv");
  }
  std::vector<Run> runs;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    for (const std::string& model : models) {
      for (const std::string& dataset : datasets) {
        const Run run{model, dataset, seed};
        if (results.count(run) == 0) runs.push_back(run);
      }
    }
  }

  examples::ProgressLine progress;
  Clock clock;
  for (auto run = runs.cbegin(); run != runs.cend(); ++run) {
    const Problem problem = examples::paper_problem(data[run->dataset]);
    const auto show = [&](int epoch) {
      std::ostringstream line;
      line << "run " << run - runs.cbegin() + 1 << "/" << runs.size() << ": " << run->model
           << " on " << run->dataset << ", seed " << run->seed << ", epoch " << epoch
           << clock.left(run, runs.cend());
      progress.show(line.str());
    };
    clock.start();
    show(0);
    const auto forest = examples::random_forest_importance(data[run->dataset], run->seed);
    const Result result = carry_out(*run, problem, forest, show);
    clock.stop(*run);
    results[*run] = result;
    if (file.is_open()) file << row(*run, result) << std::endl;
  }
  progress.show(std::to_string(results.size()) + " runs, " + std::to_string(runs.size()) +
                " of them new");
  progress.finish();
  print_tables(results, models, datasets);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> models = {"nn1", "nn2"};
  std::vector<std::string> datasets = all_datasets;
  unsigned seeds = 20;
  std::string csv;
  examples::CommandLine command(
      "How far VIANN, Garson, leave-one-feature-out and a random forest agree, as in VIANN's "
      "paper.");
  command.add_choices("--models", models, "which networks", all_models,
                      []([[maybe_unused]] const std::string& model) -> std::string {
#ifndef EXAMPLES_WITH_TORCH
                        if (model == "deep") {
                          return "deep needs libtorch: install it, and configure and build again";
                        }
#endif
                        return "";
                      });
  command.add_choices("--datasets", datasets, "which data", all_datasets);
  command.add_number("--seeds", seeds, "runs of every network on every data set", 1);
  command.add_text("--csv", csv, "file for a row a run; runs that it already has are not repeated");
  return command.run(argc, argv, [&] { paper_tables(models, datasets, seeds, csv); });
}
