// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <iostream>
#include <limits>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <viann/detail/statistics/shuffle.hpp>
#include <viann/tools/agreement.hpp>
#include <viann/tools/stability.hpp>

#include "branches.hpp"
#include "methods.hpp"
#include "optimizers.hpp"
#include "regimes.hpp"
#include "statistics.hpp"
#include "task.hpp"

/// Carries out all trainings, and says how good every method's scores are.

namespace faithfulness {

enum Metric { Ap, Auc, TopShare, Order, First, RhoPermutation, Stability, Cost, metrics };

inline const std::array<const char*, metrics> metric_names = {
    "AP", "AUC", "top k", "order", "first", "rho permut.", "stability", "cost"};

/// A task, trained in one way by some optimizers, with several seeds.
struct Experiment {
  const BenchmarkTask* task;
  Suite suite;  // in whose tables it counts
  Regime regime;
  std::vector<OptimizerSettings> optimizers;
  bool takes_turns = false;  // one optimizer a seed instead of all
};

/// One method's scores of one run, and how good they are.
struct Row {
  std::string method;
  VectorXd scores;
  std::array<double, metrics> values;
};

/// One training: an experiment, a seed and an optimizer.
struct Run {
  std::string optimizer;
  std::vector<Row> rows;  // by method, in the same order everywhere in a suite
  double skill = 0;
};

/// Runs by experiment, seed and optimizer.
using Runs = std::vector<std::vector<std::vector<Run>>>;

struct Options {
  unsigned seeds = 10;
  unsigned threads = 2;
  bool shuffle_labels = false;
};

inline Row evaluate(const BenchmarkTask& task, const Scored& scored, const VectorXd& permutation,
                    double epoch_seconds) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<Index> decidable;
  for (Index i = 0; i < task.decidable.size(); ++i) {
    if (task.decidable[i]) decidable.push_back(i);
  }
  const VectorXd scores = scored.scores(decidable);
  const Flags relevant = task.relevant(decidable);
  Row row{scored.method, scored.scores, {}};
  row.values[Ap] = average_precision(scores, relevant);
  row.values[Auc] = area_under_curve(scores, relevant);
  row.values[TopShare] = share_in_top(scores, relevant);
  row.values[Order] = row.values[First] = nan;
  if (!task.ordered.empty()) {
    row.values[Order] = order_agreement(scored.scores(task.ordered), task.truth(task.ordered));
    row.values[First] = is_first_right(scored.scores, task.truth);
  }
  row.values[RhoPermutation] = viann::spearman(scored.scores, permutation);
  row.values[Stability] = nan;  // is computed for all seeds together
  row.values[Cost] = scored.seconds / epoch_seconds;
  return row;
}

/// Shuffles the training samples' targets, so that there is nothing to learn.
inline void shuffle_labels(Sample& sample, Random& random) {
  const std::vector<Index> order = detail::any_order(sample.Y.rows(), random);
  sample.Y = sample.Y(order, Eigen::all).eval();
  sample.training.y = sample.training.y(order).eval();
}

/// Adds ensembles to the first of the networks that were trained on a sample: the means, over three
/// and five of them, of a method's shares of the total. Negative scores count as 0.
inline void add_ensembles(std::vector<Trained>& networks) {
  for (const std::size_t size : {3U, 5U}) {
    for (std::size_t m = 0; size <= networks.size() && m < networks.back().methods.size(); ++m) {
      Scored mean = networks[0].methods[m];
      const auto& names = ensemble_methods;
      if (std::find(names.begin(), names.end(), mean.method) == names.end()) continue;
      mean.method = "ensemble of " + std::to_string(size) + ": " + mean.method;
      MatrixXd scores(mean.scores.size(), static_cast<Index>(size));
      for (std::size_t n = 0; n < size; ++n) {
        scores.col(static_cast<Index>(n)) = networks[n].methods[m].scores.cwiseMax(0);
        if (n > 0) mean.seconds += networks[n].methods[m].seconds;
      }
      mean.scores = viann::mean_shares(scores);
      networks[0].methods.push_back(std::move(mean));
    }
  }
}

/// All optimizers on one sample of a task. \returns runs by optimizer.
inline std::vector<Run> carry_out(const Experiment& experiment, unsigned seed,
                                  const Options& options) {
  const BenchmarkTask& task = *experiment.task;
  std::seed_seq seeds(task.name.begin(), task.name.end());
  std::vector<std::uint32_t> start(1);
  seeds.generate(start.begin(), start.end());
  Random random(start[0] + std::uint64_t{seed} * 1000003);
  Sample sample = task.draw(random, seed, experiment.regime.training_samples);
  if (options.shuffle_labels) shuffle_labels(sample, random);
  const std::uint64_t training_seed = random();  // so that optimizers start from the same weights
#ifdef FAITHFULNESS_WITH_XGBOOST
  Scored forest{"random forest", {}};
  forest.scores = timed(forest.seconds, [&] {
    return examples::random_forest_importance(sample.training, seed, 64);
  });
#endif
  std::vector<Run> runs;
  for (std::size_t o = 0; o < experiment.optimizers.size(); ++o) {
    // The first optimizer depends on the task, so that few seeds have all.
    if (experiment.takes_turns && (seed + start[0]) % experiment.optimizers.size() != o) continue;
    const OptimizerSettings& optimizer = experiment.optimizers[o];
    const bool has_branches = experiment.regime.first_layers != FirstLayers::One;
    std::vector<Trained> networks;
    for (unsigned n = 0; n < experiment.regime.networks; ++n) {
      networks.push_back(
          has_branches ? train_branches_and_score(task, sample, optimizer, experiment.regime,
                                                  training_seed + n)
                       : train_and_score(sample, optimizer, experiment.regime, training_seed + n));
    }
    add_ensembles(networks);
    Trained& trained = networks[0];
#ifdef FAITHFULNESS_WITH_XGBOOST
    if (!has_branches) trained.methods.push_back(forest);
#endif
    const auto permutation =
        std::find_if(trained.methods.begin(), trained.methods.end(),
                     [](const Scored& scored) { return scored.method == permutation_method; });
    Run run{optimizer.name, {}, trained.skill};
    for (const Scored& scored : trained.methods) {
      run.rows.push_back(evaluate(task, scored, permutation->scores, trained.epoch_seconds));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

/// Carries out all runs, distributed over threads. Every result has its place, whichever thread it
/// comes from.
inline Runs carry_out_all(const std::vector<Experiment>& experiments, const Options& options) {
  Runs runs(experiments.size(), std::vector<std::vector<Run>>(options.seeds));
  const std::size_t jobs = experiments.size() * options.seeds;
  std::atomic<std::size_t> next{0};
  std::size_t done = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto begin = std::chrono::steady_clock::now();
  const bool is_terminal = isatty(STDERR_FILENO) != 0;

  const auto work = [&] {
    for (std::size_t job = next++; job < jobs; job = next++) {
      // Seed by seed, so that the remaining runs take about as long as the finished ones.
      const std::size_t which = job % experiments.size();
      const std::size_t seed = job / experiments.size();
      try {
        runs[which][seed] = carry_out(experiments[which], static_cast<unsigned>(seed + 1), options);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        failure = std::current_exception();
        next = jobs;
        return;
      }
      const std::lock_guard<std::mutex> lock(mutex);
      ++done;
      const double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      if (is_terminal || done == jobs || done % experiments.size() == 0) {
        std::cerr << (is_terminal ? "\r\033[K" : "") << done << "/" << jobs
                  << " samples, all optimizers, " << std::ceil(seconds) << " s, about "
                  << std::ceil(seconds * static_cast<double>(jobs - done) /
                               static_cast<double>(done))
                  << " s left" << (is_terminal && done < jobs ? "" : "\n") << std::flush;
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t < options.threads; ++t) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return runs;
}

/// How the scores of an experiment's seeds agree, as the mean Spearman correlation of all pairs.
inline void add_stability(const std::vector<Experiment>& experiments, Runs& runs) {
  for (std::size_t e = 0; e < runs.size(); ++e) {
    auto& seeds = runs[e];
    if (seeds.size() < 3 || experiments[e].takes_turns) continue;
    for (std::size_t o = 0; o < seeds[0].size(); ++o) {
      for (std::size_t m = 0; m < seeds[0][o].rows.size(); ++m) {
        MatrixXd scores(seeds[0][o].rows[m].scores.size(), static_cast<Index>(seeds.size()));
        for (std::size_t s = 0; s < seeds.size(); ++s) {
          scores.col(static_cast<Index>(s)) = seeds[s][o].rows[m].scores;
        }
        const double stability = viann::stability_across_runs(scores, 1).spearman.mean;
        for (auto& seed : seeds) seed[o].rows[m].values[Stability] = stability;
      }
    }
  }
}

}  // namespace faithfulness
