// SPDX-License-Identifier: MIT
//
// How far can scores of importance be believed?
//
// Trains small networks on tasks whose relevant inputs are known, and on real data beside inputs
// that are irrelevant; asks every method which inputs the network relies on; and prints how often
// it is right. Synthetic tasks and real data are reported separately, because it is not known
// whether a real input matters. The same seeds give the same tables, except for the costs, with any
// number of threads.

#include <algorithm>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../../../examples/support/command_line.hpp"
#include "categories.hpp"
#include "experiments.hpp"
#include "known_tasks.hpp"
#include "published_tasks.hpp"
#include "real_tasks.hpp"
#include "selection.hpp"
#include "tables.hpp"

namespace {

using namespace faithfulness;

const std::vector<std::pair<std::string, Suite>> suites = {
    {"known", Suite::Known},        {"probes", Suite::Probes},     {"noise", Suite::Noise},
    {"regimes", Suite::Regimes},    {"branches", Suite::Branches}, {"ensembles", Suite::Ensembles},
    {"published", Suite::Published}};

/// In what ways a suite trains its networks. Adam alone serves where learning rates or numbers of
/// inputs vary; optimizers take turns where there are many networks.
std::vector<Experiment> experiments_of(Suite suite, const BenchmarkTask& task) {
  std::vector<OptimizerSettings> adam = all_optimizers();
  adam.erase(std::remove_if(adam.begin(), adam.end(),
                            [](const OptimizerSettings& o) { return o.name != "adam"; }),
             adam.end());
  std::vector<Experiment> experiments;
  const auto add = [&](const Regime& regime, const std::vector<OptimizerSettings>& optimizers) {
    experiments.push_back({&task, suite, regime, optimizers});
  };
  const auto add_in_turns = [&](const std::vector<Regime>& regimes) {
    for (const Regime& regime : regimes) {
      experiments.push_back({&task, suite, regime, all_optimizers(), true});
    }
  };
  if (suite == Suite::Regimes && task.suite == Suite::Known) {
    add_in_turns({Regime()});
    add_in_turns(hard_regimes());
  } else if (suite == Suite::Branches && task.suite == Suite::Known) {
    add_in_turns(branched_networks());
  } else if (suite == Suite::Ensembles && task.suite == Suite::Known) {
    add_in_turns(ensembles());
  } else if (suite == task.suite && suite == Suite::Noise) {
    for (const Regime& regime : learning_rates()) add(regime, adam);
  } else if (suite == task.suite) {
    add({}, suite == Suite::Published ? adam : all_optimizers());
  }
  return experiments;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string filter = ".*";
  std::string half = "all";
  std::string csv;
  Index most_inputs = 256;
  int epochs = 0;
  std::vector<std::string> chosen = {"known", "probes"};
  std::vector<std::string> optimizers;
  for (const auto& optimizer : all_optimizers()) optimizers.push_back(optimizer.name);
  std::vector<std::string> all_suites;
  for (const auto& [name, suite] : suites) all_suites.push_back(name);
  // These have tables, and settings, of their own.
  all_suites.insert(all_suites.end(), {"selection", "categories"});

  examples::CommandLine command(
      "How often scores of importance are right, on tasks with known truth.");
  command.add_choices("--suites", chosen, "of tasks", all_suites);
  command.add_number("--seeds", options.seeds, "samples of every task, with new initial weights",
                     1);
  command.add_text("--tasks", filter, "regular expression that a task's name must contain");
  command.add_choices("--optimizers", optimizers, "of the networks", optimizers);
  command.add_choice("--half", half, "tasks to invent on, tasks to test on, or all",
                     {"develop", "held-out", "all"});
  command.add_number("--most-inputs", most_inputs, "of the published tasks, at most 2048", 16);
  command.add_flag("--shuffle-labels", options.shuffle_labels,
                   "train on labels that mean nothing: every AUC but 0.5 then tells of a bias");
  command.add_number("--epochs", epochs, "passes over the samples; 0: as the regime says");
  command.add_number("--threads", options.threads, "that share the runs", 1);
  command.add_text("--csv", csv, "file for a row a run and method");
  return command.run(argc, argv, [&] {
    const auto is_chosen = [&](const char* name) {
      return std::find(chosen.begin(), chosen.end(), name) != chosen.end();
    };
    if (is_chosen("selection")) print_selections(FAITHFULNESS_DATA, filter, options.seeds);
    if (is_chosen("categories")) print_categories(options.seeds);
    if (chosen.size() == (is_chosen("selection") ? 1U : 0U) + (is_chosen("categories") ? 1U : 0U))
      return;
    std::vector<BenchmarkTask> tasks = known_tasks();
    for (BenchmarkTask& task : real_tasks(FAITHFULNESS_DATA)) tasks.push_back(std::move(task));
    for (BenchmarkTask& task : published_tasks(std::min<Index>(most_inputs, 2048))) {
      tasks.push_back(std::move(task));
    }
    std::vector<Experiment> experiments;
    for (const auto& [name, suite] : suites) {
      if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) continue;
      for (const BenchmarkTask& task : tasks) {
        if (!std::regex_search(task.name, std::regex(filter))) continue;
        if (half == "develop" && task.half != Half::Develop) continue;
        if (half == "held-out" && task.half != Half::HeldOut) continue;
        for (Experiment& experiment : experiments_of(suite, task)) {
          auto& settings = experiment.optimizers;
          settings.erase(std::remove_if(settings.begin(), settings.end(),
                                        [&](const OptimizerSettings& o) {
                                          return std::find(optimizers.begin(), optimizers.end(),
                                                           o.name) == optimizers.end();
                                        }),
                         settings.end());
          if (epochs > 0) experiment.regime.epochs = epochs;
          if (!settings.empty()) experiments.push_back(std::move(experiment));
        }
      }
    }
    if (experiments.empty()) {
      throw std::runtime_error("No task of these suites and optimizers has a name that contains " +
                               filter + ".");
    }
    std::ofstream file;
    if (!csv.empty()) {
      file.open(csv);  // before an hour's work
      if (!file) throw std::runtime_error(csv + " cannot be written.");
    }
    Runs runs = carry_out_all(experiments, options);
    add_stability(experiments, runs);
    Tables(experiments, runs, read_published_results(FAITHFULNESS_PUBLISHED)).print();
    if (file.is_open()) write_csv(file, experiments, runs);
  });
}
