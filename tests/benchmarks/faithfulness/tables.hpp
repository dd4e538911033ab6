// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "experiments.hpp"
#include "published_tasks.hpp"
#include "statistics.hpp"

/// Prints what the trainings showed.

namespace faithfulness {

class Tables {
 public:
  Tables(const std::vector<Experiment>& experiments, const Runs& runs,
         std::vector<PublishedResult> published)
      : experiments_(experiments), runs_(runs), published_(std::move(published)) {
    std::cout << std::fixed << std::setprecision(3);
  }

  void print() const {
    print_suite(Suite::Known, Ap, "Synthetic tasks, relevant inputs against irrelevant ones");
    print_suite(Suite::Probes, Auc, "Real data, inputs against their probes");
    if (has(Suite::Noise)) {
      std::cout << "\n## Real data, inputs against columns of independent noise\n";
      print_columns("by learning rate", regimes_of(Suite::Noise), Auc);
      print_columns("by data set", families_of(Suite::Noise), Auc);
      print_columns("on Boston", regimes_of(Suite::Noise, "boston"), Auc);
    }
    if (has(Suite::Regimes)) {
      std::cout << "\n## Synthetic tasks, trained in other ways\n";
      std::vector<Column> columns = regimes_of(Suite::Regimes);
      for (const char* family : {"copies", "rare"}) {
        columns.push_back({family, [=](const Experiment& e) {
                             return e.suite == Suite::Regimes && e.task->family == family;
                           }});
      }
      for (const Metric metric : {Ap, Order, First}) print_columns("by regime", columns, metric);
      print_skill(columns);
    }
    if (has(Suite::Branches)) {
      std::cout << "\n## Synthetic tasks, networks with two first layers\n";
      print_columns("by network", regimes_of(Suite::Branches), Ap);
    }
    if (has(Suite::Ensembles)) {
      std::cout << "\n## Synthetic tasks, several networks for each sample\n";
      for (const Metric metric : {Ap, Order, First}) {
        print_columns("by regime", regimes_of(Suite::Ensembles), metric);
      }
    }
    if (has(Suite::Published)) {
      std::cout << "\n## Published selection tasks: share of the relevant among the top k\n";
      print_columns("by task", families_of(Suite::Published), TopShare, true);
      print_columns("by number of inputs", numbers_of_inputs(), TopShare, true);
    }
  }

 private:
  using Group = std::function<bool(const Experiment&)>;

  /// A column of a table: the experiments that it averages.
  struct Column {
    std::string name;
    Group group;
    std::string optimizer = {};  // any, if empty
  };

  bool has(Suite suite) const {
    return std::any_of(experiments_.begin(), experiments_.end(),
                       [&](const Experiment& e) { return e.suite == suite; });
  }

  void print_suite(Suite suite, Metric metric, const char* title) const {
    if (!has(suite)) return;
    std::cout << "\n## " << title << "\n";
    const Group group = [=](const Experiment& e) { return e.suite == suite; };
    print_methods(group, metric);
    std::vector<Column> columns;
    for (const OptimizerSettings& optimizer : all_optimizers()) {
      columns.push_back({optimizer.name, group, optimizer.name});
    }
    print_columns("by optimizer", columns, metric);
    print_skill(columns);
    print_columns("by family", families_of(suite), metric);
  }

  // One column for each value of key(experiment), in the order of the experiments.
  template <typename Key>
  std::vector<Column> columns_by(const Group& group, const Key& key) const {
    std::vector<Column> columns;
    for (const Experiment& e : experiments_) {
      const std::string name = group(e) ? key(e) : std::string();
      if (name.empty() || std::any_of(columns.begin(), columns.end(),
                                      [&](const Column& c) { return c.name == name; })) {
        continue;
      }
      columns.push_back({name, [=](const Experiment& x) { return group(x) && key(x) == name; }});
    }
    return columns;
  }

  std::vector<Column> families_of(Suite suite) const {
    return columns_by([=](const Experiment& e) { return e.suite == suite; },
                      [](const Experiment& e) { return e.task->family; });
  }

  // Those of all families, or of one.
  std::vector<Column> regimes_of(Suite suite, const std::string& family = {}) const {
    return columns_by(
        [=](const Experiment& e) {
          return e.suite == suite && e.task->suite != Suite::Regimes &&
                 (family.empty() || e.task->family == family);
        },
        [](const Experiment& e) { return e.regime.name; });
  }

  std::vector<Column> numbers_of_inputs() const {
    return columns_by([](const Experiment& e) { return e.suite == Suite::Published; },
                      [](const Experiment& e) { return std::to_string(e.task->relevant.size()); });
  }

  // A value of all runs of an experiment, with one optimizer or any.
  template <typename Value>
  std::vector<double> of_runs(std::size_t experiment, const std::string& optimizer,
                              const Value& value) const {
    std::vector<double> all;
    for (const auto& runs : runs_[experiment]) {
      for (const Run& run : runs) {
        if (optimizer.empty() || run.optimizer == optimizer) all.push_back(value(run));
      }
    }
    return all;
  }

  // All values of a method and a metric, over an experiment's seeds and optimizers.
  std::vector<double> values(std::size_t experiment, std::size_t method, Metric metric,
                             const std::string& optimizer = {}) const {
    return of_runs(experiment, optimizer,
                   [&](const Run& run) { return run.rows[method].values[metric]; });
  }

  // A number for every experiment of the group, averaged by unit.
  template <typename Value>
  std::vector<double> by_unit(const Group& group, const Value& value) const {
    std::map<std::string, std::vector<double>> units;
    for (std::size_t e = 0; e < experiments_.size(); ++e) {
      if (group(experiments_[e])) units[experiments_[e].task->unit].push_back(value(e));
    }
    std::vector<double> means;
    for (const auto& [unit, of_experiments] : units) means.push_back(mean_of(of_experiments));
    return means;
  }

  // The methods of the experiments in a table; none if there are no such experiments.
  std::vector<std::string> methods_of(const std::vector<Column>& columns) const {
    std::vector<std::string> names;
    for (std::size_t e = 0; e < experiments_.size(); ++e) {
      const bool is_shown = std::any_of(columns.begin(), columns.end(), [&](const Column& column) {
        return column.group(experiments_[e]);
      });
      if (!is_shown) continue;
      for (const Row& row : runs_[e][0][0].rows) names.push_back(row.method);
      break;
    }
    return names;
  }

  void print_methods(const Group& group, Metric difference) const {
    print_name("method");
    for (const char* name : metric_names) std::cout << std::setw(12) << name;
    for (const char* reference : {reference_method, second_reference_method}) {
      std::cout << "   " << std::left << std::setw(24)
                << metric_names[difference] + std::string(" less ") + reference << std::right;
    }
    std::cout << "\n";
    const std::vector<std::string> methods = methods_of({{{}, group}});
    for (std::size_t m = 0; m < methods.size(); ++m) {
      print_name(methods[m], false);
      for (int i = 0; i < metrics; ++i) {
        const auto metric = static_cast<Metric>(i);
        const auto of_units = by_unit(group, [&](std::size_t e) {
          return metric == Cost ? median_of(values(e, m, metric)) : mean_of(values(e, m, metric));
        });
        print_value(metric == Cost ? median_of(of_units) : mean_of(of_units), 12);
      }
      for (const char* reference : {reference_method, second_reference_method}) {
        std::cout << "   ";
        if (methods[m] == reference) {
          std::cout << std::string(24, ' ');
          continue;
        }
        const auto other = static_cast<std::size_t>(
            std::find(methods.begin(), methods.end(), reference) - methods.begin());
        const Interval interval = bootstrap_mean(by_unit(group, [&](std::size_t e) {
          return mean_of(values(e, m, difference)) - mean_of(values(e, other, difference));
        }));
        std::cout << std::showpos << interval.mean << " [" << interval.lower << ", "
                  << interval.upper << "]" << std::noshowpos;
      }
      std::cout << "\n";
    }
  }

  // The title follows the metric's name. Published results of the same tasks follow the methods, if
  // wanted.
  void print_columns(const std::string& title, const std::vector<Column>& columns, Metric metric,
                     bool with_published = false) const {
    print_name(std::string(metric_names[metric]) + " " + title);
    for (const Column& column : columns) std::cout << std::setw(14) << column.name;
    std::cout << "\n";
    const std::vector<std::string> methods = methods_of(columns);
    for (std::size_t m = 0; m < methods.size(); ++m) {
      print_name(methods[m], false);
      for (const Column& column : columns) {
        print_value(mean_of(by_unit(column.group,
                                    [&](std::size_t e) {
                                      return mean_of(values(e, m, metric, column.optimizer));
                                    })),
                    14);
      }
      std::cout << "\n";
    }
    if (!with_published) return;
    std::vector<std::string> published_methods;
    for (const PublishedResult& result : published_) {
      if (std::find(published_methods.begin(), published_methods.end(), result.method) ==
          published_methods.end()) {
        published_methods.push_back(result.method);
      }
    }
    for (const std::string& method : published_methods) {
      print_name("* " + method, false);
      for (const Column& column : columns) {
        std::vector<double> shares;
        for (const PublishedResult& result : published_) {
          if (result.method == method &&
              std::any_of(experiments_.begin(), experiments_.end(), [&](const Experiment& e) {
                return column.group(e) && e.task->name == result.task;
              })) {
            shares.push_back(result.share);
          }
        }
        print_value(mean_of(shares), 14);
      }
      std::cout << "\n";
    }
    std::cout << "(* as published)\n";
  }

  void print_skill(const std::vector<Column>& columns) const {
    print_name("(skill on test data)", false);
    for (const Column& column : columns) {
      print_value(mean_of(by_unit(column.group,
                                  [&](std::size_t e) {
                                    return mean_of(of_runs(e, column.optimizer, [](const Run& run) {
                                      return run.skill;
                                    }));
                                  })),
                  14);
    }
    std::cout << "\n";
  }

  static void print_name(const std::string& name, bool is_title = true) {
    std::cout << (is_title ? "\n" : "") << std::left << std::setw(32) << name << std::right;
  }

  static void print_value(double value, int width) {
    std::cout << std::setw(width);
    if (std::isnan(value)) {
      std::cout << "-";
    } else {
      std::cout << value;
    }
  }

  const std::vector<Experiment>& experiments_;
  const Runs& runs_;
  std::vector<PublishedResult> published_;
};

/// A row a run and method.
/// \throws std::runtime_error if the file cannot be written.
inline void write_csv(std::ofstream& file, const std::vector<Experiment>& experiments,
                      const Runs& runs) {
  file << "task,family,half,suite,regime,seed,optimizer,skill,method,ap,auc,top_k,order,first,"
          "rho_permutation,stability,cost\n";
  constexpr const char* suites[] = {"known",    "probes",    "noise",    "regimes",
                                    "branches", "ensembles", "published"};
  for (std::size_t e = 0; e < runs.size(); ++e) {
    const Experiment& experiment = experiments[e];
    const BenchmarkTask& task = *experiment.task;
    for (std::size_t s = 0; s < runs[e].size(); ++s) {
      for (const Run& run : runs[e][s]) {
        for (const Row& row : run.rows) {
          file << task.name << ',' << task.family << ','
               << (task.half == Half::Develop ? "develop" : "held-out") << ','
               << suites[static_cast<int>(experiment.suite)] << ',' << experiment.regime.name << ','
               << s + 1 << ',' << run.optimizer << ',' << run.skill << ",\"" << row.method << '"';
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

}  // namespace faithfulness
