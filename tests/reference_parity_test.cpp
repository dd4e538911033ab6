// SPDX-License-Identifier: MIT
//
// The figures that the Python original computes from the same weights (tests/reference).

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/reference_file.hpp"
#include "support/trajectories.hpp"
#include "viann/viann.hpp"

namespace {

/// Feeds the file's weights to a hook in Weight's precision, through the layout the file states.
template <typename Weight>
viann::VarianceImportance<> observe(const ReferenceFile& file) {
  viann::VarianceImportanceOptions options;
  if (file.text("combination") == "variance") {
    options.combination = viann::ScoreCombination::Variance;
  } else {
    REQUIRE(file.text("combination") == "variance_times_magnitude");
  }
  viann::VarianceImportance<> importance(options);
  for (int epoch = 0; epoch <= file.epochs(); ++epoch) {
    const auto& numbers = file.weights(epoch);
    const std::vector<Weight> buffer(numbers.begin(), numbers.end());
    const auto pass_on = [&](const auto& view) {
      if (epoch == 0) {
        importance.on_train_begin(view);
      } else {
        importance.on_epoch_end(view);
      }
    };
    if (file.text("layout") == "features_by_units") {
      pass_on(viann::features_by_units(buffer.data(), file.features(), file.units()));
    } else {
      REQUIRE(file.text("layout") == "units_by_features");
      pass_on(viann::units_by_features(buffer.data(), file.units(), file.features()));
    }
  }
  return importance;
}

}  // namespace

TEST_CASE("agrees with the Python original") {
  // `digits`: how far double reaches where the weights have a large mean.
  const auto [name, tolerance] = GENERATE(table<std::string, double>({
      {"breastcancer_adam", 1e-12},
      {"diabetes_sgd", 1e-12},
      {"embedding_variance_only", 1e-12},
      {"random_walk_float64", 1e-12},
      {"offset_1e4_float64", 1e-9},
  }));
  const ReferenceFile file(std::string(VIANN_REFERENCE_DIR) + "/" + name + ".txt");
  const auto importance =
      file.text("dtype") == "float32" ? observe<float>(file) : observe<double>(file);
  CAPTURE(name);
  REQUIRE(file.text("name") == name);
  REQUIRE(importance.features() == file.features());
  REQUIRE(importance.units() == file.units());
  REQUIRE(importance.epochs() == file.epochs());

  CHECK(relative_error(importance.weight_mean(), file.matrix("mean")) < 1e-12);
  CHECK(relative_error(importance.weight_variance(), file.matrix("variance")) < tolerance);
  CHECK(relative_error(importance.raw_scores(), file.vector("raw_scores")) < tolerance);
  // Scores are differences of raw scores, on a scale of 1.
  CHECK((importance.scores() - file.vector("scores")).cwiseAbs().maxCoeff() < 10 * tolerance);
}
