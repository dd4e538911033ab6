// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>
#include <viann/displacement_importance.hpp>
#include <viann/tools/baselines.hpp>
#include <viann/variance_importance.hpp>
#include <viann/weight_view.hpp>

#include "optimizers.hpp"
#include "regimes.hpp"
#include "task.hpp"
#ifdef FAITHFULNESS_WITH_XGBOOST
#include "../../../examples/support/random_forest.hpp"
#endif

/// Trains a network and asks every method which inputs it relies on.

namespace faithfulness {

/// The methods that the others are compared with, and the one taken as what the network really
/// uses.
constexpr const char* reference_method = "variance";
constexpr const char* second_reference_method = "displacement";
constexpr const char* gradient_method = "mean |gradient|";
constexpr const char* displacement_with_gradient = "... with the gradient";
constexpr const char* permutation_method = "permutation";

/// Those whose scores are averaged over ensembles.
inline const std::vector<std::string> ensemble_methods = {reference_method, second_reference_method,
                                                          displacement_with_gradient,
                                                          gradient_method, permutation_method};

/// Wall time, because reading the processor time of a thread can take longer than an observation. A
/// run's costs may contain a pause for another program; medians of many runs do not.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Runs the call and adds its time to the seconds.
template <typename Call>
auto timed(double& seconds, const Call& call) {
  struct Timer {
    double& seconds;
    double begin = seconds_now();
    ~Timer() { seconds += seconds_now() - begin; }
  } timer{seconds};
  return call();
}

struct Scored {
  std::string method;
  VectorXd scores;
  double seconds = 0;
};

struct Trained {
  std::vector<Scored> methods;
  double skill;  // 1 - loss on the test samples / loss there without using the inputs
  double epoch_seconds;
};

/// A training hook, whatever its type.
struct Hook {
  std::string method;
  std::function<void(const Network&)> on_train_begin;
  std::function<void(const Network&, const Network::Matrix& gradient)> on_epoch_end;
  std::function<VectorXd()> scores;
  double seconds = 0;
};

template <typename Importance>
Hook make_hook(std::string method, Importance importance) {
  const auto hook = std::make_shared<Importance>(std::move(importance));
  const auto view = [](const Network& net) { return viann::features_by_units(net.first_layer()); };
  return {std::move(method), [=](const Network& net) { hook->on_train_begin(view(net)); },
          [=](const Network& net, const Network::Matrix&) { hook->on_epoch_end(view(net)); },
          [=] { return hook->raw_scores(); }};
}

/// The same with the gradient of the last batch, of the first layer's weights.
inline Hook make_gradient_hook() {
  const auto hook = std::make_shared<viann::DisplacementImportance<>>();
  const auto view = [](const auto& weights) { return viann::features_by_units(weights); };
  return {displacement_with_gradient,
          [=](const Network& net) { hook->on_train_begin(view(net.first_layer())); },
          [=](const Network& net, const Network::Matrix& gradient) {
            hook->on_epoch_end(view(net.first_layer()), view(gradient));
          },
          [=] { return hook->raw_scores(); }};
}

/// The sum of |w| over all epochs (Z. Atashgahi et al., arXiv 2408.04583, 2024, select inputs by
/// such a history of weights).
inline Hook make_history() {
  const auto sum = std::make_shared<VectorXd>();
  return {"sum |w|, all epochs",
          [=](const Network& net) { sum->setZero(net.first_layer().rows()); },
          [=](const Network& net, const Network::Matrix&) {
            *sum += net.first_layer().cwiseAbs().rowwise().sum().template cast<double>();
          },
          [=] { return *sum; }};
}

inline std::vector<Hook> make_hooks() {
  const auto variance = [](std::int64_t max_epochs) {
    viann::VarianceImportanceOptions options;
    options.max_epochs = max_epochs;
    return viann::VarianceImportance<>(options);
  };
  viann::VarianceImportanceOptions variance_alone;
  variance_alone.combination = viann::ScoreCombination::Variance;
  viann::DisplacementImportanceOptions with_decay;
  with_decay.remove_decay = false;
  return {make_hook(reference_method, viann::VarianceImportance<>()),
          make_hook("variance, 5 epochs", variance(5)),
          make_hook("variance, 10 epochs", variance(10)),
          make_hook("variance alone", viann::VarianceImportance<>(variance_alone)),
          make_hook(second_reference_method, viann::DisplacementImportance<>()),
          make_gradient_hook(),
          make_hook("... with decay", viann::DisplacementImportance<>(with_decay)),
          make_history()};
}

/// By input, over the samples and the sum over outputs: the mean of |gradient|, and the mean of its
/// square, which is the diagonal of the average gradient outer product (A. Radhakrishnan, D.
/// Beaglehole, P. Pandit, M. Belkin, Science 383, 2024).
struct MeanGradients {
  VectorXd absolute, square;
};

inline MeanGradients mean_gradients(Network& net, const Eigen::MatrixXf& X) {
  MeanGradients mean{VectorXd::Zero(X.cols()), VectorXd::Zero(X.cols())};
  for (Index output = 0; output < net.last_layer().cols(); ++output) {
    const MatrixXd gradients = net.input_gradients(X, output).cast<double>();
    mean.absolute += gradients.cwiseAbs().colwise().mean().transpose();
    mean.square += gradients.cwiseAbs2().colwise().mean().transpose();
  }
  return mean;
}

/// 1 - loss / the loss of predicting the training samples' mean, or shares of classes.
inline double skill(Network& net, const Sample& sample) {
  const auto mean = sample.Y.colwise().mean().eval();
  double blind = 0;
  if (sample.task == examples::Task::Regression) {
    blind =
        (sample.Y_test.rowwise() - mean).squaredNorm() / static_cast<double>(sample.Y_test.size());
  } else {
    blind = -(sample.Y_test * mean.array().log().matrix().transpose()).sum() /
            static_cast<double>(sample.Y_test.rows());
  }
  return 1 - net.loss(sample.X_test, sample.Y_test) / blind;
}

/// One run: trains with the optimizer and the hooks, and then asks the other methods except the
/// forest. Permutation, leaving one out and gradients use the test samples, unless the name says
/// otherwise.
inline Trained train_and_score(const Sample& sample, const OptimizerSettings& settings,
                               const Regime& regime, std::uint64_t seed) {
  Network net = make_network(sample.task, sample.X.cols(), sample.Y.cols(), regime, seed);
  OptimizerSettings scaled = settings;
  scaled.learning_rate *= static_cast<float>(regime.learning_rate);
  Optimizer optimizer(scaled, net);
  std::vector<Hook> hooks = make_hooks();
  const auto observe = [&] {
    for (Hook& hook : hooks) {
      timed(hook.seconds, [&] { hook.on_epoch_end(net, net.first_layer_gradient()); });
    }
  };
  std::vector<Index> order(static_cast<std::size_t>(sample.X.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  Random random(seed);
  double training_seconds = 0;
  for (int epoch = 0; epoch < regime.epochs; ++epoch) {
    if (epoch == regime.first_observed) {
      for (Hook& hook : hooks) timed(hook.seconds, [&] { hook.on_train_begin(net); });
    }
    const bool is_observed = epoch >= regime.first_observed;
    timed(training_seconds, [&] {
      train_one_epoch(net, optimizer, sample.X, sample.Y, regime.batch_size, order, random, [&] {
        if (is_observed && regime.observes_batches) observe();
      });
    });
    if (is_observed && !regime.observes_batches) observe();
  }

  Trained result{{}, skill(net, sample), training_seconds / regime.epochs};
  const auto add = [&](const char* method, const auto& scores, double seconds = 0) {
    VectorXd values = timed(seconds, scores);
    result.methods.push_back({method, std::move(values), seconds});
  };
  for (Hook& hook : hooks) add(hook.method.c_str(), hook.scores, hook.seconds);

  // The layers behind the first as one: by signed weights, and by all paths.
  Eigen::MatrixXf rest = net.layers()[1].W, paths = rest.cwiseAbs();
  for (std::size_t l = 2; l < net.layers().size(); ++l) {
    rest *= net.layers()[l].W;
    paths *= net.layers()[l].W.cwiseAbs();
  }
  const auto first = viann::features_by_units(net.first_layer());
  const auto loss = [&](const Eigen::MatrixXf& X) { return net.loss(X, sample.Y_test); };
  add("sum |w|",
      [&] { return net.first_layer().cwiseAbs().rowwise().sum().cast<double>().eval(); });
  add("sum w^2", [&] { return net.first_layer().rowwise().squaredNorm().cast<double>().eval(); });
  add("olden",
      [&] { return viann::olden(first, viann::features_by_units(rest)).rowwise().norm().eval(); });
  add("garson", [&] { return viann::garson(first, viann::features_by_units(paths)); });
  add("displacement * sd", [&] {  // what it does to multiply by the inputs' standard deviations
    const auto deviations = (sample.X.rowwise() - sample.X.colwise().mean()).colwise().norm();
    const auto displacement =
        std::find_if(result.methods.begin(), result.methods.end(),
                     [](const Scored& scored) { return scored.method == second_reference_method; });
    return VectorXd(
        displacement->scores.cwiseProduct(deviations.transpose().template cast<double>()));
  });
  MeanGradients gradients;
  add(gradient_method, [&] {
    gradients = mean_gradients(net, sample.X_test);
    return gradients.absolute;
  });
  add("mean gradient^2", [&] { return gradients.square; });
  add("leave one out", [&] { return viann::leave_one_feature_out(sample.X_test, loss); });
  viann::PermutationImportanceOptions permutation;
  if (sample.X.cols() > 256) permutation.repeats = 1;  // else it takes longer than all else
  add(permutation_method,
      [&] { return viann::permutation_importance(sample.X_test, loss, permutation).mean; });
  add("permutation, training data", [&] {
    const auto training_loss = [&](const Eigen::MatrixXf& X) { return net.loss(X, sample.Y); };
    return viann::permutation_importance(sample.X, training_loss, permutation).mean;
  });
  add("random", [&] { return VectorXd(detail::uniform(sample.X.cols(), 1, random)); });
  return result;
}

}  // namespace faithfulness
