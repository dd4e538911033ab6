// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <string>
#include <vector>

#include "../../../examples/support/network.hpp"

/// In what ways a network is trained and observed.

namespace faithfulness {

/// The initial weights' variance, by a layer's widths: 2 / (inputs + outputs), Keras's default (X.
/// Glorot & Y. Bengio, AISTATS 2010), or 2 / inputs (K. He, X. Zhang, S. Ren, J. Sun, ICCV 2015).
enum class InitialWeights { Glorot, He };

/// A network's first layers: one for all inputs, or one for each of two branches of inputs, with as
/// many units, with more in the second, or with another layer after the second (an embedding).
enum class FirstLayers { One, EqualWidths, UnequalWidths, Embedding };

/// Which inputs are in the second of two branches.
enum class SecondBranch { Half, OneInFive, IrrelevantOnes };

struct Regime {
  std::string name = "usual";
  Eigen::Index training_samples = 500;  // of synthetic tasks
  std::vector<Eigen::Index> hidden_units = {50, 50};
  examples::Activation activation = examples::Activation::Relu;
  InitialWeights initial = InitialWeights::Glorot;
  double learning_rate = 1;  // times the optimizer's
  std::ptrdiff_t batch_size = 32;
  int epochs = 100;
  int first_observed = 0;         // hooks see the weights from the end of this epoch on
  bool observes_batches = false;  // instead of epochs
  FirstLayers first_layers = FirstLayers::One;
  SecondBranch second_branch = SecondBranch::Half;
  unsigned networks = 1;  // trained on one sample, with different initial weights and batches
};

/// Those in which scores are known to be harder to get right.
inline std::vector<Regime> hard_regimes() {
  std::vector<Regime> all;
  const auto add = [&](const char* name) -> Regime& {
    all.emplace_back();
    all.back().name = name;
    return all.back();
  };
  add("300 samples").training_samples = 300;
  add("150 samples").training_samples = 150;
  add("20 epochs").epochs = 20;
  add("He weights").initial = InitialWeights::He;
  add("rate / 10").learning_rate = 0.1;
  add("batch 256").batch_size = 256;
  add("hook late").first_observed = 20;
  add("each batch").observes_batches = true;
  add("tanh").activation = examples::Activation::Tanh;
  add("GELU").activation = examples::Activation::Gelu;
  Regime& sigmoid = add("sigmoid");  // deeper or slower, SGD learns hardly more than linear trends
  sigmoid.activation = examples::Activation::Sigmoid;
  sigmoid.learning_rate = 5;
  sigmoid.hidden_units = {50};
  add("one layer").hidden_units = {50};
  return all;
}

/// Five networks for each sample, which is small in the second.
inline std::vector<Regime> ensembles() {
  std::vector<Regime> all(2);
  for (Regime& regime : all) regime.networks = 5;
  all[1].name = "150 samples";
  all[1].training_samples = 150;
  return all;
}

/// The optimizer's learning rate times 10, as it is, and a tenth.
inline std::vector<Regime> learning_rates() {
  std::vector<Regime> all(3);
  all[0].name = "rate * 10";
  all[0].learning_rate = 10;
  all[2].name = "rate / 10";
  all[2].learning_rate = 0.1;
  return all;
}

/// All networks with two branches, for all choices of their inputs.
inline std::vector<Regime> branched_networks() {
  std::vector<Regime> all;
  for (const auto second :
       {SecondBranch::Half, SecondBranch::OneInFive, SecondBranch::IrrelevantOnes}) {
    for (const auto layers :
         {FirstLayers::EqualWidths, FirstLayers::UnequalWidths, FirstLayers::Embedding}) {
      Regime& regime = all.emplace_back();
      regime.first_layers = layers;
      regime.second_branch = second;
      regime.name = layers == FirstLayers::EqualWidths     ? "25+25"
                    : layers == FirstLayers::UnequalWidths ? "10+40"
                                                           : "embed";
      regime.name += second == SecondBranch::Half        ? ""
                     : second == SecondBranch::OneInFive ? " 4:1"
                                                         : " noise";
    }
  }
  return all;
}

}  // namespace faithfulness
