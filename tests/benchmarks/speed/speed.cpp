// SPDX-License-Identifier: MIT
//
// The cost of an observation: compared with the memory's limit, with alternatives that one would
// write or pick, and with an epoch of training. All figures of a line are medians of rounds that
// take turns.

#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>
#include <type_traits>
#include <vector>
#include <viann/viann.hpp>

#include "../../../examples/support/dataset.hpp"
#include "../../../examples/support/paper_setup.hpp"
#include "memory_limit.hpp"
#ifdef SPEED_WITH_BOOST
#include <boost/histogram/accumulators/mean.hpp>
#endif
#ifdef SPEED_WITH_ARMADILLO
#include <armadillo>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

using Eigen::Dynamic;
using Eigen::Index;

template <typename Scalar, int order>
using Matrix = Eigen::Matrix<Scalar, Dynamic, Dynamic, order>;

using Call = std::function<void()>;

int rounds = 15;
int threads = 1;

/// Median seconds of each call; NaN where there is none. A round makes every call in turn, each
/// often enough to be measured.
std::vector<double> medians(const std::vector<Call>& calls) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_of = [](const Call& call, int times) {
    const auto begin = Clock::now();
    for (int i = 0; i < times; ++i) call();
    return std::chrono::duration<double>(Clock::now() - begin).count() / times;
  };
  std::vector<int> times;
  for (const Call& call : calls) {
    if (!call) {
      times.push_back(0);
      continue;
    }
    call();  // allocates, and fills the caches
    times.push_back(std::max(1, static_cast<int>(0.004 / seconds_of(call, 1))));
  }
  std::vector<std::vector<double>> seconds(calls.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (threads > 1 && times[i] > 0) calls[i]();  // wakes them: the call before may have used one
      seconds[i].push_back(times[i] > 0 ? seconds_of(calls[i], times[i]) : std::nan(""));
    }
  }
  std::vector<double> result;
  for (auto& s : seconds) {
    std::nth_element(s.begin(), s.begin() + rounds / 2, s.end());
    result.push_back(s[static_cast<std::size_t>(rounds / 2)]);
  }
  return result;
}

/// The formula, written down with matrices.
template <typename Weights>
struct Transcription {
  Eigen::MatrixXd mean, m2, last;
  int n = 0;

  Eigen::VectorXd observe(const Weights& weights) {
    const Eigen::MatrixXd W = weights.template cast<double>();
    if (n++ == 0) {
      mean = Eigen::MatrixXd::Zero(W.rows(), W.cols());
      m2 = mean;
    }
    const Eigen::MatrixXd delta = W - mean;
    mean = mean + delta / n;
    const Eigen::MatrixXd delta2 = W - mean;
    m2 = m2 + delta.cwiseProduct(delta2);
    last = W;
    const Eigen::MatrixXd variance = m2 / std::max(1, n - 1);
    return variance.cwiseProduct(last.cwiseAbs()).rowwise().sum();
  }
};

/// The same as a double loop over features and units.
template <typename Weights>
struct DoubleLoop {
  Eigen::MatrixXd mean, m2;
  Eigen::VectorXd raw;
  int n = 0;

  void observe(const Weights& W) {
    if (n++ == 0) {
      mean = Eigen::MatrixXd::Zero(W.rows(), W.cols());
      m2 = mean;
    }
    raw = Eigen::VectorXd::Zero(W.rows());
    for (Index i = 0; i < W.rows(); ++i) {
      for (Index j = 0; j < W.cols(); ++j) {
        const double x = W(i, j);
        const double delta = x - mean(i, j);
        mean(i, j) += delta / n;
        m2(i, j) += delta * (x - mean(i, j));
        raw[i] += m2(i, j) / std::max(1, n - 1) * std::abs(x);
      }
    }
  }
};

template <typename Scalar, int order, typename State = double>
void compare(Index features, Index units) {
  using Weights = Matrix<Scalar, order>;
  using Word = std::conditional_t<sizeof(Scalar) == 8, std::uint64_t, std::uint32_t>;
  using StateWord = std::conditional_t<sizeof(State) == 8, std::uint64_t, std::uint32_t>;
  const Weights W = Weights::Random(features, units);
  const Index size = W.size();
  const auto view = [&] { return viann::features_by_units(W); };

  const Eigen::Array<Word, Dynamic, 1> words = Eigen::Array<Word, Dynamic, 1>::Random(size);
  Eigen::Array<StateWord, Dynamic, 1> mean_words = words.template cast<StateWord>();
  Eigen::Array<StateWord, Dynamic, 1> m2_words = mean_words;

  viann::VarianceImportance<State> hook;
  viann::detail::LayerVariance<State> unchecked;
  viann::DisplacementImportance<State> displacement;
  displacement.on_train_begin(view());
  Transcription<Weights> transcription;
  DoubleLoop<Weights> loop;
  std::vector<Call> calls = {
      [&] { speed::pass_over(words.data(), mean_words.data(), m2_words.data(), size); },
      [&] { speed::read_and_pass_over(words.data(), mean_words.data(), m2_words.data(), size); },
      [&] { hook.on_epoch_end(view()); },
      [&] { unchecked.observe(viann::detail::WeightSource<State>(view().memory()), true); },
      [&] { displacement.on_epoch_end(view()); },
      [&] { transcription.observe(W); },
      [&] { loop.observe(W); }};
#ifdef SPEED_WITH_BOOST
  std::vector<boost::histogram::accumulators::mean<double>> means(static_cast<std::size_t>(size));
  calls.emplace_back([&] {
    for (Index i = 0; i < size; ++i) {
      means[static_cast<std::size_t>(i)](static_cast<double>(W.data()[i]));
    }
  });
#else
  calls.emplace_back(nullptr);
#endif
#ifdef SPEED_WITH_ARMADILLO
  using Sample = arma::Col<double>;
  arma::running_stat_vec<Sample> running;
  Sample sample(static_cast<arma::uword>(size));
  calls.emplace_back([&] {
    for (Index i = 0; i < size; ++i) {
      sample[static_cast<arma::uword>(i)] = static_cast<double>(W.data()[i]);
    }
    running(sample);
  });
#else
  calls.emplace_back(nullptr);
#endif
  const auto seconds = medians(calls);
  const double limit = seconds[0], limit_twice = seconds[1], ours = seconds[2];
  const double bytes = static_cast<double>(sizeof(Scalar) + 4 * sizeof(State));
  std::printf(
      "%8ldx%-4ld %-6s %-6s %s %7.2f %6.1f %8.2f %7.2f %9.2f %10.2f %11.1f %6.1f %7.1f %9.1f\n",
      static_cast<long>(features), static_cast<long>(units),
      std::is_same_v<Scalar, float> ? "float" : "double",
      std::is_same_v<State, float> ? "float" : "double", order == Eigen::RowMajor ? "row" : "col",
      1e9 * ours / static_cast<double>(size), 1e-9 * bytes * static_cast<double>(size) / limit,
      limit / ours, limit / limit_twice, limit / seconds[3], seconds[4] / ours, seconds[5] / ours,
      seconds[6] / ours, seconds[7] / ours, seconds[8] / ours);
  std::fflush(stdout);
}

template <typename Scalar>
void compare_orders(Index features, Index units) {
  compare<Scalar, Eigen::ColMajor>(features, units);
  compare<Scalar, Eigen::RowMajor>(features, units);
}

/// An observation of DisplacementImportance, and one with the gradient, beside a forward pass of 32
/// samples through the layer.
void time_displacement(Index features, Index units) {
  using Weights = Matrix<float, Eigen::ColMajor>;
  const Weights W = Weights::Random(features, units), G = Weights::Random(features, units);
  const Weights X = Weights::Random(32, features);
  Weights Z;
  viann::DisplacementImportance<> hook;
  hook.on_train_begin(viann::features_by_units(G));
  const auto seconds = medians(
      {[&] { Z.noalias() = X * W; }, [&] { hook.on_epoch_end(viann::features_by_units(W)); },
       [&] { hook.on_epoch_end(viann::features_by_units(W), viann::features_by_units(G)); }});
  const double weights = 1e-9 * static_cast<double>(features * units);
  std::printf(
      "%8ldx%-4ld %10.4f ms, with the gradient %10.4f ms (%.1f and %.1f ns a weight); "
      "%.2f and %.2f passes\n",
      static_cast<long>(features), static_cast<long>(units), 1e3 * seconds[1], 1e3 * seconds[2],
      seconds[1] / weights, seconds[2] / weights, seconds[1] / seconds[0], seconds[2] / seconds[0]);
}

void compare_training(const std::string& data) {
  const auto problem = examples::paper_problem(examples::read_csv(data + "/digits.csv"));
  auto net = examples::paper_network(problem, examples::Activation::Relu, 1);
  viann::VarianceImportance<> hook;
  const auto seconds =
      medians({[&] { net.train_one_epoch(problem.X, problem.Y); },
               [&] { hook.on_epoch_end(viann::features_by_units(net.first_layer())); }});
  std::printf("\nThe hook, of an epoch of the paper's NN2 on digits: %.5f\n",
              seconds[1] / seconds[0]);
}

}  // namespace

int main(int argc, char** argv) {
  Index largest = 2000000;
  CLI::App app("What an observation costs, in ratios of medians.");
  app.add_option("--threads", threads, "of the hook and of the limit")->check(CLI::PositiveNumber);
  app.add_option("--rounds", rounds)->check(CLI::Range(3, 1000))->capture_default_str();
  app.add_option("--largest", largest, "features of a layer; larger ones are left out")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  Eigen::setNbThreads(threads);
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif

  std::cout
      << "weights, state, order; ns a weight and GB/s of the limit; then the limit as a share "
         "of the hook,\nof a limit that reads the weights twice, as the hook must for its check, "
         "and of the hook without check;\nthen times the hook's: displacement, transcription, "
         "double loop, Boost.Histogram, Armadillo\n\n"
         "        layer weight state  order   ns   GB/s  checked  (most) unchecked displacem. "
         "transcript.   loop   Boost Armadillo\n";
  for (const auto& [features, units] :
       {std::pair<Index, Index>{64, 50}, {300, 100}, {1000, 512}, {20000, 512}}) {
    if (features > largest) continue;
    compare_orders<double>(features, units);
    compare_orders<float>(features, units);
  }
  for (const auto& [features, units] :
       {std::pair<Index, Index>{1000, 512}, {20000, 512}, {2000000, 16}}) {
    if (features <= largest) compare<float, Eigen::RowMajor, float>(features, units);
  }
  std::cout << "\nDisplacementImportance, weights in float, features contiguous:\n";
  for (const auto& [features, units] :
       {std::pair<Index, Index>{30, 50}, {784, 256}, {20000, 512}}) {
    if (features <= largest) time_displacement(features, units);
  }
  compare_training(SPEED_DATA);
}
