// SPDX-License-Identifier: MIT
//
// MPI: a first layer that is split over ranks by its inputs, as large embeddings are.
//
//     mpirun -n 2 mpi_sharded_layer
//
// Trains a classifier on the cell nuclei of breast tumours. Each rank holds some of the inputs and
// their weights. The ranks add up their contributions to every hidden unit, and all hold the rest
// of the network. Each rank hands its own weights and their gradient over; one all-reduce in every
// epoch makes the scores those of the whole layer.

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <random>
#include <sstream>
#include <vector>
#include <viann/adapters/mpi.hpp>
#include <viann/tools/report.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/progress_line.hpp"

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

constexpr Index units = 16;
constexpr std::size_t batch_size = 16;
constexpr double learning_rate = 0.05;

/// One hidden layer of ReLUs and one output, the probability of a benign tumour.
struct Network {
  MatrixXd W;     // this rank's inputs x units
  MatrixXd G;     // gradient of the last batch's loss by W
  RowVectorXd b;  // this and what follows are the same on every rank
  VectorXd v;
  double c = 0;

  /// A step of stochastic gradient descent. X has the columns of this rank's inputs.
  /// \returns the loss before it.
  double train(const MatrixXd& X, const VectorXd& y) {
    MatrixXd Z = X * W;
    MPI_Allreduce(MPI_IN_PLACE, Z.data(), static_cast<int>(Z.size()), MPI_DOUBLE, MPI_SUM,
                  MPI_COMM_WORLD);
    Z.rowwise() += b;
    const MatrixXd H = Z.cwiseMax(0.0);
    const Eigen::ArrayXd logit = ((H * v).array() + c).cwiseMax(-30.0).cwiseMin(30.0);
    const Eigen::ArrayXd p = 1 / (1 + (-logit).exp());
    const double loss = -(y.array() * p.log() + (1 - y.array()) * (1 - p).log()).mean();

    const VectorXd d = (p.matrix() - y) / static_cast<double>(y.size());
    const MatrixXd D = (Z.array() > 0).select(d * v.transpose(), 0.0);
    G = X.transpose() * D;
    W -= learning_rate * G;
    b -= learning_rate * D.colwise().sum();
    v -= learning_rate * H.transpose() * d;
    c -= learning_rate * d.sum();
    return loss;
  }
};

void mpi_sharded_layer(int epochs, unsigned seed) {
  int rank = 0;
  int ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);

  const examples::Dataset tumours = examples::read_csv(EXAMPLES_DATA "/breastcancer.csv");
  const MatrixXd all_inputs = examples::standardize(tumours.X);
  const Index begin = all_inputs.cols() * rank / ranks;
  const Index inputs = all_inputs.cols() * (rank + 1) / ranks - begin;
  const MatrixXd X = all_inputs.middleCols(begin, inputs);  // all that this rank needs

  // All ranks draw the same numbers, so that any number of them trains the same network.
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0.0, 0.05);
  const auto draw = [&] { return normal(random); };
  Network net;
  net.W = MatrixXd::NullaryExpr(all_inputs.cols(), units, draw).eval().middleRows(begin, inputs);
  net.b = RowVectorXd::Zero(units);
  net.v = VectorXd::NullaryExpr(units, draw);
  viann::MpiDisplacementImportance importance;
  importance.on_train_begin(viann::features_by_units(net.W));

  std::vector<Index> order(static_cast<std::size_t>(X.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  examples::ProgressLine progress;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    std::shuffle(order.begin(), order.end(), random);
    double loss = 0;
    for (std::size_t first = 0; first < order.size(); first += batch_size) {
      const std::vector<Index> batch(
          order.begin() + static_cast<std::ptrdiff_t>(first),
          order.begin() + static_cast<std::ptrdiff_t>(std::min(first + batch_size, order.size())));
      loss += static_cast<double>(batch.size()) * net.train(X(batch, Eigen::all), tumours.y(batch));
    }
    importance.on_epoch_end(viann::features_by_units(net.W), viann::features_by_units(net.G));

    std::ostringstream line;
    line << std::fixed << std::setprecision(3) << "epoch " << epoch << "/" << epochs << "  loss "
         << loss / static_cast<double>(X.rows());
    if (rank == 0) progress.show(line.str());
  }

  const VectorXd scores = importance.scores();  // <-- of all inputs, on every rank
  if (rank != 0) return;
  progress.finish();
  std::cout << "\nImportance of the inputs, from most to least:\n"
            << viann::Report(tumours.features, scores).table();
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int epochs = 20;
  unsigned seed = 1;
  examples::CommandLine command(
      "Which features of cell nuclei does a network tell tumours by, if ranks share it?");
  command.add_number("--epochs", epochs, "passes over the data", 2);
  command.add_number("--seed", seed, "of initial weights and shuffling");
  const int code = command.run(argc, argv, [&] { mpi_sharded_layer(epochs, seed); });
  MPI_Finalize();
  return code;
}
