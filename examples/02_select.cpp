// SPDX-License-Identifier: MIT
//
// Lesson 2: which inputs matter, with an error rate.
//
// Puts columns of noise beside the inputs of a data set, gives every column four twins, trains one
// network on all of them, and selects the inputs that beat their twins by enough.

#include <fstream>
#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
#include <viann/tools/html_report.hpp>
#include <viann/tools/selection.hpp>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/progress_line.hpp"

namespace {

struct Arguments {
  std::string data = "boston";
  std::string html;
  int epochs = 100;
  int noise = 7;
  int percent = 10;
  unsigned seed = 1;
};

void select(const Arguments& arguments) {
  const std::string path = std::string(EXAMPLES_DATA "/") + arguments.data + ".csv";
  const examples::Dataset data = examples::read_csv(path);
  const bool classes = !data.classes.empty();
  const Eigen::MatrixXd Y = classes ? examples::one_hot(data.y) : examples::standardize(data.y);
  std::mt19937_64 random(arguments.seed);
  std::normal_distribution<double> normal;
  Eigen::MatrixXd X(data.X.rows(), data.X.cols() + arguments.noise);
  X << data.X,
      Eigen::MatrixXd::NullaryExpr(X.rows(), arguments.noise, [&] { return normal(random); });
  X = examples::standardize(X);
  std::vector<std::string> names = data.features;
  for (int i = 1; i <= arguments.noise; ++i) names.push_back("noise_" + std::to_string(i));

  viann::KnockoffOptions options;
  options.seed = arguments.seed;
  const Eigen::MatrixXd Z = viann::append_knockoffs(X, options);  // <-- inputs and their twins

  examples::NetworkOptions layers;
  layers.hidden_units = {32};
  layers.learning_rate = 0.02;
  examples::Network<> net(classes ? examples::Task::Classification : examples::Task::Regression,
                          Z.cols(), Y.cols(), arguments.seed, layers);
  viann::DisplacementImportance importance;
  importance.on_train_begin(viann::features_by_units(net.first_layer()));
  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= arguments.epochs; ++epoch) {
    const double loss = net.train_one_epoch(Z, Y);
    importance.on_epoch_end(viann::features_by_units(net.first_layer()),
                            viann::features_by_units(net.first_layer_gradient()));
    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << arguments.epochs
         << "  loss " << loss;
    progress.show(line.str());
  }
  progress.finish();

  const viann::KnockoffSelection selection =  // <-- which beat them
      viann::select_by_knockoffs(importance.raw_scores(), arguments.percent / 100.0, options.twins);
  std::vector<std::string> verdicts(names.size());
  for (const Eigen::Index i : selection.selected)
    verdicts[static_cast<std::size_t>(i)] = "selected";
  viann::Report report(names, viann::min_max_normalize(importance.raw_scores().head(X.cols())));
  report.add_column("q-value", selection.q_values);
  report.add_column("", verdicts);
  std::cout << "\n"
            << report.table() << "\n"
            << selection.selected.size() << " of " << X.cols() << " inputs are selected, of which "
            << arguments.percent << " % at most are expected to be false.\n";

  if (arguments.html.empty()) return;
  viann::HtmlReportOptions page;
  page.note = "One training on " + arguments.data + ", noise and four twins of every input.";
  std::ofstream file(arguments.html);
  file << viann::html_report(report, page);
  if (!file.flush()) throw std::runtime_error(arguments.html + " cannot be written.");
  std::cout << "\nOpen " << arguments.html << " in a browser.\n";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  examples::CommandLine command("Which inputs matter, with an error rate, from one training.");
  command.add_choice("data", arguments.data, "what the network learns",
                     {"boston", "breastcancer", "diabetes", "digits", "iris", "wine"});
  command.add_output("--html", arguments.html, "file for a page");
  command.add_number("--epochs", arguments.epochs, "passes over the data", 1);
  command.add_number("--noise", arguments.noise, "columns of noise beside the inputs");
  command.add_number("--percent", arguments.percent, "of false ones among those selected", 1);
  command.add_number("--seed", arguments.seed, "of noise, twins, initial weights and shuffling");
  return command.run(argc, argv, [&] { select(arguments); });
}
