// SPDX-License-Identifier: MIT
#include "viann/importance_scores.hpp"

#include <limits>
#include <numeric>
#include <vector>

#include "support/catch.hpp"

using Eigen::Vector3d;
using Eigen::VectorXd;
using viann::Aggregation;
using viann::group_scores;

namespace {

using Groups = std::vector<Eigen::Index>;

template <typename Function>
void check_scores_refused(const std::string& name, const Function& function) {
  check_refusals({{[&] { function(VectorXd()); }, "viann::" + name + ": there are no scores"},
                  {[&] { function(Vector3d(1, not_a_number, 2)); },
                   "viann::" + name + ": the score of feature 1 is nan"},
                  {[&] { function(Vector3d(1, 3, infinity)); },
                   "viann::" + name + ": the score of feature 2 is inf"}});
}

}  // namespace

TEST_CASE("min_max_normalize maps least to 0 and largest to 1") {
  CHECK(viann::min_max_normalize(Vector3d(2, 6, 3)) == Vector3d(0, 1, 0.25));
  CHECK(viann::min_max_normalize(Vector3d(-2, 2, -1)) == Vector3d(0, 1, 0.25));
  CHECK(viann::min_max_normalize(Vector3d(7, 7, 7)) == Vector3d(0, 0, 0));
  CHECK(viann::min_max_normalize(VectorXd::Constant(1, 5)) == VectorXd::Zero(1));
}

TEST_CASE("min_max_normalize reaches to the ends of double") {
  CHECK(viann::min_max_normalize(Vector3d(-largest, largest, 0)) == Vector3d(0, 1, 0.5));
  CHECK(viann::min_max_normalize(Vector3d(0, 2 * least, least)) == Vector3d(0, 1, 0.5));
  const Vector3d low(-0x1.8p1023, 0x1p1022, -0x1p1022);
  CHECK(viann::min_max_normalize(low) == Vector3d(0, 1, 0.5));
  CHECK(viann::min_max_normalize(-low) == Vector3d(1, 0, 0.5));
}

TEST_CASE("sum_to_one gives shares") {
  CHECK(viann::sum_to_one(Vector3d(2, 6, 0)) == Vector3d(0.25, 0.75, 0));
  CHECK(viann::sum_to_one(Vector3d(0, 6, 2)) == Vector3d(0, 0.75, 0.25));
  CHECK(viann::sum_to_one(Vector3d(0, 0, 0)) == Vector3d(0, 0, 0));
  CHECK(viann::sum_to_one(Vector3d(largest, largest, 0)) == Vector3d(0.5, 0.5, 0));
  CHECK(viann::sum_to_one(Vector3d(least, 0, least)) == Vector3d(0.5, 0, 0.5));
  check_refusals({{[] { (void)viann::sum_to_one(Vector3d(1, 0, -0.5)); },
                   "viann::sum_to_one: the score of feature 2 is -0.5; a share"}});
}

TEST_CASE("mean_shares averages the runs' shares, whatever their scales") {
  Eigen::MatrixXd scores(3, 2);
  scores << 2, 1e6, 6, 1e6, 0, 2e6;
  CHECK(viann::mean_shares(scores) == Vector3d(0.25, 0.5, 0.25));
  CHECK(viann::mean_shares(scores.col(0)) == viann::sum_to_one(scores.col(0)));
  scores.col(1).setZero();  // a run without order
  CHECK(viann::mean_shares(scores) == Vector3d(0.125, 0.375, 0));
  CHECK(viann::mean_shares(Eigen::MatrixXd::Constant(2, 4, largest)) == Eigen::Vector2d(0.5, 0.5));

  Eigen::MatrixXd negative = scores, nan = scores;
  negative(2, 1) = -1;
  nan(2, 1) = not_a_number;
  check_refusals({{[&] { viann::mean_shares(negative); },
                   "viann::mean_shares: run 1: the score of feature 2 is -1"},
                  {[&] { viann::mean_shares(nan); },
                   "viann::mean_shares: the score of feature 2 in run 1 is nan"},
                  {[&] { viann::mean_shares(infinity * scores.leftCols(1)); },
                   "viann::mean_shares: the score of feature 0 in run 0 is inf"},
                  {[] { viann::mean_shares(Eigen::MatrixXd(3, 0)); },
                   "viann::mean_shares: 3 features x 0 runs"}});
}

TEST_CASE("ranking goes from the largest to the least, and ties keep the features' order") {
  using Order = std::vector<Eigen::Index>;
  CHECK(viann::ranking(Vector3d(2, 6, 3)) == Order{1, 2, 0});
  CHECK(viann::ranking(Vector3d(1, 1, 1)) == Order{0, 1, 2});
  CHECK(viann::ranking(Eigen::Vector4d(0, 5, 0, 5)) == Order{1, 3, 0, 2});
  // Enough of them for a sort that is not stable to show.
  Order in_order(1000);
  std::iota(in_order.begin(), in_order.end(), Eigen::Index{0});
  CHECK(viann::ranking(VectorXd::Ones(1000)) == in_order);
}

TEST_CASE("kernel_scores gives one matrix per channel, row after row") {
  const VectorXd scores = VectorXd::LinSpaced(12, 0, 11);
  const auto kernels = viann::kernel_scores(scores, 2, 3);
  REQUIRE(kernels.size() == 2);
  CHECK(kernels[0] == (Eigen::MatrixXd(2, 3) << 0, 1, 2, 3, 4, 5).finished());
  CHECK(kernels[1] == (Eigen::MatrixXd(2, 3) << 6, 7, 8, 9, 10, 11).finished());
  CHECK(viann::kernel_scores(scores, 1, 12).front() == scores.transpose());
}

TEST_CASE("kernel_scores refuses a number of scores that is not a multiple of the kernel") {
  const VectorXd scores = VectorXd::Ones(12);
  const auto large = Eigen::Index{1} << 32;
  const auto refused = [&](Eigen::Index rows, Eigen::Index cols, const std::string& shape) {
    check_refusals({{[&] { viann::kernel_scores(scores, rows, cols); },
                     "12 scores are not a multiple of " + shape + "; give the kernel's shape"}});
  };
  refused(5, 1, "5 x 1");
  refused(13, 1, "13 x 1");
  refused(4, 2, "4 x 2");
  refused(0, 3, "0 x 3");
  refused(3, 0, "3 x 0");
  refused(4, large << 30, "4 x 4611686018427387904");
  refused(-2, -3, "-2 x -3");
  refused(large, large, "4294967296 x 4294967296");
  CHECK(viann::kernel_scores(scores, 12, 1).size() == 1);
  CHECK_THROWS_AS(viann::kernel_scores(VectorXd(), 2, 3), std::invalid_argument);
}

TEST_CASE("a group's score is the sum, the mean or the largest of its features'") {
  VectorXd scores(6);
  scores << 1, 4, -3, 2, 6, -5;
  const Groups groups{1, 0, 2, 1, 1, 2};
  CHECK(group_scores(scores, groups, Aggregation::Sum) == Vector3d(4, 9, -8));
  CHECK(group_scores(scores, groups, Aggregation::Mean).isApprox(Vector3d(4, 3, -4), 1e-15));
  CHECK(group_scores(scores, groups, Aggregation::Max) == Vector3d(4, 6, -3));
  for (const auto aggregation : {Aggregation::Sum, Aggregation::Mean, Aggregation::Max}) {
    CHECK(group_scores(Vector3d(1, 3, 2), {2, 0, 1}, aggregation) == Vector3d(3, 2, 1));
    CHECK(group_scores(Vector3d(5, 5, 5), {0, 0, 0}, aggregation).size() == 1);
  }
}

TEST_CASE("sums of groups at the ends of double") {
  const Groups groups{0, 0, 1};
  CHECK(group_scores(Vector3d(largest, largest, 1), groups, Aggregation::Mean)[0] == largest);
  CHECK(group_scores(Vector3d(largest, largest, 1), groups, Aggregation::Max)[0] == largest);
  check_refusals<std::overflow_error>(
      {{[&] { group_scores(Vector3d(largest, largest, 1), groups, Aggregation::Sum); },
        "viann::group_scores: a sum of scores is beyond the range of double"}});
}

TEST_CASE("a branch's importance is shared out among its features") {
  using viann::branch_scores;
  const VectorXd scores =
      branch_scores({Vector3d(1, 3, 0), Eigen::Vector2d(0.25, 0.75)}, Eigen::Vector2d(8, 2));
  CHECK(scores == (VectorXd(5) << 2, 6, 0, 0.5, 1.5).finished());
  // A branch that does not matter, by chance even less, and one whose weights have not moved.
  CHECK(branch_scores({Vector3d(1, 3, 0), Eigen::Vector2d(0, 0)}, Eigen::Vector2d(-8, 2)) ==
        VectorXd::Zero(5));
  const VectorXd one = branch_scores({Eigen::Vector2d(1, 4)}, VectorXd::Constant(1, 10));
  CHECK(one == Eigen::Vector2d(2, 8));
}

TEST_CASE("branches without scores or an importance are refused") {
  using viann::branch_scores;
  const VectorXd two = Eigen::Vector2d(1, 2);
  check_refusals({{[&] { branch_scores({two}, two); },
                   "viann::branch_scores: 1 branches with 2 importances cannot"},
                  {[] { branch_scores({}, VectorXd()); }, "0 branches with 0 importances"},
                  {[&] {
                     branch_scores({two, VectorXd()}, two);
                   },
                   "branch 1: there are no scores"},
                  {[&] {
                     branch_scores({two, -two}, two);
                   },
                   "branch 1: the score of feature 0 is -1"},
                  {[&] {
                     branch_scores({two, two}, Eigen::Vector2d(1, not_a_number));
                   },
                   "importance of branch 1 is nan"},
                  {[&] {
                     branch_scores({two, two}, Eigen::Vector2d(infinity, 1));
                   },
                   "importance of branch 0 is inf"}});
}

TEST_CASE("groups that leave a feature or a group out are refused") {
  check_refusals({{[] {
                     group_scores(Vector3d(1, 2, 3), {0, 1}, Aggregation::Sum);
                   },
                   "viann::group_scores: there are 2 groups for 3 features; name"}});
}

TEST_CASE("what is no score is refused with its place") {
  check_scores_refused("min_max_normalize",
                       [](const VectorXd& s) { return viann::min_max_normalize(s); });
  check_scores_refused("sum_to_one", [](const VectorXd& s) { return viann::sum_to_one(s); });
  check_scores_refused("group_scores", [](const VectorXd& s) {
    group_scores(s, Groups(static_cast<std::size_t>(s.size()), 0), Aggregation::Sum);
  });
  check_scores_refused("ranking", [](const VectorXd& s) { viann::ranking(s); });
}
