// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <viann/tools/baselines.hpp>

#include "dataset.hpp"
#include "network.hpp"

/// How the networks of VIANN's paper are trained, according to the author's notebook.

namespace examples {

/// A data set as the paper's networks see it.
struct Problem {
  Task task;
  Eigen::MatrixXf X;  // standardised over all samples
  Eigen::MatrixXf Y;  // classes one-hot, or one column of standardised numbers
  int max_epochs;

  /// The last 5 % of the samples validate, whatever their order, as in Keras.
  Eigen::Index training_samples() const {
    return static_cast<Eigen::Index>(std::floor(0.95 * static_cast<double>(X.rows())));
  }
  Eigen::Index validation_samples() const { return X.rows() - training_samples(); }

  Eigen::Index batch_size() const {
    return static_cast<Eigen::Index>(std::round(static_cast<double>(X.rows()) / 7));
  }
};

inline Problem paper_problem(const Dataset& data) {
  if (data.X.rows() < 7) {
    throw std::runtime_error("There are " + std::to_string(data.X.rows()) +
                             " samples; 7 batches take 7 or more.");
  }
  const Eigen::MatrixXf X = standardize(data.X).cast<float>();
  if (X.isZero(0)) throw std::runtime_error("All inputs are the same in all samples.");
  if (!data.classes.empty()) {
    return {Task::Classification, X, one_hot(data.y).cast<float>(), 1000};
  }
  return {Task::Regression, X, standardize(data.y).cast<float>(), 100};
}

/// NN1 (linear activations) and NN2 (relu).
inline Network<float> paper_network(const Problem& problem, Activation activation,
                                    std::uint64_t seed) {
  NetworkOptions options;
  options.hidden_units = {50, 100, 50};
  options.activation = activation;
  options.l2 = 0.01;
  options.learning_rate = 0.01;
  options.batch_size = problem.batch_size();
  return {problem.task, problem.X.cols(), problem.Y.cols(), seed, options};
}

/// Trains until the validation accuracy passes 95 %, at least 7 epochs, or to the problem's last
/// epoch, and calls on_epoch_end(epoch), from 1, after each. \returns the number of epochs.
template <typename Net, typename OnEpochEnd>
int train_as_in_paper(Net& net, const Problem& problem, const OnEpochEnd& on_epoch_end) {
  const Eigen::Index training = problem.training_samples();
  const Eigen::Index validation = problem.validation_samples();
  const Eigen::MatrixXf X = problem.X.topRows(training);
  const Eigen::MatrixXf Y = problem.Y.topRows(training);
  const Eigen::MatrixXf X_validation = problem.X.bottomRows(validation);
  const Eigen::MatrixXf Y_validation = problem.Y.bottomRows(validation);

  for (int epoch = 1;; ++epoch) {
    net.train_one_epoch(X, Y);
    on_epoch_end(epoch);
    if (epoch == problem.max_epochs) return epoch;
    if (problem.task == Task::Classification && epoch >= 7 &&
        net.accuracy(X_validation, Y_validation) > 0.95) {
      return epoch;
    }
  }
}

/// Garson's algorithm as in the author's notebook, for any number of layers: the weights to the
/// outputs cancel, and only their zeros have an effect.
template <typename Net>
Eigen::VectorXd notebook_garson(const Net& net) {
  const Eigen::MatrixXd is_used = (net.last_layer().array() != 0).template cast<double>().matrix();
  return viann::garson(viann::features_by_units(net.first_layer()),
                       viann::features_by_units(is_used));
}

}  // namespace examples
