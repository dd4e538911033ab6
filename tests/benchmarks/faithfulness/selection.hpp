// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <random>
#include <regex>
#include <string>
#include <utility>
#include <vector>
#include <viann/importance_scores.hpp>
#include <viann/tools/selection.hpp>

#include "methods.hpp"
#include "real_tasks.hpp"
#include "task.hpp"

/// How many of the inputs that select_by_knockoffs() selects do not matter, and how many of those
/// that matter it selects.

namespace faithfulness {

enum class Target { Linear, Cubed, Products, Nothing };
enum class InputKind { Normal, HeavyTailed, Binary, OneHot, Mixed, Real };

/// A row of the tables: one thing differs from these defaults, or a few.
struct SelectionSetting {
  std::string name;
  Index inputs = 30, relevant = 6, samples = 500;
  Target target = Target::Cubed;
  InputKind kind = InputKind::Normal;
  double correlation = 0.5;  // of neighbours; ^ the distance of others
  Index twins = 4;           // 0: 19 trainings with probes
  Index trainings = 1;
  MatrixXd real = {};
  std::vector<Index> groups = {};  // of real inputs
  bool has_groups = true;          // else every one-hot column is an input of its own
  bool is_deep_pink = false;  // correlation^|i - j| is the precision; 1.5 +- the input; noise 1
};

struct SelectionSample {
  MatrixXd X;  // standardised
  std::vector<Index> groups;
  VectorXd y;
  Flags relevant;  // by group
};

/// A variable's columns: itself, or three one-hot levels.
inline MatrixXd columns_of_variable(VectorXd& z, InputKind kind, Random& random) {
  std::chi_squared_distribution<double> chi(3);
  if (kind == InputKind::HeavyTailed) {  // Student's t with 3 degrees of freedom
    for (double& value : z) value /= std::sqrt(chi(random) / 3);
  }
  if (kind == InputKind::Binary) z = (z.array() > 0).cast<double>().matrix().eval();
  if (kind != InputKind::OneHot) return z;
  for (double& value : z) value = value < -0.43 ? -1 : value < 0.43 ? 0 : 1;
  MatrixXd levels(z.size(), 3);
  for (Index l = 0; l < 3; ++l)
    levels.col(l) = (z.array() == static_cast<double>(l - 1)).cast<double>();
  return levels;
}

/// Noise has the function's variance.
inline SelectionSample draw_selection(const SelectionSetting& setting, Random& random) {
  MatrixXd Z = setting.real;
  const bool is_real = setting.kind == InputKind::Real;
  if (!is_real) {
    const double r = setting.correlation;
    Z = detail::normal(setting.samples, setting.inputs, random);
    const double root = std::sqrt(1 - r * r);
    for (Index j = 1; j < Z.cols(); ++j) {
      if (!setting.is_deep_pink) {
        Z.col(j) = r * Z.col(j - 1) + root * Z.col(j);
      } else {  // the transposed inverse of the above
        Z.col(j) /= root;
        Z.col(j - 1) -= r * Z.col(j);
      }
    }
  }
  SelectionSample sample;
  MatrixXd X(Z.rows(), 3 * Z.cols());
  Index columns = 0;
  for (Index j = 0; j < Z.cols(); ++j) {
    constexpr InputKind mixed[] = {InputKind::Normal, InputKind::HeavyTailed, InputKind::Binary,
                                   InputKind::OneHot};
    VectorXd z = Z.col(j);
    const MatrixXd of_variable = columns_of_variable(
        z, setting.kind == InputKind::Mixed ? mixed[j % 4] : setting.kind, random);
    Z.col(j) = z;
    X.middleCols(columns, of_variable.cols()) = of_variable;
    columns += of_variable.cols();
    const Index group = setting.groups.empty() ? j : setting.groups[static_cast<std::size_t>(j)];
    sample.groups.resize(static_cast<std::size_t>(columns), group);
  }
  sample.X = examples::standardize(X.leftCols(columns));
  if (setting.is_deep_pink) {
    Z *= 1.5;
  } else {
    Z = examples::standardize(Z);
  }

  sample.relevant = Flags::Constant(sample.groups.back() + 1, false);
  const std::vector<Index> order = detail::any_order(Z.cols(), random);
  VectorXd f = VectorXd::Zero(Z.rows());
  for (Index k = 0; k < setting.relevant && setting.target != Target::Nothing; ++k) {
    const Index j = order[static_cast<std::size_t>(k)];
    sample.relevant[setting.groups.empty() ? j : setting.groups[static_cast<std::size_t>(j)]] =
        true;
    const VectorXd z = Z.col(j);
    if (setting.target != Target::Products) f += random() % 2 == 0 ? z : VectorXd(-z);
    if (setting.target == Target::Products && k % 2 == 1) {
      f += z.cwiseProduct(Z.col(order[static_cast<std::size_t>(k - 1)]));
    }
  }
  if (setting.target == Target::Cubed) f = f.array().cube();
  if (!setting.is_deep_pink) f = examples::standardize(f);
  sample.y = examples::standardize(f + detail::normal(f.size(), 1, random));
  return sample;
}

/// The raw scores of one training of 64 and 64 units, by method.
inline std::vector<Scored> selection_scores(const MatrixXd& Z, const VectorXd& y,
                                            std::uint64_t seed, double& seconds) {
  Regime regime;
  regime.hidden_units = {64, 64};
  regime.epochs = 50;
  const Eigen::MatrixXf X = Z.cast<float>(), Y = y.cast<float>();
  Network net = make_network(examples::Task::Regression, X.cols(), 1, regime, seed);
  Optimizer optimizer(all_optimizers()[2], net);
  viann::VarianceImportanceOptions five;
  five.max_epochs = 5;
  std::vector<Hook> hooks = {make_hook("variance", viann::VarianceImportance<>()),
                             make_hook("variance, 5 epochs", viann::VarianceImportance<>(five)),
                             make_hook("displacement", viann::DisplacementImportance<>()),
                             make_gradient_hook()};
  Random random(seed);
  std::vector<Index> order = detail::any_order(X.rows(), random);
  for (Hook& hook : hooks) hook.on_train_begin(net);
  for (int epoch = 0; epoch < regime.epochs; ++epoch) {
    timed(seconds,
          [&] { train_one_epoch(net, optimizer, X, Y, regime.batch_size, order, random, [] {}); });
    for (Hook& hook : hooks) hook.on_epoch_end(net, net.first_layer_gradient());
  }
  std::vector<Scored> scores;
  for (const Hook& hook : hooks) scores.push_back({hook.method, hook.scores()});
  const auto& layers = net.layers();
  scores.push_back({"olden", (layers[0].W * layers[1].W * layers[2].W).cwiseAbs().cast<double>()});
  if (X.cols() > 512) return scores;
  viann::PermutationImportanceOptions options;
  options.repeats = 1;
  const auto loss = [&](const Eigen::MatrixXf& A) { return net.loss(A, Y); };
  scores.push_back({"permutation, training data",
                    viann::permutation_importance(X, loss, options).mean.cwiseMax(0)});
  return scores;
}

constexpr std::array<double, 3> selection_rates = {0.05, 0.1, 0.2};

/// By method and rate: the means of the share of false ones and of the share of relevant ones
/// found.
struct SelectionMeans {
  std::string method;
  std::array<double, 3> false_share{}, power{};
  void add(std::size_t rate, const Flags& selected, const Flags& relevant, double weight) {
    const auto found = static_cast<double>((selected && relevant).count());
    const auto count = static_cast<double>(selected.count());
    false_share[rate] += weight * (count - found) / std::max(1.0, count);
    power[rate] += weight * found / std::max(1.0, static_cast<double>(relevant.count()));
  }
};

/// Draws the samples of a setting so often, makes twins, trains and selects. With probes, those are
/// selected that beat all probes in all of 19 trainings: by chance, any in 5 % of samples at most
/// (P. H. Westfall & S. S. Young, Resampling-Based Multiple Testing, Wiley 1993).
inline void print_selection(const SelectionSetting& setting, unsigned repeats) {
  std::vector<SelectionMeans> means;
  double twins_seconds = 0, training_seconds = 0, alone_seconds = 0;
  for (unsigned repeat = 0; repeat < repeats; ++repeat) {
    Random random(1000 + repeat);
    const SelectionSample sample = draw_selection(setting, random);
    const bool has_probes = setting.twins == 0;
    viann::KnockoffOptions options{setting.twins, random(), {}};
    if (setting.has_groups) options.groups = sample.groups;
    MatrixXd Z;
    if (!has_probes) {
      Z = timed(twins_seconds, [&] { return viann::append_knockoffs(sample.X, options); });
    }
    const Index trainings = has_probes ? 19 : setting.trainings;
    std::vector<MatrixXd> scores;
    for (Index run = 0; run < trainings; ++run) {
      if (has_probes) Z = detail::append_probes(sample.X, true, random());
      const auto of_run = selection_scores(Z, sample.y, random(), training_seconds);
      for (std::size_t m = 0; m < of_run.size(); ++m) {
        if (run == 0) scores.emplace_back(Z.cols(), trainings);
        if (repeat + static_cast<unsigned>(run) == 0) means.push_back({of_run[m].method});
        scores[m].col(run) = of_run[m].scores;
      }
    }
    if (repeat == 0) selection_scores(sample.X, sample.y, random(), alone_seconds);
    for (std::size_t m = 0; m < means.size(); ++m) {
      for (std::size_t rate = 0; rate < selection_rates.size(); ++rate) {
        Flags selected = Flags::Constant(sample.relevant.size(), false);
        if (has_probes) {
          const Index inputs = selected.size();
          const auto best = scores[m].bottomRows(inputs).colwise().maxCoeff().replicate(inputs, 1);
          selected = (scores[m].topRows(inputs).array() > best.array()).rowwise().all();
        } else {
          const double q = selection_rates[rate];
          const auto result =
              viann::select_by_knockoffs(scores[m], q, setting.twins, options.groups);
          for (const Index i : result.selected) {
            selected[setting.has_groups ? i : sample.groups[static_cast<std::size_t>(i)]] = true;
          }
        }
        means[m].add(rate, selected, sample.relevant, 1.0 / repeats);
      }
    }
  }
  std::cout << "\n"
            << setting.name << ": " << repeats << " samples; twins " << twins_seconds / repeats
            << " s, training " << training_seconds / repeats << " s, without twins "
            << alone_seconds << " s\n";
  for (const SelectionMeans& mean : means) {
    std::cout << std::left << std::setw(28) << mean.method << std::right;
    for (std::size_t rate = 0; rate < selection_rates.size(); ++rate) {
      std::cout << "   " << mean.false_share[rate] << ", " << mean.power[rate];
    }
    std::cout << std::endl;
  }
}

inline std::vector<SelectionSetting> selection_settings(const std::string& folder) {
  std::vector<SelectionSetting> all;
  const auto add = [&](const std::string& name) -> SelectionSetting& {
    all.emplace_back();
    all.back().name = name;
    return all.back();
  };
  const auto add_12 = [&](const std::string& name) -> SelectionSetting& {
    SelectionSetting& setting = add("12 inputs, " + name);
    setting.inputs = 12;
    setting.relevant = 3;
    return setting;
  };
  const std::vector<std::pair<const char*, Target>> targets = {{"linear", Target::Linear},
                                                               {"cubed", Target::Cubed},
                                                               {"products", Target::Products},
                                                               {"nothing", Target::Nothing}};
  for (const auto& [name, target] : targets) add(std::string("target: ") + name).target = target;
  for (const auto& [name, target] : targets) {
    SelectionSetting& setting = add_12(name);
    setting.target = target;
    if (target == Target::Products) setting.relevant = 4;
  }
  const std::vector<std::pair<const char*, InputKind>> kinds = {
      {"heavy-tailed", InputKind::HeavyTailed},
      {"binary", InputKind::Binary},
      {"one-hot", InputKind::OneHot},
      {"mixed", InputKind::Mixed}};
  for (const auto& [name, kind] : kinds) {
    add(std::string("inputs: ") + name).kind = kind;
    SelectionSetting& nothing = add(std::string("inputs: ") + name + ", nothing");
    nothing.kind = kind;
    nothing.target = Target::Nothing;
  }
  SelectionSetting& no_groups = add("inputs: one-hot, no groups");
  no_groups.kind = InputKind::OneHot;
  no_groups.has_groups = false;
  for (const double r : {0.0, 0.8, 0.95}) add("correlation: " + std::to_string(r)).correlation = r;
  for (const Index n : {60, 100, 150, 151, 200, 1000, 2000}) {
    add("samples: " + std::to_string(n)).samples = n;
  }
  for (const Index n : {60, 100, 150}) {
    SelectionSetting& few = add("samples: " + std::to_string(n) + ", linear, mixed");
    few.samples = n;
    few.target = Target::Linear;
    few.kind = InputKind::Mixed;
  }
  for (const Index m : {1, 2, 8}) {
    add("twins: " + std::to_string(m)).twins = m;
    SelectionSetting& setting = add_12(std::to_string(m) + " twins, linear");
    setting.twins = m;
    setting.target = Target::Linear;
  }
  add("five trainings").trainings = 5;
  const std::array<Index, 3> sizes[] = {{10, 3, 500}, {100, 20, 1000}, {300, 30, 2000}};
  for (const auto& [inputs, relevant, samples] : sizes) {
    SelectionSetting& setting = add("number of inputs: " + std::to_string(inputs));
    setting.inputs = inputs;
    setting.relevant = relevant;
    setting.samples = samples;
  }
  SelectionSetting& large = add("1000 inputs");
  large.inputs = 1000;
  large.relevant = 50;
  large.samples = 5200;
  // The settings of Y. Y. Lu, Y. Fan, J. Lv & W. S. Noble, DeepPINK, NeurIPS 2018, linear, as they
  // are replicated in public with knockpy.
  for (const Index inputs : {50, 100, 200, 400, 600, 900}) {
    for (const Index twins : {1, 4}) {
      SelectionSetting& setting =
          add("DeepPINK: " + std::to_string(inputs) + ", twins: " + std::to_string(twins));
      setting.is_deep_pink = true;
      setting.target = Target::Linear;
      setting.inputs = inputs;
      setting.relevant = 30;
      setting.samples = 1000;
      setting.twins = twins;
    }
  }
  for (const char* name : {"boston", "breastcancer", "diabetes", "digits", "iris", "wine"}) {
    for (const Target target : {Target::Linear, Target::Cubed}) {
      SelectionSetting& setting =
          add(std::string("real: ") + name + (target == Target::Linear ? " linear" : " cubed"));
      setting.kind = InputKind::Real;
      setting.real =
          detail::varying_inputs(examples::read_csv(folder + "/" + std::string(name) + ".csv"));
      setting.relevant = setting.real.cols() > 4 ? 4 : 2;
      setting.target = target;
    }
  }
  for (const Target target : {Target::Linear, Target::Cubed}) {
    SelectionSetting setting = *std::find_if(all.begin(), all.end(), [&](const auto& other) {
      return other.target == target && other.name.find("breast") != std::string::npos;
    });
    setting.name += ", groups of 3";  // mean, error and worst of a measurement
    for (Index j = 0; j < 30; ++j) setting.groups.push_back(j % 10);
    all.push_back(std::move(setting));
  }
  for (const Index twins : {0, 4, 20}) {
    const std::string by = twins == 0 ? "probes: " : std::to_string(twins) + " twins for probes: ";
    const auto add_for_probes = [&](const std::string& name) -> SelectionSetting& {
      SelectionSetting& setting = add(by + name);
      setting.twins = twins;
      setting.target = Target::Linear;
      return setting;
    };
    add_for_probes("30 inputs");
    add_for_probes("30 inputs, cubed").target = Target::Cubed;
    add_for_probes("30 inputs, independent").correlation = 0;
    SelectionSetting& one = add_for_probes("12 inputs, one matters");
    one.inputs = 12;
    one.relevant = 1;
    SelectionSetting& few = add_for_probes("30 inputs, independent, 60 samples");
    few.correlation = 0;
    few.samples = 60;
  }
  return all;
}

inline void print_selections(const std::string& folder, const std::string& filter,
                             unsigned repeats) {
  std::cout << std::fixed << std::setprecision(3)
            << "Share of false ones among those selected, share of relevant ones selected, at q = "
               ".05, .1 and .2\n";
  for (const SelectionSetting& setting : selection_settings(folder)) {
    if (std::regex_search(setting.name, std::regex(filter))) print_selection(setting, repeats);
  }
}

}  // namespace faithfulness
