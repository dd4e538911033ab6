// SPDX-License-Identifier: MIT
//
// Convolutions: kernel positions, channels and filters.
//
// Trains a small convolutional network with libtorch on 8 x 8 digits. A convolution's weights are
// (filters, channels, height, width) in row-major order; which of these axes is the feature depends
// on the question:
// - every (channel, row, column) is a feature, and the filters are the units: which positions of
//   the kernel count? Added up over the positions: which input channels? This is how
//   libtorch_weights() sees a convolution.
// - every filter is a feature, and its (channel, row, column) are the units: which filters count?
//   That is another view of the same memory.
// The second convolution's input channels are the first one's filters, so the last question has two
// answers, and switching a filter off gives a third.

#include <torch/torch.h>

#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>
#include <viann/adapters/libtorch.hpp>
#include <viann/viann.hpp>

#include "support/charts.hpp"
#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/progress_line.hpp"

namespace {

using Eigen::Index;
using Eigen::VectorXd;
namespace nn = torch::nn;

constexpr Index filters = 8;
constexpr Index more_filters = 16;
constexpr Index positions = 3 * 3;

struct Net : nn::Module {
  nn::Conv2d conv1 =
      register_module("conv1", nn::Conv2d(nn::Conv2dOptions(1, filters, 3).padding(1)));
  nn::Conv2d conv2 =
      register_module("conv2", nn::Conv2d(nn::Conv2dOptions(filters, more_filters, 3).padding(1)));
  nn::Linear output = register_module("output", nn::Linear(more_filters * 4 * 4, 10));

  torch::Tensor forward(const torch::Tensor& images) {
    const torch::Tensor maps = torch::relu(conv2(torch::relu(conv1(images))));
    return output(torch::max_pool2d(maps, 2).flatten(1));
  }
};

// The mean cross-entropy when one filter of the first layer puts out nothing.
double loss_without(Net& net, Index filter, const torch::Tensor& X, const torch::Tensor& y) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor weight = net.conv1->weight[filter];
  const torch::Tensor bias = net.conv1->bias[filter];
  const torch::Tensor kept_weight = weight.clone();
  const torch::Tensor kept_bias = bias.clone();
  weight.zero_();
  bias.zero_();
  const double loss = torch::cross_entropy_loss(net.forward(X), y).item<double>();
  weight.copy_(kept_weight);
  bias.copy_(kept_bias);
  return loss;
}

struct Arguments {
  int epochs = 20;
  unsigned seed = 1;
  std::string csv, chart;
};

void conv_filters(const Arguments& arguments) {
  torch::manual_seed(arguments.seed);
  const examples::Dataset digits = examples::read_csv(EXAMPLES_DATA "/digits.csv");
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> pixels =
      (digits.X / 16).cast<float>();
  const Index samples = pixels.rows();
  const torch::Tensor X =
      torch::from_blob(const_cast<float*>(pixels.data()), {samples, 1, 8, 8}).clone();
  const Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> labels = digits.y.cast<std::int64_t>();
  const torch::Tensor y =
      torch::from_blob(const_cast<std::int64_t*>(labels.data()), {samples}, torch::kInt64).clone();

  Net net;
  torch::optim::Adam adam(net.parameters(), torch::optim::AdamOptions(0.003));
  viann::VarianceImportance of_positions, of_filters, of_channels;

  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= arguments.epochs; ++epoch) {
    double loss = 0;
    Index right = 0;
    for (const torch::Tensor& batch : torch::randperm(samples).split(32)) {
      adam.zero_grad();
      const torch::Tensor logits = net.forward(X.index_select(0, batch));
      const torch::Tensor wanted = y.index_select(0, batch);
      const torch::Tensor mean_loss = torch::cross_entropy_loss(logits, wanted);
      mean_loss.backward();
      adam.step();
      loss += mean_loss.item<double>() * static_cast<double>(batch.size(0));
      right += logits.argmax(1).eq(wanted).sum().item<std::int64_t>();
    }
    of_positions.on_epoch_end(viann::libtorch_weights(net.conv1));
    of_filters.on_epoch_end(
        viann::features_by_units(net.conv1->weight.data_ptr<float>(), filters, positions));
    of_channels.on_epoch_end(viann::libtorch_weights(net.conv2));

    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << arguments.epochs
         << "  loss " << loss / static_cast<double>(samples) << "  accuracy "
         << static_cast<double>(right) / static_cast<double>(samples);
    progress.show(line.str());
  }
  progress.finish();

  const Eigen::MatrixXd kernel = viann::kernel_scores(of_positions.scores(), 3, 3).front();
  std::cout << std::fixed << std::setprecision(2)
            << "\nScores of the first layer's kernel positions:\n"
            << kernel << "\n";

  // A channel's raw score is the sum over its positions; raw scores are sums over weights anyway.
  const VectorXd channels =
      of_channels.raw_scores().reshaped<Eigen::RowMajor>(filters, positions).rowwise().sum();
  VectorXd losses(filters);
  const double loss_with_all = torch::cross_entropy_loss(net.forward(X), y).item<double>();
  for (Index filter = 0; filter < filters; ++filter) {
    losses[filter] = loss_without(net, filter, X, y) - loss_with_all;
  }
  examples::ScoreTable table{{},
                             {{"own_weights", of_filters.scores()},
                              {"next_layer", viann::min_max_normalize(channels)},
                              {"loss_without", losses}}};
  std::cout << "\nThe first layer's filters: scores of their own weights, of the weights that read "
               "them\nin the next layer, and by how much the loss rises without them:\n";
  for (Index filter = 0; filter < filters; ++filter) {
    table.features.push_back("filter_" + std::to_string(filter));
    std::cout << "  " << table.features.back();
    for (const auto& method : table.methods) std::cout << std::setw(8) << method.second[filter];
    std::cout << "\n";
  }
  std::cout << "Spearman's correlation with the loss: own weights "
            << viann::spearman(of_filters.scores(), losses) << ", next layer "
            << viann::spearman(channels, losses) << "\n";
  if (!arguments.csv.empty()) examples::write_csv(arguments.csv, table);
  if (!arguments.chart.empty()) {
    examples::draw_heat_map(arguments.chart, "VIANN's scores of the kernel's positions", kernel);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  examples::CommandLine command(
      "Which kernel positions and filters does a small convolutional network rely on?");
  command.add_number("--epochs", arguments.epochs, "passes over the digits", 2);
  command.add_number("--seed", arguments.seed, "of initial weights and shuffling");
  command.add_output("--csv", arguments.csv, "file for the filters' scores");
  command.add_chart("--chart", arguments.chart,
                    "file for a chart of the kernel by gnuplot: .svg or .png");
  return command.run(argc, argv, [&] { conv_filters(arguments); });
}
