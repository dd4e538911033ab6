// SPDX-License-Identifier: MIT
#include "known_tasks.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "../../support/catch.hpp"

static const faithfulness::BenchmarkTask& task_called(const std::string& name) {
  static const auto tasks = faithfulness::known_tasks();
  return *std::find_if(tasks.begin(), tasks.end(), [&](const auto& t) { return t.name == name; });
}

TEST_CASE("known tasks: truth is twice the total effect, as a share") {
  // x0 x1 + x2 x3 + x4 / 2 of normal inputs: total effects 1, 1, 1, 1 and 1/4.
  const Eigen::VectorXd products = task_called("products").truth;
  Eigen::VectorXd expected = Eigen::VectorXd::Zero(20);
  expected.head(5) << 4, 4, 4, 4, 1;
  CHECK((products - expected / 17).cwiseAbs().maxCoeff() < 0.01);
  // A linear function's are the squares of its weights, in inputs of any scale.
  const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(6, 1, 0.3);
  const Eigen::VectorXd squares = weights.cwiseAbs2() / weights.squaredNorm();
  CHECK((task_called("scales_mild").truth.head(6) - squares).cwiseAbs().maxCoeff() < 0.01);
}

// Truths are estimated from samples, which depend on the order in which a matrix is filled.
TEST_CASE("known tasks: whose scores should have the truth's order", "[simulation]") {
  using Inputs = std::vector<Eigen::Index>;
  CHECK(task_called("ar_0.9").ordered == Inputs{0, 6, 12, 18, 24});
  CHECK(task_called("friedman3").ordered == Inputs{0, 1, 2});  // the fourth matters too little
  // Effects that are equal count as such, and others do not.
  for (const char* name : {"rare_1", "rare_3"}) {
    const Eigen::VectorXd rare = faithfulness::tie_similar(task_called(name).truth);
    CHECK((rare[10] == rare[11] && rare[10] == rare[12]));
  }
  const Eigen::VectorXd sparse = faithfulness::tie_similar(task_called("sparse").truth);
  for (Eigen::Index i = 0; i < 10; ++i) CHECK(sparse[i] > sparse[i + 1]);
  CHECK(task_called("xor").ordered.empty());          // two are no order
  CHECK(task_called("scales_mild").ordered.empty());  // scaled apart
  CHECK(task_called("redundant").ordered.empty());    // others can replace them
  CHECK(task_called("clusters_2").ordered.empty());   // not known
}
