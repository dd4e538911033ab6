// SPDX-License-Identifier: MIT
//
// Embeddings: the tokens that matter.
//
// Is a sentence from Pride and Prejudice or from Persuasion? A classifier that adds up the
// embeddings of a sentence's tokens learns to decide. An embedding table is a first layer whose
// features are the tokens, and the hook scores them.

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>
#include <viann/viann.hpp>

#include "support/charts.hpp"
#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/progress_line.hpp"
#include "support/sentences.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXf;

const std::vector<std::string> novels = {"Pride and Prejudice", "Persuasion"};

struct Arguments {
  int epochs = 30;
  unsigned seed = 1;
  Index tokens = 20;  // to print
  std::string csv, chart;
};

// The rows in an order that depends on the seed.
std::vector<Index> shuffled_rows(Index rows, unsigned seed) {
  std::vector<Index> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), Index{0});
  std::mt19937_64 random(seed);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

void token_importance(const Arguments& arguments) {
  const examples::Sentences sentences = examples::read_sentences(EXAMPLES_DATA "/sentences.tsv", 5);
  const auto order = shuffled_rows(sentences.X.rows(), arguments.seed);
  const MatrixXf X = sentences.X(order, Eigen::all);
  const MatrixXf Y = examples::one_hot(sentences.y).cast<float>()(order, Eigen::all);
  const Index test = X.rows() / 5;
  const Index train = X.rows() - test;
  const MatrixXf X_train = X.topRows(train);
  const MatrixXf Y_train = Y.topRows(train);

  // X counts the tokens, so X * W is the sum of their embeddings.
  examples::NetworkOptions options;
  options.hidden_units = {16};
  options.activation = examples::Activation::Linear;
  options.learning_rate = 0.05;
  options.batch_size = 32;
  examples::Network<float> net(examples::Task::Classification, X.cols(), 2, arguments.seed,
                               options);
  viann::DisplacementImportance importance;
  importance.on_train_begin(viann::features_by_units(net.first_layer()));

  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= arguments.epochs; ++epoch) {
    const double loss = net.train_one_epoch(X_train, Y_train);
    importance.on_epoch_end(viann::features_by_units(net.first_layer()));
    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << arguments.epochs
         << "  loss " << loss << "  accuracy on held-out sentences "
         << net.accuracy(X.bottomRows(test), Y.bottomRows(test));
    progress.show(line.str());
  }
  progress.finish();

  // Which novel a token speaks for: the network's answer to a sentence of that token alone.
  const MatrixXf alone = net.predict(MatrixXf::Identity(X.cols(), X.cols()));
  const Eigen::VectorXd scores = importance.scores();
  auto top = viann::ranking(scores);
  top.resize(static_cast<std::size_t>(std::min(arguments.tokens, scores.size())));
  examples::ScoreTable table{{}, {{"displacement", scores(top)}}};
  std::cout << "\nThe tokens that tell, of " << scores.size() << ":\n";
  for (const Index token : top) {
    table.features.push_back(sentences.tokens[static_cast<std::size_t>(token)]);
    std::cout << "  " << std::left << std::setw(14) << table.features.back() << std::fixed
              << std::setprecision(3) << scores[token] << "  "
              << novels[alone(token, 1) > 0.5F ? 1 : 0] << "\n";
  }
  if (!arguments.csv.empty()) {
    examples::write_csv(arguments.csv, {sentences.tokens, {{"displacement", scores}}});
  }
  if (!arguments.chart.empty()) {
    examples::draw_bars(arguments.chart, "The tokens that tell the two novels apart", table);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  examples::CommandLine command("Which words tell two novels by Jane Austen apart?");
  command.add_number("--epochs", arguments.epochs, "passes over the sentences", 2);
  command.add_number("--seed", arguments.seed,
                     "of the split, the initial weights and the shuffling");
  command.add_number("--tokens", arguments.tokens, "how many to print", 1);
  command.add_output("--csv", arguments.csv, "file for the scores of all tokens");
  command.add_chart("--chart", arguments.chart, "file for a chart by gnuplot: .svg or .png");
  return command.run(argc, argv, [&] { token_importance(arguments); });
}
