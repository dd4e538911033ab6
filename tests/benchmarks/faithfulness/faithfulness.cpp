// SPDX-License-Identifier: MIT
//
// How far can scores of importance be believed?
//
// Trains small networks on tasks whose relevant inputs are known, and on real data with added
// probes, which are irrelevant; asks every method which inputs the network relies on; and prints
// how often it is right. Synthetic tasks and real data are reported separately, because it is not
// known whether a real input matters. The same seeds give the same tables, except for the costs,
// with any number of threads.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <mutex>
#include <numeric>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <viann/agreement.hpp>
#include <viann/detail/statistics/shuffle.hpp>
#include <viann/stability.hpp>

#include "../../../examples/support/command_line.hpp"
#include "methods.hpp"
#include "optimizers.hpp"
#include "statistics.hpp"
#include "tasks.hpp"

namespace {

using namespace faithfulness;

enum Metric { Ap, Auc, RhoTruth, RhoPermutation, Stability, Cost, metrics };

const std::array<const char*, metrics> metric_names = {"AP",          "AUC",       "rho truth",
                                                       "rho permut.", "stability", "cost"};

/// One method's scores of one run, and how good they are.
struct Row {
  std::string method;
  VectorXd scores;
  std::array<double, metrics> values;
};

/// One training: a task, a seed and an optimizer.
struct Run {
  std::vector<Row> rows;  // by method, in the same order everywhere
  double skill = 0;
};

struct Options {
  std::vector<const BenchmarkTask*> tasks;
  std::vector<OptimizerSettings> optimizers;
  unsigned seeds = 10;
  int epochs = 100;
  unsigned threads = 2;
  bool shuffle_labels = false;
};

/// Runs by task, seed and optimizer.
using Runs = std::vector<std::vector<std::vector<Run>>>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Row evaluate(const BenchmarkTask& task, const Scored& scored, const VectorXd& permutation,
             double epoch_seconds) {
  std::vector<Index> decidable;
  for (Index i = 0; i < task.decidable.size(); ++i) {
    if (task.decidable[i]) decidable.push_back(i);
  }
  const VectorXd scores = scored.scores(decidable);
  const Flags relevant = task.relevant(decidable);
  Row row{scored.method, scored.scores, {}};
  row.values[Ap] = average_precision(scores, relevant);
  row.values[Auc] = area_under_curve(scores, relevant);
  row.values[RhoTruth] = task.truth.size() > 0 ? viann::spearman(scored.scores, task.truth) : nan;
  row.values[RhoPermutation] = viann::spearman(scored.scores, permutation);
  row.values[Stability] = nan;  // is computed for all seeds together
  row.values[Cost] = scored.seconds / epoch_seconds;
  return row;
}

std::vector<Index> any_order(Index count, Random& random) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  viann::detail::shuffle(order.begin(), order.end(), random);
  return order;
}

/// Shuffles the training samples' targets, so that there is nothing to learn.
void shuffle_labels(Sample& sample, Random& random) {
  const std::vector<Index> order = any_order(sample.Y.rows(), random);
  sample.Y = sample.Y(order, Eigen::all).eval();
  sample.training.y = sample.training.y(order).eval();
}

/// All optimizers on one sample of a task. \returns runs by optimizer.
std::vector<Run> carry_out(const BenchmarkTask& task, unsigned seed, const Options& options) {
  std::seed_seq seeds(task.name.begin(), task.name.end());
  std::vector<std::uint32_t> start(1);
  seeds.generate(start.begin(), start.end());
  Random random(start[0] + std::uint64_t{seed} * 1000003);
  Sample sample = task.draw(random);
  if (options.shuffle_labels) shuffle_labels(sample, random);
  const std::uint64_t training_seed = random();  // so that optimizers start from the same weights
#ifdef FAITHFULNESS_WITH_XGBOOST
  Scored forest{"random forest", {}};
  forest.scores = timed(forest.seconds, [&] {
    return examples::random_forest_importance(sample.training, seed, 64);
  });
#endif
  std::vector<Run> runs;
  for (const OptimizerSettings& optimizer : options.optimizers) {
    Trained trained = train_and_score(sample, optimizer, options.epochs, training_seed);
#ifdef FAITHFULNESS_WITH_XGBOOST
    trained.methods.push_back(forest);
#endif
    const auto permutation =
        std::find_if(trained.methods.begin(), trained.methods.end(),
                     [](const Scored& scored) { return scored.method == permutation_method; });
    Run run;
    run.skill = trained.skill;
    for (const Scored& scored : trained.methods) {
      run.rows.push_back(evaluate(task, scored, permutation->scores, trained.epoch_seconds));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

/// Carries out all runs, distributed over threads. Every result has its place, whichever thread it
/// comes from.
Runs carry_out_all(const Options& options) {
  Runs runs(options.tasks.size(), std::vector<std::vector<Run>>(options.seeds));
  const std::size_t jobs = options.tasks.size() * options.seeds;
  std::atomic<std::size_t> next{0};
  std::size_t done = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto begin = std::chrono::steady_clock::now();
  const bool is_terminal = isatty(STDERR_FILENO) != 0;

  const auto work = [&] {
    for (std::size_t job = next++; job < jobs; job = next++) {
      // Seed by seed, so that the remaining runs take about as long as the finished ones.
      const std::size_t task = job % options.tasks.size();
      const std::size_t seed = job / options.tasks.size();
      try {
        runs[task][seed] =
            carry_out(*options.tasks[task], static_cast<unsigned>(seed + 1), options);
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
      if (is_terminal || done == jobs || done % options.tasks.size() == 0) {
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

/// How the scores of a task's seeds agree, as the mean Spearman correlation of all pairs.
void add_stability(Runs& runs, const Options& options) {
  if (options.seeds < 3) return;
  for (auto& seeds : runs) {
    for (std::size_t o = 0; o < options.optimizers.size(); ++o) {
      for (std::size_t m = 0; m < seeds[0][o].rows.size(); ++m) {
        MatrixXd scores(seeds[0][o].rows[m].scores.size(), options.seeds);
        for (std::size_t s = 0; s < seeds.size(); ++s) {
          scores.col(static_cast<Index>(s)) = seeds[s][o].rows[m].scores;
        }
        const double stability = viann::stability_across_runs(scores, 1).spearman.mean;
        for (auto& seed : seeds) seed[o].rows[m].values[Stability] = stability;
      }
    }
  }
}

class Tables {
 public:
  Tables(const Runs& runs, const Options& options) : runs_(runs), options_(options) {
    std::cout << std::fixed;
  }

  void print() const {
    std::cout << options_.tasks.size() << " tasks, " << options_.seeds << " seeds, "
              << options_.optimizers.size() << " optimizers, " << options_.epochs << " epochs\n";
    for (const bool real : {false, true}) {
      if (std::none_of(options_.tasks.begin(), options_.tasks.end(),
                       [&](const BenchmarkTask* task) { return task->real == real; })) {
        continue;
      }
      std::cout << (real ? "\n## Real data, inputs against their probes\n"
                         : "\n## Synthetic tasks, relevant inputs against irrelevant ones\n");
      const auto group = [&](const BenchmarkTask& task) { return task.real == real; };
      print_methods(group, real ? Auc : Ap);
      print_by_optimizer(group, real ? Auc : Ap);
      print_by_family(group, real ? Auc : Ap);
    }
  }

 private:
  using Group = std::function<bool(const BenchmarkTask&)>;

  // All values of a method and a metric, over a task's seeds and the given optimizers.
  std::vector<double> values(std::size_t task, std::size_t method, Metric metric,
                             std::size_t first_optimizer, std::size_t end_optimizer) const {
    std::vector<double> all;
    for (const auto& optimizers : runs_[task]) {
      for (std::size_t o = first_optimizer; o < end_optimizer; ++o) {
        all.push_back(optimizers[o].rows[method].values[metric]);
      }
    }
    return all;
  }

  double task_mean(std::size_t task, std::size_t method, Metric metric) const {
    return mean_of(values(task, method, metric, 0, options_.optimizers.size()));
  }

  // A number for every task of the group, averaged by unit.
  template <typename Value>
  std::vector<double> by_unit(const Group& group, const Value& value) const {
    std::map<std::string, std::vector<double>> units;
    for (std::size_t t = 0; t < options_.tasks.size(); ++t) {
      if (group(*options_.tasks[t])) units[options_.tasks[t]->unit].push_back(value(t));
    }
    std::vector<double> means;
    for (const auto& [unit, of_tasks] : units) means.push_back(mean_of(of_tasks));
    return means;
  }

  std::size_t methods() const { return runs_[0][0][0].rows.size(); }
  const std::string& method_name(std::size_t m) const { return runs_[0][0][0].rows[m].method; }

  void print_methods(const Group& group, Metric difference) const {
    std::cout << "\n" << std::left << std::setw(22) << "method" << std::right;
    for (const char* name : metric_names) std::cout << std::setw(12) << name;
    for (const char* reference : {reference_method, second_reference_method}) {
      std::cout << "   " << std::left << std::setw(24)
                << metric_names[difference] + std::string(" less ") + reference << std::right;
    }
    std::cout << "\n";
    for (std::size_t m = 0; m < methods(); ++m) {
      std::cout << std::left << std::setw(22) << method_name(m) << std::right
                << std::setprecision(3);
      for (int metric = 0; metric < metrics; ++metric) {
        const auto of_units = by_unit(group, [&](std::size_t t) {
          const auto all = values(t, m, static_cast<Metric>(metric), 0, options_.optimizers.size());
          return metric == Cost ? median_of(all) : mean_of(all);
        });
        print_value(metric == Cost ? median_of(of_units) : mean_of(of_units), 12);
      }
      for (const char* reference : {reference_method, second_reference_method}) {
        std::cout << "   ";
        if (method_name(m) == reference) {
          std::cout << std::string(24, ' ');
          continue;
        }
        const std::size_t other = method_called(reference);
        const Interval interval = bootstrap_mean(by_unit(group, [&](std::size_t t) {
          return task_mean(t, m, difference) - task_mean(t, other, difference);
        }));
        std::cout << std::showpos << interval.mean << " [" << interval.lower << ", "
                  << interval.upper << "]" << std::noshowpos;
      }
      std::cout << "\n";
    }
  }

  void print_by_optimizer(const Group& group, Metric metric) const {
    std::cout << "\n"
              << std::left << std::setw(22) << metric_names[metric] + std::string(" by optimizer")
              << std::right;
    for (const auto& optimizer : options_.optimizers) std::cout << std::setw(12) << optimizer.name;
    std::cout << "\n";
    for (std::size_t m = 0; m < methods(); ++m) {
      std::cout << std::left << std::setw(22) << method_name(m) << std::right;
      for (std::size_t o = 0; o < options_.optimizers.size(); ++o) {
        print_value(
            mean_of(by_unit(
                group, [&](std::size_t t) { return mean_of(values(t, m, metric, o, o + 1)); })),
            12);
      }
      std::cout << "\n";
    }
    std::cout << std::left << std::setw(22) << "(skill on test data)" << std::right;
    for (std::size_t o = 0; o < options_.optimizers.size(); ++o) {
      print_value(mean_of(by_unit(group,
                                  [&](std::size_t t) {
                                    double sum = 0;
                                    for (const auto& seed : runs_[t]) sum += seed[o].skill;
                                    return sum / static_cast<double>(runs_[t].size());
                                  })),
                  12);
    }
    std::cout << "\n";
  }

  void print_by_family(const Group& group, Metric metric) const {
    std::vector<std::string> families;
    for (const BenchmarkTask* task : options_.tasks) {
      if (group(*task) &&
          std::find(families.begin(), families.end(), task->family) == families.end()) {
        families.push_back(task->family);
      }
    }
    std::cout << "\n"
              << std::left << std::setw(22) << metric_names[metric] + std::string(" by family")
              << std::right;
    for (const std::string& family : families) std::cout << std::setw(14) << family;
    std::cout << "\n";
    for (std::size_t m = 0; m < methods(); ++m) {
      std::cout << std::left << std::setw(22) << method_name(m) << std::right;
      for (const std::string& family : families) {
        print_value(
            mean_of(by_unit(
                [&](const BenchmarkTask& task) { return group(task) && task.family == family; },
                [&](std::size_t t) { return task_mean(t, m, metric); })),
            14);
      }
      std::cout << "\n";
    }
  }

  static void print_value(double value, int width) {
    std::cout << std::setw(width);
    if (std::isnan(value)) {
      std::cout << "-";
    } else {
      std::cout << std::setprecision(3) << value;
    }
  }

  std::size_t method_called(const std::string& name) const {
    std::size_t m = 0;
    while (method_name(m) != name) ++m;
    return m;
  }

  const Runs& runs_;
  const Options& options_;
};

void write_csv(std::ofstream& file, const Runs& runs, const Options& options) {
  file << "task,family,half,real,seed,optimizer,skill,method,ap,auc,rho_truth,rho_permutation,"
          "stability,cost\n";
  for (std::size_t t = 0; t < runs.size(); ++t) {
    const BenchmarkTask& task = *options.tasks[t];
    for (std::size_t s = 0; s < runs[t].size(); ++s) {
      for (std::size_t o = 0; o < runs[t][s].size(); ++o) {
        const Run& run = runs[t][s][o];
        for (const Row& row : run.rows) {
          file << task.name << ',' << task.family << ','
               << (task.half == Half::Develop ? "develop" : "held-out") << ',' << task.real << ','
               << s + 1 << ',' << options.optimizers[o].name << ',' << run.skill << ",\""
               << row.method << '"';
          for (const double value : row.values) {
            file << ',';
            if (!std::isnan(value)) file << value;
          }
          file << '\n';
        }
      }
    }
  }
  if (!file.flush()) throw std::runtime_error("The CSV file cannot be written.");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string filter = ".*";
  std::string half = "all";
  std::string csv;
  std::vector<std::string> optimizers;
  for (const auto& optimizer : all_optimizers()) optimizers.push_back(optimizer.name);
  examples::CommandLine command(
      "How often scores of importance are right, on tasks with known truth.");
  command.add_number("--seeds", options.seeds, "samples of every task, with new initial weights",
                     1);
  command.add_text("--tasks", filter, "regular expression that a task's name must contain");
  command.add_choices("--optimizers", optimizers, "of the networks", optimizers);
  command.add_choice("--half", half, "tasks to invent on, tasks to test on, or all",
                     {"develop", "held-out", "all"});
  command.add_flag("--shuffle-labels", options.shuffle_labels,
                   "train on labels that mean nothing: every AUC but 0.5 then tells of a bias");
  command.add_number("--epochs", options.epochs, "passes over the samples", 2);
  command.add_number("--threads", options.threads, "that share the runs", 1);
  command.add_text("--csv", csv, "file for a row a run and method");
  return command.run(argc, argv, [&] {
    const std::vector<BenchmarkTask> tasks = all_tasks(FAITHFULNESS_DATA);
    for (const BenchmarkTask& task : tasks) {
      if (!std::regex_search(task.name, std::regex(filter))) continue;
      if (half == "develop" && task.half != Half::Develop) continue;
      if (half == "held-out" && task.half != Half::HeldOut) continue;
      options.tasks.push_back(&task);
    }
    if (options.tasks.empty()) throw std::runtime_error("No task's name contains " + filter + ".");
    for (const auto& optimizer : all_optimizers()) {
      if (std::find(optimizers.begin(), optimizers.end(), optimizer.name) != optimizers.end()) {
        options.optimizers.push_back(optimizer);
      }
    }
    std::ofstream file;
    if (!csv.empty()) {
      file.open(csv);  // before an hour's work
      if (!file) throw std::runtime_error(csv + " cannot be written.");
    }
    Runs runs = carry_out_all(options);
    add_stability(runs, options);
    Tables(runs, options).print();
    if (file.is_open()) write_csv(file, runs, options);
  });
}
