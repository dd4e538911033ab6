// SPDX-License-Identifier: MIT
//
// Hooks in threads of their own share nothing. Meant for ThreadSanitizer, which detects a shared
// write even if the scores are right.

#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/hooks.hpp"
#include "support/saved.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

namespace {

/// Whatever a training would do with a hook, in words.
template <typename Hook>
std::string use(const Trajectory& trajectory) {
  Hook hook = trained<Hook>(trajectory);
  Hook copy;
  load(copy, saved(hook));
  observe(copy, trajectory[1]);
  viann::ScoreHistory history;
  for (int epoch = 0; epoch < 3; ++epoch) history.add(epoch, copy.scores());
  try {
    copy.on_epoch_end(viann::features_by_units(Eigen::MatrixXd(1, 0)));
  } catch (const std::invalid_argument& error) {
    return saved(copy) + saved(history) + error.what();
  }
  return "not refused";
}

template <typename Hook>
void check() {
  constexpr int threads = 4;
  std::vector<std::string> alone, together(threads);
  for (int i = 0; i < threads; ++i) {
    alone.push_back(use<Hook>(random_walk(30, 20, 8, static_cast<std::uint64_t>(i))));
  }
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      for (int repeat = 0; repeat < 5; ++repeat) {
        together[static_cast<std::size_t>(i)] =
            use<Hook>(random_walk(30, 20, 8, static_cast<std::uint64_t>(i)));
      }
    });
  }
  for (auto& thread : running) thread.join();
  CHECK(together == alone);
}

}  // namespace

TEST_CASE("hooks in threads of their own share nothing") {
  check<viann::VarianceImportance<>>();
  check<viann::DisplacementImportance<>>();
}

TEST_CASE("one hook may be read from several threads") {
  const auto trajectory = random_walk(30, 20, 8, 5);
  const auto hook = trained<viann::DisplacementImportance<>>(trajectory);
  const Eigen::VectorXd expected = hook.scores();
  std::vector<Eigen::VectorXd> read(4);
  std::vector<std::thread> readers;
  readers.reserve(read.size());
  for (auto& scores : read) readers.emplace_back([&] { scores = hook.scores(); });
  for (auto& reader : readers) reader.join();
  for (const auto& scores : read) CHECK(scores == expected);
}
