// SPDX-License-Identifier: MIT
#include "viann/training_monitors.hpp"

#include <stdexcept>

#include "support/catch.hpp"
#include "support/stream_archive.hpp"

using viann::MetricThreshold;

TEST_CASE("above stops when the metric is greater, below when it is less") {
  auto accurate = MetricThreshold::above(0.95);
  CHECK_FALSE(accurate.on_epoch_end(0.94));
  CHECK_FALSE(accurate.on_epoch_end(0.95));  // the threshold itself is not past it
  CHECK(accurate.on_epoch_end(0.96));
  CHECK_FALSE(accurate.on_epoch_end(0.5));  // a loop that goes on gets a new answer each epoch

  auto low_loss = MetricThreshold::below(0.1);
  CHECK_FALSE(low_loss.on_epoch_end(0.2));
  CHECK_FALSE(low_loss.on_epoch_end(0.1));
  CHECK(low_loss.on_epoch_end(0.05));
  CHECK(low_loss.on_epoch_end(-infinity));
}

TEST_CASE("no stop before the minimum of epochs") {
  auto monitor = MetricThreshold::above(0.95, 7);
  for (int epoch = 1; epoch <= 6; ++epoch) CHECK_FALSE(monitor.on_epoch_end(1.0));
  CHECK(monitor.on_epoch_end(1.0));
  CHECK(monitor.epochs() == 7);

  monitor.reset();
  CHECK(monitor.epochs() == 0);
  CHECK_FALSE(monitor.on_epoch_end(1.0));
}

TEST_CASE("a metric that is no number is refused and does not count") {
  auto monitor = MetricThreshold::below(0.1);
  CHECK_FALSE(monitor.on_epoch_end(0.5));
  const auto message =
      message_of<std::invalid_argument>([&] { (void)monitor.on_epoch_end(not_a_number); });
  CHECK(contains(message, "MetricThreshold"));
  CHECK(contains(message, "epoch 2"));
  CHECK(contains(message, "nan"));
  CHECK(monitor.epochs() == 1);
  CHECK(monitor.on_epoch_end(0.05));
}

TEST_CASE("thresholds and minima that make no sense are refused") {
  CHECK_THROWS_AS(MetricThreshold::above(not_a_number), std::invalid_argument);
  CHECK_THROWS_AS(MetricThreshold::below(not_a_number), std::invalid_argument);
  CHECK_THROWS_AS(MetricThreshold::above(1, -1), std::invalid_argument);
  CHECK_NOTHROW(MetricThreshold::above(infinity));  // never stops
}

TEST_CASE("a saved count of epochs comes back, and the rule stays the program's") {
  auto straight = MetricThreshold::above(0.5, 3);
  for (int epoch = 1; epoch <= 2; ++epoch) CHECK_FALSE(straight.on_epoch_end(1.0));
  auto resumed = MetricThreshold::below(0.1, 3);
  load(resumed, saved(straight));
  CHECK(resumed.epochs() == 2);
  CHECK(resumed.on_epoch_end(0.05));

  const Words words = words_of(saved(straight));
  CHECK(contains(message_of<std::runtime_error>([&] { load(resumed, altered(words, 3, {-1})); }),
                 "viann::MetricThreshold: the archive is damaged"));
  CHECK(resumed.epochs() == 3);
}
