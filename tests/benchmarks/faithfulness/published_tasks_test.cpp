// SPDX-License-Identifier: MIT
#include "published_tasks.hpp"

#include <algorithm>

#include "../../support/catch.hpp"

using faithfulness::Index;

TEST_CASE("published selection tasks: points that are positive, and points that are not") {
  faithfulness::Random random(1);
  const auto& kinds = faithfulness::detail::published_kinds();
  const auto is_positive = [&](std::size_t kind, const std::vector<double>& x) {
    return kinds[kind].is_positive(x.data(), random);
  };
  CHECK(is_positive(0, {0.5, 0.85}));
  CHECK(is_positive(0, {0.5, 0.5 - 0.35 - 0.115}));
  CHECK_FALSE(is_positive(0, {0.5, 0.5 - 0.35 + 0.116}));
  CHECK_FALSE(is_positive(0, {0.5, 0.5}));
  CHECK(is_positive(1, {0.6, 0.4}));
  CHECK(is_positive(1, {0.4, 0.6}));
  CHECK_FALSE(is_positive(1, {0.6, 0.6}));
  CHECK(is_positive(2, {0.5, 0.85, 0.5, 0.5}));
  CHECK(is_positive(2, {0.5, 0.5, 0.7, 0.3}));
  CHECK_FALSE(is_positive(2, {0.5, 0.5, 0.6, 0.4}));
  CHECK(is_positive(3, {0.5, 0.5, 0.8, 0.2, 0, 0}));
  CHECK_FALSE(is_positive(3, {0.5, 0.5, 0.7, 0.3, 0, 0}));
  CHECK(is_positive(3, {0.5, 0.5, 0.5, 0.5, 1.5, 1.5}));
}

TEST_CASE("published selection tasks: six folds of one data set") {
  faithfulness::Random random(1);
  for (const auto& task : faithfulness::published_tasks(32)) {
    const bool is_large = task.name.find("32") != std::string::npos;
    CHECK(task.relevant.size() == (is_large ? 32 : 16));
    const auto first = task.draw(random, 1, 0), other = task.draw(random, 2, 0),
               again = task.draw(random, 7, 0);
    CHECK(first.X.rows() == 833);
    CHECK(first.X_test.rows() == 167);
    CHECK(first.X_test == again.X_test);
    CHECK(first.X_test != other.X_test);
    CHECK(first.X.cwiseAbs().maxCoeff() <= 1);
    CHECK(first.X.minCoeff() < -0.99F);
    // About half of the samples of every task are positive.
    CHECK(std::abs(first.Y.col(1).mean() - 0.5F) < 0.1F);
  }
  // The classes of XOR follow from the relevant inputs alone.
  const auto tasks = faithfulness::published_tasks(16);
  const auto& task = tasks[1];
  REQUIRE(task.name == "xor.16");
  REQUIRE(task.relevant.count() == 2);
  const auto sample = task.draw(random, 1, 0);
  Eigen::VectorXf product = Eigen::VectorXf::Ones(sample.X.rows());
  for (Index i = 0; i < 16; ++i) {
    if (task.relevant[i]) product.array() *= sample.X.col(i).array();
  }
  CHECK(((product.array() <= 0) == (sample.Y.col(1).array() == 1)).all());
}

TEST_CASE("published selection tasks: the results of 21 methods") {
  const auto results =
      faithfulness::read_published_results(VIANN_REFERENCE_DIR "/nonlinear_selection.csv");
  CHECK(results.size() == 879);
  const auto found = std::find_if(results.begin(), results.end(), [](const auto& result) {
    return result.method == "random forest" && result.task == "xor.64";
  });
  REQUIRE(found != results.end());
  CHECK(found->share == 0.6667);
  CHECK_THROWS_AS(faithfulness::read_published_results("absent"), std::runtime_error);
}
