// SPDX-License-Identifier: MIT
//
// Five ways to score a network's inputs, compared with a random forest.
//
// Nobody should trust one importance score alone. Trains the paper's NN2 on a data set. Prints its
// scores by VIANN, the weights' displacement, permutation, leaving one feature out and Garson's
// algorithm, the importance of the same features to a random forest, and how far all these agree.

#include <filesystem>
#include <iomanip>
#include <iostream>
#include <string>
#include <utility>
#include <vector>
#include <viann/viann.hpp>

#include "support/charts.hpp"
#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/paper_setup.hpp"
#include "support/progress_line.hpp"
#include "support/random_forest.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXf;

examples::ScoreTable all_scores(const examples::Dataset& data, unsigned seed) {
  const examples::Problem problem = examples::paper_problem(data);
  auto net = examples::paper_network(problem, examples::Activation::Relu, seed);
  viann::VarianceImportance variance;
  viann::DisplacementImportance displacement;
  displacement.on_train_begin(viann::features_by_units(net.first_layer()));
  examples::ProgressLine progress;
  examples::train_as_in_paper(net, problem, [&](int epoch) {
    variance.on_epoch_end(viann::features_by_units(net.first_layer()));
    displacement.on_epoch_end(viann::features_by_units(net.first_layer()),
                              viann::features_by_units(net.first_layer_gradient()));
    progress.show("epoch " + std::to_string(epoch) + ", loss " +
                  std::to_string(net.loss(problem.X, problem.Y)));
  });
  progress.finish();

  const auto loss = [&](const MatrixXf& X) { return net.loss(X, problem.Y); };
  viann::PermutationImportanceOptions permutations;
  permutations.repeats = 20;
  permutations.seed = seed;
  return {data.features,
          {{"viann", variance.raw_scores()},
           {"displacement", displacement.raw_scores()},
           {"permutation", viann::permutation_importance(problem.X, loss, permutations).mean},
           {"leave_one_out", viann::leave_one_feature_out(problem.X, loss)},
           {"garson", examples::notebook_garson(net)},
           {"random_forest", examples::random_forest_importance(data, seed)}}};
}

// From the most to the least important feature by VIANN, and on one scale.
examples::ScoreTable sorted_and_normalized(const examples::ScoreTable& table) {
  const auto order = viann::ranking(table.methods.front().second);
  examples::ScoreTable sorted;
  for (const Index i : order)
    sorted.features.push_back(table.features[static_cast<std::size_t>(i)]);
  for (const auto& [name, scores] : table.methods) {
    sorted.methods.emplace_back(name, viann::min_max_normalize(scores)(order));
  }
  return sorted;
}

void print(const examples::ScoreTable& table) {
  std::cout << std::fixed << std::setprecision(2) << "\nScores, min-max normalised\n"
            << std::setw(24) << "";
  for (const auto& method : table.methods) std::cout << std::setw(15) << method.first;
  std::cout << "\n";
  for (std::size_t i = 0; i < table.features.size(); ++i) {
    std::cout << "  " << std::left << std::setw(22) << table.features[i] << std::right;
    for (const auto& method : table.methods) {
      std::cout << std::setw(15) << method.second[static_cast<Index>(i)];
    }
    std::cout << "\n";
  }

  std::cout << "\nAgreement: Pearson's correlation below the diagonal, Spearman's above\n"
            << std::setw(24) << "";
  for (const auto& method : table.methods) std::cout << std::setw(15) << method.first;
  std::cout << "\n";
  for (std::size_t a = 0; a < table.methods.size(); ++a) {
    std::cout << "  " << std::left << std::setw(22) << table.methods[a].first << std::right;
    for (std::size_t b = 0; b < table.methods.size(); ++b) {
      const auto& x = table.methods[a].second;
      const auto& y = table.methods[b].second;
      std::cout << std::setw(15) << (b < a ? viann::pearson(x, y) : viann::spearman(x, y));
    }
    std::cout << "\n";
  }
}

void compare(const std::string& data_set, unsigned seed, const std::string& csv,
             const std::string& chart) {
  const std::string shipped = EXAMPLES_DATA "/" + data_set + ".csv";
  const examples::Dataset data =
      examples::read_csv(std::filesystem::exists(shipped) ? shipped : data_set);
  if (data.classes.empty()) {
    std::cout << "Regression of a number on " << data.X.cols() << " inputs\n";
  } else {
    std::cout << "Classification by " << data.X.cols() << " inputs; " << data.classes.size()
              << " classes:";
    for (const std::string& name : data.classes) std::cout << ' ' << name;
    std::cout << "\n";
  }
  const examples::ScoreTable table = all_scores(data, seed);
  print(sorted_and_normalized(table));
  if (!csv.empty()) examples::write_csv(csv, table);
  if (chart.empty()) return;
  if (data_set == "digits") {
    const Eigen::VectorXd scores = viann::min_max_normalize(table.methods.front().second);
    examples::draw_heat_map(chart, "VIANN's score of every pixel of the digits",
                            scores.reshaped<Eigen::RowMajor>(8, 8));
  } else {
    examples::draw_bars(chart, "Importance of the inputs, min-max normalised",
                        sorted_and_normalized(table));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string data_set = "iris";
  unsigned seed = 1;
  std::string csv, chart;
  examples::CommandLine command(
      "What five scores of a network's inputs and a random forest say of the same data.");
  command.add_input(
      "data", data_set,
      "iris, wine, breastcancer, digits, boston, diabetes, or a CSV file with a line of "
      "names and the target as its last column");
  command.add_number("--seed", seed, "of the network, the permutations and the forest");
  command.add_output("--csv", csv, "file for the scores before normalisation");
  command.add_chart("--chart", chart, "file for a chart by gnuplot: .svg or .png");
  return command.run(argc, argv, [&] { compare(data_set, seed, csv, chart); });
}
