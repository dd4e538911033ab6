// SPDX-License-Identifier: MIT
#include "viann/welford_accumulator.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/saved.hpp"
#include "support/trajectories.hpp"

using Eigen::ArrayXXd;
using Eigen::Matrix2d;
using MatrixXd = ColMajorMatrixXd;
using viann::WelfordAccumulator;

namespace {

template <typename Scalar = double>
WelfordAccumulator<Scalar> accumulated(const Trajectory& samples) {
  WelfordAccumulator<Scalar> accumulator;
  for (const auto& sample : samples) accumulator(sample);
  return accumulator;
}

WelfordAccumulator<> accumulated_numbers(const std::vector<double>& samples) {
  WelfordAccumulator<> accumulator;
  for (const double sample : samples) accumulator(MatrixXd::Constant(1, 1, sample));
  return accumulator;
}

/// Number of correct decimal digits, NIST's log relative error.
double correct_digits(double value, double certified) {
  return -std::log10(std::max(std::abs(value - certified) / certified, 1e-16));
}

/// The cost that rounding may have: the error of the mean grows with the number of steps, that of
/// every deviation with the ratio of mean to standard deviation (Chan, Golub & LeVeque 1983).
template <typename Scalar>
double allowed_error(int samples, double offset) {
  return (2 + 0.1 * samples + 4 * offset) *
         static_cast<double>(std::numeric_limits<Scalar>::epsilon());
}

}  // namespace

TEST_CASE("mean and variance of a few samples") {
  WelfordAccumulator<> accumulator;
  CHECK(accumulator.empty());
  CHECK(accumulator.rows() + accumulator.cols() == 0);
  CHECK(accumulator.variance().size() == 0);
  accumulator((Matrix2d() << 1, 2, 3, 4).finished());
  CHECK_FALSE(accumulator.empty());
  CHECK(accumulator.mean()(0, 1) == 2);
  CHECK(accumulator.variance().rows() == 2);
  CHECK(accumulator.variance().isNaN().all());

  accumulator((Matrix2d() << 3, 2, 3, 0).finished());
  accumulator((Matrix2d() << 5, 2, 6, 2).finished());
  CHECK(accumulator.count() == 3);
  CHECK(accumulator.rows() == 2);
  CHECK(accumulator.cols() == 2);
  CHECK((accumulator.mean() == (ArrayXXd(2, 2) << 3, 2, 4, 2).finished()).all());
  CHECK(accumulator.variance().isApprox((ArrayXXd(2, 2) << 4, 0, 3, 4).finished(), 1e-15));
}

TEMPLATE_TEST_CASE("agrees with exact arithmetic, also far from zero", "", float, double,
                   long double) {
  for (const double offset : {0.0, 1e2, 1e4}) {
    for (const int n : {2, 100, 10000}) {
      // Rounded to float first, so that every state type sees the same samples.
      auto samples = independent_draws(5, 3, n, 3, offset);
      for (auto& sample : samples) sample = sample.cast<float>().cast<double>().eval();
      const TwoPass exact(samples);
      const auto accumulator = accumulated<TestType>(samples);
      CAPTURE(offset, n);
      CHECK(relative_error(accumulator.variance(), exact.variance) <=
            allowed_error<TestType>(n, offset));
      // Every step rounds the mean once; the roundings add up like a random walk.
      const double rounding =
          (1 + offset) * static_cast<double>(std::numeric_limits<TestType>::epsilon());
      const auto mean_error = (accumulator.mean().template cast<long double>() - exact.mean).abs();
      CHECK(mean_error.maxCoeff() <= rounding * std::sqrt(n));
    }
  }
}

TEST_CASE("keeps its digits over long trajectories with large offsets") {
  for (const double offset : {0.0, 1e4, 1e8}) {
    const auto samples = independent_draws(4, 4, 20000, 7, offset);
    CAPTURE(offset);
    CHECK(relative_error(accumulated(samples).variance(), TwoPass(samples).variance) <
          allowed_error<double>(20000, offset));
  }
  const auto walk = random_walk(4, 4, 50000, 7);
  CHECK(relative_error(accumulated(walk).variance(), TwoPass(walk).variance) < 1e-12);
}

// Not run by default: prints the figures of the headers' page.
TEST_CASE("what the type of the state costs", "[.accuracy]") {
  std::cout << "largest relative error of the variance, 1000 samples, 64 weights\n"
               "mean / sd   double    float\n";
  for (const double offset : {0.0, 1e1, 1e2, 1e3, 1e4, 1e6}) {
    const auto samples = independent_draws(8, 8, 1000, 3, offset);
    const TwoPass exact(samples);
    std::printf("%9.0e   %.1e   %.1e\n", offset,
                relative_error(accumulated(samples).variance(), exact.variance),
                relative_error(accumulated<float>(samples).variance(), exact.variance));
  }
}

// NIST StRD, univariate summary statistics, certified values at
// https://www.itl.nist.gov/div898/strd/univ/homepage.html: NumAcc1 is three numbers, NumAcc2 to 4
// are 1001: the mean, then 500 times mean - 0.1 and mean + 0.1.
TEST_CASE("NIST's numerical accuracy data sets") {
  const auto one = accumulated_numbers({10000001, 10000003, 10000002});
  CHECK(one.mean()(0) == 10000002);
  CHECK(one.variance()(0) == 1);

  // Digits that are left when 0.1 and its neighbours are rounded to double: about 16 less the
  // digits of mean / standard deviation.
  const auto check = [](double tenths, double digits) {
    std::vector<double> samples = {tenths / 10};
    for (int i = 0; i < 500; ++i) {
      samples.push_back((tenths - 1) / 10);
      samples.push_back((tenths + 1) / 10);
    }
    const auto accumulator = accumulated_numbers(samples);
    CAPTURE(tenths);
    CHECK(accumulator.count() == 1001);
    CHECK(correct_digits(accumulator.mean()(0), tenths / 10) >= 14);
    CHECK(correct_digits(std::sqrt(accumulator.variance()(0)), 0.1) >= digits);
  };
  check(12, 14);        // NumAcc2
  check(10000002, 9);   // NumAcc3
  check(100000002, 8);  // NumAcc4
}

TEST_CASE("elements that do not change have a variance of exactly zero") {
  WelfordAccumulator<> accumulator;
  for (int i = 0; i < 1000; ++i) accumulator(MatrixXd::Constant(3, 2, 0.1));
  CHECK((accumulator.mean() == 0.1).all());
  CHECK((accumulator.variance() == 0).all());
}

TEST_CASE("the largest and the smallest doubles") {
  const auto still = accumulated_numbers({largest, largest, largest});
  CHECK(still.mean()(0) == largest);
  CHECK(still.variance()(0) == 0);
  const auto tiny = accumulated_numbers({0, 2 * least});
  CHECK(tiny.mean()(0) == least);
  CHECK(tiny.variance()(0) == 0);  // below the smallest double
  CHECK(std::abs(accumulated_numbers({1e-150, 3e-150}).variance()(0) / 2e-300 - 1) < 1e-14);
  CHECK(std::abs(accumulated_numbers({1e150, 3e150}).variance()(0) / 2e300 - 1) < 1e-14);
  // Beyond the documented range.
  CHECK(std::isinf(accumulated_numbers({0, 1e200}).variance()(0)));
}

TEST_CASE("random numbers as a sample are drawn once") {
  std::srand(1);
  WelfordAccumulator<> accumulator;
  for (int t = 0; t < 2000; ++t) accumulator(MatrixXd::Random(2, 2));
  // Uniform on [-1, 1]: a variance of 1/3, within five standard errors.
  CHECK((accumulator.variance() - 1.0 / 3).abs().maxCoeff() < 5 * 0.3 / std::sqrt(2000));
}

TEST_CASE("the layout of a sample does not matter") {
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  // Sizes around the lengths into which a column is cut.
  const auto [rows, cols] =
      GENERATE(table<int, int>({{1, 1}, {3, 700}, {511, 2}, {512, 3}, {513, 2}, {9000, 2}}));
  const auto samples = random_walk(rows, cols, 4, 11);
  WelfordAccumulator<> column_major, row_major, block, transposed, expression, mapped;
  for (const auto& sample : samples) {
    const RowMajor as_rows = sample;
    MatrixXd larger = MatrixXd::Zero(rows + 3, cols + 2);
    larger.block(1, 2, rows, cols) = sample;
    column_major(sample);
    row_major(as_rows);
    block(larger.block(1, 2, rows, cols));
    transposed(MatrixXd(sample.transpose()).transpose());
    expression(2 * sample - sample * Eigen::VectorXd::Ones(cols).asDiagonal());
    mapped(Eigen::Map<const MatrixXd>(sample.data(), rows, cols));
  }
  CAPTURE(rows, cols);
  const TwoPass exact(samples);
  CHECK(relative_error(column_major.variance(), exact.variance) < 1e-12);
  CHECK(row_major == column_major);
  CHECK(block == column_major);
  CHECK(transposed == column_major);
  CHECK(mapped == column_major);
  CHECK(relative_error(expression.variance(), exact.variance) < 1e-12);
}

TEMPLATE_TEST_CASE("merging equals feeding the samples one after the other", "", float, double,
                   long double) {
  const auto [rows, cols] = GENERATE(from_range(layer_shapes()));
  const double offset = GENERATE(0.0, 1e2);
  const auto samples = independent_draws(rows, cols, 20, 13, offset);
  const auto whole = accumulated<TestType>(samples);
  const double tolerance = allowed_error<TestType>(20, 10 + offset);
  for (const std::ptrdiff_t split : {0, 1, 10, 18, 20}) {
    const auto left = accumulated<TestType>(Trajectory(samples.begin(), samples.begin() + split));
    const auto right = accumulated<TestType>(Trajectory(samples.begin() + split, samples.end()));
    auto both = left;
    both += right;
    auto other_order = right;
    other_order += left;
    CAPTURE(rows, cols, offset, split);
    CHECK(both.count() == 20);
    CHECK(relative_error(both.variance(), whole.variance()) < tolerance);
    CHECK(relative_error(other_order.variance(), both.variance()) < tolerance);
    CHECK((both.mean() - whole.mean()).abs().maxCoeff() < tolerance);
  }
}

TEST_CASE("an accumulator that was moved from is empty and works") {
  const auto small = random_walk(2, 3, 5, 19), large = random_walk(40, 50, 5, 19);
  auto source = accumulated(small);
  const WelfordAccumulator<> target = std::move(source);
  CHECK(target == accumulated(small));
  for (const auto& sample : large) source(sample);  // NOLINT(bugprone-use-after-move)
  CHECK(source == accumulated(large));
  auto assigned = accumulated(small);
  assigned = std::move(source);
  CHECK(assigned == accumulated(large));
  CHECK(source == WelfordAccumulator<>());  // NOLINT(bugprone-use-after-move)
  CHECK(source.rows() == 0);
  source = accumulated(small);
  CHECK(source == target);
}

TEST_CASE("merging with nothing, and with itself") {
  const auto samples = random_walk(3, 3, 10, 19);
  const auto once = accumulated(samples);
  auto merged = once;
  merged += WelfordAccumulator<>();
  CHECK(merged == once);

  WelfordAccumulator<> empty;
  empty += once;
  CHECK(empty == once);
  WelfordAccumulator<> nothing;
  nothing += nothing;
  CHECK(nothing.empty());

  merged += merged;
  auto twice = samples;
  twice.insert(twice.end(), samples.begin(), samples.end());
  CHECK(merged.count() == 20);
  CHECK((merged.mean() == once.mean()).all());
  CHECK(relative_error(merged.variance(), accumulated(twice).variance()) < 1e-13);
}

TEST_CASE("accumulators of different shapes are not merged") {
  auto accumulator = accumulated(random_walk(3, 4, 5, 23));
  const auto before = accumulator;
  CHECK(contains(message_of<std::invalid_argument>(
                     [&] { accumulator += accumulated(random_walk(4, 3, 5, 23)); }),
                 "viann::WelfordAccumulator: cannot merge 4 x 3 into 3 x 4"));
  CHECK_THROWS_AS(accumulator += accumulated(random_walk(3, 3, 5, 23)), std::invalid_argument);
  CHECK_THROWS_AS(accumulator += accumulated(random_walk(4, 4, 5, 23)), std::invalid_argument);
  CHECK(accumulator == before);
}

TEST_CASE("an accumulator is its count, mean and squared deviations") {
  using Accumulator = WelfordAccumulator<double>;
  Accumulator accumulator;
  for (const auto& sample : random_walk(3, 4, 5, 11)) accumulator(sample);
  CHECK((accumulator.squared_deviations() / double(4) == accumulator.variance()).all());
  const Accumulator same(accumulator.count(), accumulator.mean(), accumulator.squared_deviations());
  CHECK(same == accumulator);
  CHECK(Accumulator(0, {}, {}) == Accumulator());
  using Array = Accumulator::Array;
  CHECK(
      message_of<std::invalid_argument>([] { Accumulator(5, Array(2, 3), Array(3, 2)); }) ==
      "viann::WelfordAccumulator: 5 samples, a mean of 2 x 3 and squared deviations of 3 x 2 are "
      "no accumulator's state; pass count(), mean() and squared_deviations() of one accumulator.");
}

TEST_CASE("a state that no accumulator can have is refused") {
  using Array = WelfordAccumulator<>::Array;
  const auto is_refused = [](std::int64_t count, const Array& mean, const Array& m2) {
    try {
      WelfordAccumulator<> accumulator(count, mean, m2);
      WelfordAccumulator<> loaded;  // an accepted object can be saved and loaded
      load(loaded, saved(accumulator));
      CHECK(loaded == accumulator);
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  };
  const Array one = Array::Ones(1, 1), minus_one = -one, zero = Array::Zero(1, 1);
  constexpr std::int64_t most = std::int64_t{1} << 53;
  CHECK_FALSE(is_refused(3, one, one));
  CHECK_FALSE(is_refused(1, one, zero));
  CHECK_FALSE(is_refused(most, one, one));
  CHECK_FALSE(is_refused(0, {}, {}));
  CHECK(is_refused(1, one, one));
  CHECK(is_refused(3, one, minus_one));
  CHECK(is_refused(-1, one, one));
  CHECK(is_refused(most + 1, one, one));
  CHECK(is_refused(std::numeric_limits<std::int64_t>::max(), one, one));
  CHECK(is_refused(0, one, zero));
  CHECK(is_refused(0, Array(0, 5), Array(0, 5)));
  CHECK(is_refused(3, Array(0, 5), Array(0, 5)));
  CHECK(is_refused(3, {}, {}));
}

TEST_CASE("more samples than can be counted are not merged") {
  auto accumulator = accumulated_numbers({1, 3});
  for (int doubled = 1; doubled < 53; ++doubled) accumulator += accumulator;
  REQUIRE(accumulator.count() == std::int64_t{1} << 53);
  const auto before = accumulator;
  CHECK(contains(message_of<std::overflow_error>([&] { accumulator += accumulator; }),
                 "viann::WelfordAccumulator: 18014398509481984 samples are more than can be "
                 "counted (2^53)"));
  CHECK_THROWS_AS(accumulator += accumulated_numbers({1}), std::overflow_error);
  CHECK_THROWS_AS(accumulator(MatrixXd::Ones(1, 1)), std::overflow_error);
  CHECK(accumulator == before);
  CHECK(accumulator.variance()(0) == Approx(1.0));
  WelfordAccumulator<> loaded;
  load(loaded, saved(accumulator));
  CHECK(loaded == accumulator);
}

TEST_CASE("a sample may be made of the accumulator's own state") {
  const auto samples = random_walk(5, 5, 4, 37);
  const auto check = [&](const auto& sample_of) {
    auto accumulator = accumulated(samples), expected = accumulator;
    const MatrixXd copy = sample_of(expected).matrix();
    expected(copy);
    accumulator(sample_of(accumulator));
    CHECK(accumulator == expected);
  };
  using Accumulator = WelfordAccumulator<>;
  check([](const Accumulator& a) { return a.mean().transpose(); });
  check([](const Accumulator& a) { return a.mean().matrix().transpose() * 2.0; });
  check([](const Accumulator& a) { return a.mean() + a.squared_deviations().transpose(); });
  check([](const Accumulator& a) { return 2.0 * a.squared_deviations().transpose(); });
  check(
      [](const Accumulator& a) { return 1.0 + a.squared_deviations().colwise().reverse().abs(); });
  check([](const Accumulator& a) {
    return Eigen::Map<const Eigen::ArrayXXd, 0, Eigen::Stride<1, 5>>(a.mean().data(), 5, 5);
  });
  check([](const Accumulator& a) { return a.mean().matrix() * a.mean().matrix(); });
  Accumulator itself = accumulated(samples), expected = itself;
  expected(MatrixXd(itself.mean()));
  itself(itself.mean());
  CHECK(itself == expected);
}

TEST_CASE("a state that overflowed equals its copy") {
  const auto accumulator = accumulated_numbers({1e200, -1e200, 1e308, -1e308});
  CHECK_FALSE(std::isfinite(accumulator.variance()(0)));
  const auto copy = accumulator;
  CHECK(copy == accumulator);
  using Array = WelfordAccumulator<>::Array;
  const Array zero = Array::Zero(1, 1);
  CHECK(WelfordAccumulator<>(1, -zero, zero) != WelfordAccumulator<>(1, zero, zero));
  CHECK(WelfordAccumulator<>(3, zero, zero) != WelfordAccumulator<>(2, zero, zero));
  CHECK(accumulated({MatrixXd::Zero(2, 6)}) != accumulated({MatrixXd::Zero(3, 4)}));
}

TEST_CASE("a sample that is refused changes nothing") {
  auto accumulator = GENERATE(WelfordAccumulator<>(), accumulated(random_walk(3, 4, 5, 23)));
  const auto before = accumulator;
  const auto refused = [&](const MatrixXd& sample) {
    const auto message = message_of<std::invalid_argument>([&] { accumulator(sample); });
    CHECK(accumulator == before);
    return message;
  };
  const std::string sample =
      "viann::WelfordAccumulator: sample " + std::to_string(before.count() + 1);
  CHECK(contains(refused(MatrixXd(0, 4)), sample + " is empty (0 x 4)"));
  if (before.empty()) {
    const auto side = Eigen::Index{1} << (sizeof(Eigen::Index) * 4);  // its square is one too many
    const double one = 1;
    const Eigen::Map<const MatrixXd, 0, Eigen::Stride<0, 0>> large(&one, side, side);
    CHECK(contains(message_of<std::invalid_argument>([&] { accumulator(large); }),
                   ", more than memory can hold; check the numbers of rows and columns."));
  }
  if (!before.empty()) {
    CHECK(contains(refused(MatrixXd::Zero(4, 3)), sample + " is 4 x 3, but the first was 3 x 4"));
    refused(MatrixXd::Zero(3, 3));
    refused(MatrixXd::Zero(4, 4));
  }
  MatrixXd bad = MatrixXd::Zero(3, 4);
  bad(2, 1) = not_a_number;
  CHECK(contains(refused(bad), sample + " has at row 2, column 1 the value nan;"));
  bad(0, 3) = -infinity;
  CHECK(contains(refused(bad), sample + " has at row 0, column 3 the value -inf;"));
  WelfordAccumulator<float> single;
  check_refusals({{[&] { single(MatrixXd::Constant(1, 1, 1e300)); },
                   "at row 0, column 0 the value 1e+300, beyond the range of the state's type;"}});
}

TEST_CASE("reset and comparison") {
  const auto samples = random_walk(3, 4, 5, 23);
  auto accumulator = accumulated(samples);
  CHECK(accumulator == accumulated(samples));
  CHECK_FALSE(accumulator != accumulated(samples));

  auto other = accumulator;
  other(samples[0]);
  CHECK(other != accumulator);
  auto twin = accumulated(Trajectory{samples[0], samples[1], samples[2], samples[4], samples[4]});
  CHECK(twin != accumulator);
  CHECK(accumulated(random_walk(4, 3, 5, 23)) != accumulator);
  // The same variance around another mean, and another variance around the same mean.
  CHECK(accumulated_numbers({1, 3}) != accumulated_numbers({2, 4}));
  CHECK(accumulated_numbers({1, 3}) != accumulated_numbers({0, 4}));

  accumulator.reset();
  CHECK(accumulator == WelfordAccumulator<>());
  accumulator(MatrixXd::Zero(9, 9));
  CHECK(accumulator.rows() == 9);
}

TEST_CASE("an archive of something else is refused and changes nothing") {
  auto accumulator = accumulated(random_walk(3, 2, 5, 31));
  const auto before = accumulator;
  const Words words = words_of(saved(accumulator));
  // After the head: count, rows, columns, a checksum, the mean, a checksum, M2, the checksum.
  REQUIRE(with_words(words, 3, {5, 3, 2}) == words);
  const auto refused = [&](std::size_t first, const std::vector<std::int64_t>& others) {
    CAPTURE(first, others);
    CHECK(contains(
        message_of<std::runtime_error>([&] { load(accumulator, altered(words, first, others)); }),
        "viann::WelfordAccumulator: the archive is damaged"));
    CHECK(accumulator == before);
  };
  constexpr std::int64_t many = std::int64_t{1} << 62;
  using Shape = std::vector<std::int64_t>;
  for (const Shape& shape :
       {Shape{-1, 3, 2}, Shape{5, -3, 2}, Shape{5, 3, -2}, Shape{5, -3, -2}, Shape{0, 3, 2},
        Shape{0, 0, 2}, Shape{0, 3, 0}, Shape{5, 0, 2}, Shape{5, 3, 0}, Shape{5, 0, 0},
        Shape{many, 3, 2}, Shape{1, 3, 2},  // one sample has no variance
        Shape{5, many, 4}, Shape{5, 3, many}, Shape{5, many >> 30, many >> 34}}) {
    refused(3, shape);
  }
  refused(7, {word_of(infinity)});
  refused(12, {word_of(-infinity)});
  refused(14, {word_of(not_a_number)});
  refused(19, {word_of(-1e-300)});
  load(accumulator, altered(words, 19, {word_of(0.0)}));
  CHECK(accumulator != before);
}
