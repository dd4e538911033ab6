// SPDX-License-Identifier: MIT
//
// mlpack: there is no loop to put a hook into; training calls the hook.
//
// Trains a network on the prices of homes in Boston, as mlpack's own tutorial does. Train() takes
// callbacks: viann's observes the weights and their gradient after every epoch, and ensmallen's own
// stops the training when the loss no longer falls. viann's goes first, because ensmallen calls no
// further callback once one has stopped the training.

#include <cstddef>
#include <iostream>
#include <sstream>
#include <viann/adapters/mlpack.hpp>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/progress_line.hpp"

namespace {

struct ShowEpoch {
  int epochs;
  examples::ProgressLine& progress;

  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer& /*optimizer*/, Function& /*function*/,
                const Coordinates& /*coordinates*/, std::size_t epoch, double loss) {
    std::ostringstream line;
    line << "epoch " << epoch << "/" << epochs << "  loss " << loss;
    progress.show(line.str());
  }
};

void train_and_score(int epochs, unsigned seed) {
  const examples::Dataset boston = examples::read_csv(EXAMPLES_DATA "/boston.csv");
  const Eigen::MatrixXd inputs = examples::standardize(boston.X).transpose();  // a sample a column
  const Eigen::MatrixXd prices = examples::standardize(boston.y).transpose();
  const auto samples = static_cast<arma::uword>(inputs.cols());
  const arma::mat X(inputs.data(), static_cast<arma::uword>(inputs.rows()), samples);
  const arma::mat y(prices.data(), 1, samples);

  mlpack::RandomSeed(seed);
  mlpack::FFN<mlpack::MeanSquaredError, mlpack::GlorotInitialization> network;
  network.Add<mlpack::Linear>(32);
  network.Add<mlpack::ReLU>();
  network.Add<mlpack::Linear>(1);

  ens::Adam optimizer(0.002, 16, 0.9, 0.999, 1e-8, static_cast<std::size_t>(epochs) * samples);
  viann::DisplacementImportance importance;
  examples::ProgressLine progress;
  network.Train(X, y, optimizer, viann::mlpack_callback(importance, network),  // <-- the hook
                ens::EarlyStopAtMinLoss(), ShowEpoch{epochs, progress});
  progress.finish();
  std::cout << "\nImportance of the inputs, from most to least:\n"
            << viann::Report(boston.features, importance.scores()).table();
}

}  // namespace

int main(int argc, char** argv) {
  int epochs = 60;
  unsigned seed = 1;
  examples::CommandLine command(
      "Which facts about a neighbourhood does an mlpack network price its homes by?");
  command.add_number("--epochs", epochs, "passes over the data, at the most", 2);
  command.add_number("--seed", seed, "of initial weights and shuffling");
  return command.run(argc, argv, [&] { train_and_score(epochs, seed); });
}
