// SPDX-License-Identifier: MIT
//
// libtorch: one line before the training loop, and one in it.
//
// Trains a classifier on the chemistry of wines from three growers, as libtorch's own tutorial
// does: a module, a data loader, an optimizer. The layer to observe has the name that the network
// gives it, and its type shows viann which axis of its weights holds the inputs. After an epoch,
// the layer still has the gradient of the last batch: zero_grad() comes first in a step, not last.

#include <torch/torch.h>

#include <iomanip>
#include <iostream>
#include <sstream>
#include <viann/adapters/libtorch.hpp>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/progress_line.hpp"

namespace {

struct Net : torch::nn::Module {
  Net(std::int64_t inputs, std::int64_t classes) {
    fc1 = register_module("fc1", torch::nn::Linear(inputs, 32));
    fc2 = register_module("fc2", torch::nn::Linear(32, classes));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    return fc2->forward(torch::relu(fc1->forward(x)));
  }

  torch::nn::Linear fc1{nullptr}, fc2{nullptr};
};

struct Wines : torch::data::datasets::Dataset<Wines> {
  Wines(torch::Tensor inputs, torch::Tensor growers) : X(inputs), y(growers) {}

  torch::data::Example<> get(std::size_t wine) override { return {X[wine], y[wine]}; }
  torch::optional<std::size_t> size() const override { return X.size(0); }

  torch::Tensor X, y;
};

void libtorch_training_loop(int epochs, unsigned seed) {
  const examples::Dataset wine = examples::read_csv(EXAMPLES_DATA "/wine.csv");
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> inputs =
      examples::standardize(wine.X).cast<float>();  // scores compare inputs on one scale
  const Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> growers = wine.y.cast<std::int64_t>();
  const torch::Tensor X =
      torch::from_blob(const_cast<float*>(inputs.data()), {inputs.rows(), inputs.cols()});
  const torch::Tensor y =
      torch::from_blob(const_cast<std::int64_t*>(growers.data()), {growers.size()}, torch::kInt64);

  torch::manual_seed(seed);
  auto loader = torch::data::make_data_loader<torch::data::samplers::RandomSampler>(
      Wines(X, y).map(torch::data::transforms::Stack<>()), 16);
  const auto net = std::make_shared<Net>(X.size(1), growers.maxCoeff() + 1);
  torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(0.005));
  viann::DisplacementImportance importance;
  importance.on_train_begin(viann::libtorch_weights(net->fc1));

  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    for (const auto& batch : *loader) {
      optimizer.zero_grad();
      torch::cross_entropy_loss(net->forward(batch.data), batch.target).backward();
      optimizer.step();
    }
    importance.on_epoch_end(viann::libtorch_weights(net->fc1),  // <-- the hook
                            viann::libtorch_gradient(net->fc1));

    const torch::NoGradGuard no_grad;
    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << epochs
         << "  accuracy "
         << net->forward(X).argmax(1).eq(y).to(torch::kFloat32).mean().item<float>();
    progress.show(line.str());
  }
  progress.finish();
  std::cout << "\nImportance of the inputs, from most to least:\n"
            << viann::Report(wine.features, importance.scores()).table();
}

}  // namespace

int main(int argc, char** argv) {
  int epochs = 30;
  unsigned seed = 1;
  examples::CommandLine command(
      "Which measurements does a libtorch network tell the growers of wines by?");
  command.add_number("--epochs", epochs, "passes over the data", 2);
  command.add_number("--seed", seed, "of initial weights and shuffling");
  return command.run(argc, argv, [&] { libtorch_training_loop(epochs, seed); });
}
