// SPDX-License-Identifier: MIT
//
// Lesson 1: the hook in a training loop of your own.
//
// Trains a small classifier on Iris and prints which of the four measurements it came to rely on.
// viann needs two lines: one before training, and the one marked below.

#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <viann/displacement_importance.hpp>
#include <viann/tools/report.hpp>

#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/progress_line.hpp"

int main() {
  constexpr int epochs = 100;
  constexpr unsigned seed = 1;  // for the initial weights and for shuffling
  const examples::Dataset iris = examples::read_csv(EXAMPLES_DATA "/iris.csv");
  const Eigen::MatrixXd X = examples::standardize(iris.X);  // scores compare inputs on one scale
  const Eigen::MatrixXd species = examples::one_hot(iris.y);

  examples::Network<> net(examples::Task::Classification, X.cols(), species.cols(), seed);
  viann::DisplacementImportance importance;
  importance.on_train_begin(viann::features_by_units(net.first_layer()));

  examples::ProgressLine progress;
  double accuracy = 0;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const double loss = net.train_one_epoch(X, species);
    importance.on_epoch_end(viann::features_by_units(net.first_layer()),  // <-- the hook
                            viann::features_by_units(net.first_layer_gradient()));

    accuracy = net.accuracy(X, species);
    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << epochs << "  loss "
         << loss << "  accuracy " << accuracy;
    progress.show(line.str());
  }
  progress.finish();

  std::cout << "\nImportance of the inputs, from most to least:\n";
  std::cout << viann::Report(iris.features, importance.scores()).table();
  std::cout << "\nFinal accuracy on the training data: " << std::fixed << std::setprecision(3)
            << accuracy << "\n";
}
