// SPDX-License-Identifier: MIT
//
// Lesson 3: a page to look at.
//
// Trains a classifier on 8 x 8 digits, keeps the scores of every epoch, and writes a page of HTML:
// which pixels count, since which epoch, and where they are. It does the same for any of the other
// data sets, whose inputs are no images.

#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <viann/tools/html_report.hpp>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/progress_line.hpp"

namespace {

struct Arguments {
  std::string data = "digits";
  std::string html;
  int epochs = 50;
  unsigned seed = 1;
};

void write_report(const Arguments& arguments) {
  const std::string path = std::string(EXAMPLES_DATA "/") + arguments.data + ".csv";
  const examples::Dataset data = examples::read_csv(path);
  const Eigen::MatrixXd X = examples::standardize(data.X);
  const Eigen::MatrixXd classes = examples::one_hot(data.y);

  examples::Network<> net(examples::Task::Classification, X.cols(), classes.cols(), arguments.seed);
  viann::DisplacementImportance importance;
  viann::ScoreHistory history;
  importance.on_train_begin(viann::features_by_units(net.first_layer()));
  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= arguments.epochs; ++epoch) {
    const double loss = net.train_one_epoch(X, classes);
    importance.on_epoch_end(viann::features_by_units(net.first_layer()),
                            viann::features_by_units(net.first_layer_gradient()));
    history.add(importance.epochs(), importance.scores());  // <-- keeps the scores

    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << arguments.epochs
         << "  loss " << loss << "  ranking settled since epoch " << history.settled_since();
    progress.show(line.str());
  }
  progress.finish();

  viann::Report report(data.features, importance.scores());
  report.add_column("raw score", importance.raw_scores());
  viann::TableOptions layout;
  layout.max_rows = 10;
  std::cout << "\n" << report.table(layout);

  if (arguments.html.empty()) return;
  viann::HtmlReportOptions options;
  options.note = "Displacement, with the gradient, of a network that learned " + arguments.data +
                 " in " + std::to_string(arguments.epochs) + " epochs. One run, seed " +
                 std::to_string(arguments.seed) + "." +
                 (importance.removes_decay() ? "" : " Weight decay is part of the scores.");
  if (arguments.data == "digits") options.rows = options.cols = 8;
  std::ofstream file(arguments.html);
  file << viann::html_report(report, history, options);
  if (!file.flush()) throw std::runtime_error(arguments.html + " cannot be written.");
  std::cout << "\nOpen " << arguments.html << " in a browser.\n";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  examples::CommandLine command(
      "Which inputs does a small network rely on, and since when? A page to look at.");
  command.add_choice("data", arguments.data, "what the network learns",
                     {"digits", "iris", "wine", "breastcancer"});
  command.add_output("--html", arguments.html, "file for the page");
  command.add_number("--epochs", arguments.epochs, "passes over the data", 2);
  command.add_number("--seed", arguments.seed, "of initial weights and shuffling");
  return command.run(argc, argv, [&] { write_report(arguments); });
}
