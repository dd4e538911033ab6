// SPDX-License-Identifier: MIT
//
// dlib: its trainer counts steps, not epochs, and works in its own threads.
//
// Trains a classifier on the cell nuclei of breast tumours, as dlib's own examples do: the network
// is a type, and a trainer takes mini-batches one by one. This program decides what an epoch is.
// viann waits until the trainer has finished its current step. The network keeps that step's
// gradient.

#include <dlib/dnn.h>

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>
#include <viann/adapters/dlib.hpp>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/progress_line.hpp"

namespace {

using Sample = dlib::matrix<float>;
using Network = dlib::loss_binary_log<dlib::fc<1, dlib::relu<dlib::fc<16, dlib::input<Sample>>>>>;

void dlib_training_steps(int epochs, unsigned seed) {
  const examples::Dataset tumours = examples::read_csv(EXAMPLES_DATA "/breastcancer.csv");
  const Eigen::MatrixXd inputs = examples::standardize(tumours.X);
  std::vector<Sample> X;
  std::vector<float> y;  // 1: benign, -1: malignant
  for (Eigen::Index i = 0; i < inputs.rows(); ++i) {
    Sample sample(inputs.cols(), 1);
    for (Eigen::Index j = 0; j < inputs.cols(); ++j) sample(j) = static_cast<float>(inputs(i, j));
    X.push_back(sample);
    y.push_back(tumours.y[i] > 0 ? 1.0F : -1.0F);
  }

  std::srand(seed);  // dlib draws the initial weights from this
  std::mt19937_64 random(seed);
  Network network;
  network(X.front());  // allocates the weights
  dlib::dnn_trainer<Network, dlib::adam> trainer(network, dlib::adam());
  trainer.set_learning_rate(0.002);
  viann::DisplacementImportance importance;
  importance.on_train_begin(viann::dlib_weights(network));

  std::vector<std::size_t> order(X.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  constexpr std::size_t batch_size = 16;

  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
      std::vector<Sample> samples;
      std::vector<float> labels;
      for (std::size_t i = begin; i < std::min(begin + batch_size, order.size()); ++i) {
        samples.push_back(X[order[i]]);
        labels.push_back(y[order[i]]);
      }
      trainer.train_one_step(samples, labels);
    }
    importance.on_epoch_end(viann::dlib_weights(trainer),  // <-- the hook
                            viann::dlib_gradient(trainer));

    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << epochs << "  loss "
         << trainer.get_average_loss();
    progress.show(line.str());
  }
  progress.finish();
  std::cout << "\nImportance of the inputs, from most to least:\n"
            << viann::Report(tumours.features, importance.scores()).table();
}

}  // namespace

int main(int argc, char** argv) {
  int epochs = 20;
  unsigned seed = 1;
  examples::CommandLine command(
      "Which features of cell nuclei does a dlib network tell tumours by?");
  command.add_number("--epochs", epochs, "passes over the data", 2);
  command.add_number("--seed", seed, "of initial weights and shuffling");
  return command.run(argc, argv, [&] { dlib_training_steps(epochs, seed); });
}
