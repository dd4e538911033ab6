// SPDX-License-Identifier: MIT
#include "viann/adapters/ensmallen.hpp"

#include <vector>

#include "support/catch.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/variance_importance.hpp"
#include "viann/weight_view.hpp"

using viann::EnsmallenCallback;

namespace {

/// Least squares, sample by sample: in ensmallen's words a differentiable separable function.
class LeastSquares {
 public:
  std::size_t NumFunctions() const { return X_.n_cols; }
  void Shuffle() {}
  double Evaluate(const arma::mat& w, std::size_t begin, std::size_t size) const {
    return arma::accu(arma::square(residual(w, begin, size)));
  }
  void Gradient(const arma::mat& w, std::size_t begin, arma::mat& gradient,
                std::size_t size) const {
    gradient = 2 * residual(w, begin, size) * X_.cols(begin, begin + size - 1).t();
  }
  double Evaluate(const arma::mat& w) const { return Evaluate(w, 0, NumFunctions()); }
  void Gradient(const arma::mat& w, arma::mat& gradient) const {
    Gradient(w, 0, gradient, NumFunctions());
  }

 private:
  arma::mat residual(const arma::mat& w, std::size_t begin, std::size_t size) const {
    return w * X_.cols(begin, begin + size - 1) - Y_.cols(begin, begin + size - 1);
  }

  arma::mat X_ = [] {
    arma::arma_rng::set_seed(3);
    return arma::mat(3, 40, arma::fill::randn);
  }();
  arma::mat Y_ = arma::mat("1 0 -2; 0 1 1") * X_;
};

constexpr std::size_t samples = 40;
constexpr std::size_t batch = 8;

ens::StandardSGD sgd(std::size_t epochs) {
  return ens::StandardSGD(1e-3, batch, epochs * samples, -1);  // no tolerance: all epochs
}

auto view(const arma::mat& coordinates) {  // units x features, column-major
  return viann::units_by_features(Eigen::Map<const Eigen::MatrixXd>(coordinates.memptr(), 2, 3));
}

/// A hook of the test's own: records its calls.
struct Notes {
  std::vector<Eigen::MatrixXd> begun, ended;

  Eigen::Index features() const { return begun.empty() ? 0 : begun.back().rows(); }
  template <typename View>
  void on_train_begin(const View& weights) {
    begun.push_back(weights.values());
  }
  template <typename View>
  void on_epoch_end(const View& weights) {
    ended.push_back(weights.values());
  }
};

/// The same for a hook that takes gradients.
struct NotesOfGradients : Notes {
  static constexpr bool takes_gradients = true;
  std::vector<Eigen::MatrixXd> gradients;

  using Notes::on_epoch_end;
  template <typename View, typename Gradient>
  void on_epoch_end(const View& weights, const Gradient& gradient) {
    Notes::on_epoch_end(weights);
    gradients.push_back(gradient.values());
  }
};

/// Observes with the gradient of an epoch's last batch, from the coordinates before its step.
template <typename Hook>
struct ByHand {
  Hook& hook;
  arma::mat before = {}, now = {};

  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginOptimization(Optimizer&, Function&, Coordinates& coordinates) {
    hook.on_train_begin(view(coordinates));
    now = coordinates;
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void StepTaken(Optimizer&, Function&, const Coordinates& coordinates) {
    before = std::exchange(now, coordinates);
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer&, Function&, const Coordinates& coordinates, std::size_t, double) {
    arma::mat gradient;
    LeastSquares().Gradient(before, samples - batch, gradient, batch);
    hook.on_epoch_end(view(coordinates), view(gradient));
  }
};

/// Records the coordinates by ensmallen's own means.
struct Copies {
  std::vector<arma::mat>& ended;

  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer&, Function&, const Coordinates& coordinates, std::size_t, double) {
    ended.push_back(coordinates);
  }
};

struct StopAfter {
  std::size_t last;

  template <typename Optimizer, typename Function, typename Coordinates>
  bool EndEpoch(Optimizer&, Function&, const Coordinates&, std::size_t epoch, double) {
    return epoch == last;
  }
};

struct StopInMidEpoch {
  std::size_t steps = 0;

  template <typename Optimizer, typename Function, typename Coordinates>
  bool StepTaken(Optimizer&, Function&, const Coordinates&) {
    return ++steps == 3 * samples / batch + 2;  // in the fourth epoch
  }
};

struct CountSteps {
  std::size_t& steps;

  template <typename Optimizer, typename Function, typename Coordinates>
  void StepTaken(Optimizer&, Function&, const Coordinates&) {
    ++steps;
  }
};

}  // namespace

TEST_CASE("the hook sees the weights before training and after every epoch") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  const arma::mat initial = w;
  Notes notes;
  std::vector<arma::mat> copies;
  sgd(6).Optimize(function, w, EnsmallenCallback(notes, view), Copies{copies});

  const auto same = [](const Eigen::MatrixXd& seen, const arma::mat& kept) {
    return seen.transpose() == Eigen::Map<const Eigen::MatrixXd>(kept.memptr(), 2, 3);
  };
  REQUIRE(notes.begun.size() == 1);
  CHECK(same(notes.begun.front(), initial));
  REQUIRE(copies.size() == 6);
  REQUIRE(notes.ended.size() == 6);
  for (std::size_t epoch = 0; epoch < 6; ++epoch) CHECK(same(notes.ended[epoch], copies[epoch]));
  CHECK(same(notes.ended.back(), w));
}

TEST_CASE("a hook that takes gradients gets that of the epoch's last batch") {
  static_assert(viann::detail::takes_gradients<viann::DisplacementImportance<>>);
  static_assert(!viann::detail::takes_gradients<viann::VarianceImportance<>>);
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  NotesOfGradients notes, notes_by_hand;
  viann::DisplacementImportance<> importance, by_hand;
  sgd(6).Optimize(function, w, EnsmallenCallback(notes, view), EnsmallenCallback(importance, view),
                  ByHand<NotesOfGradients>{notes_by_hand},
                  ByHand<viann::DisplacementImportance<>>{by_hand});
  REQUIRE(notes.gradients.size() == 6);
  for (std::size_t epoch = 0; epoch < 6; ++epoch) {
    CHECK(notes.ended[epoch] == notes_by_hand.ended[epoch]);
    CHECK(notes.gradients[epoch].isApprox(notes_by_hand.gradients[epoch], 1e-12));
  }
  CHECK(importance.uses_gradient());
  CHECK(importance.raw_scores().isApprox(by_hand.raw_scores(), 1e-12));
}

TEST_CASE("every optimizer's gradients are handed over, and none that there are not") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  NotesOfGradients notes;
  EnsmallenCallback each_step(notes, view, 1);
  SECTION("gradient descent") {
    arma::mat expected;
    function.Gradient(w, expected);
    ens::GradientDescent(1e-3, 2, -1).Optimize(function, w, each_step);
    REQUIRE(notes.gradients.size() == 1);
    CHECK(notes.gradients[0] == view(expected).values());
  }
  SECTION("L-BFGS") {
    ens::L_BFGS().Optimize(function, w, each_step);
    CHECK(notes.gradients.size() > 2);
    CHECK(notes.gradients.size() == notes.ended.size());
  }
  SECTION("optimizers with epochs") {
    EnsmallenCallback observer(notes, view);
    ens::Adam(1e-3, batch, 0.9, 0.999, 1e-8, 3 * samples, -1).Optimize(function, w, observer);
    ens::Eve(1e-3, batch, 0.9, 0.999, 0.999, 1e-8, 10, 3 * samples, -1)
        .Optimize(function, w, observer);
    ens::SPALeRASGD<>(1e-3, batch, 3 * samples, -1).Optimize(function, w, observer);
    ens::BBS_BB(samples, 1e-3, 0.1, 3 * samples, -1).Optimize(function, w, observer);
    CHECK(notes.ended.size() == 12);
    CHECK(notes.gradients.size() == 12);
  }
  SECTION("none: simulated annealing") {
    ens::SA<> annealing(ens::ExponentialSchedule(), 100, 1.0, 10, 5);
    ens::GradientDescent(1e-3, 2, -1).Optimize(function, w, each_step);
    annealing.Optimize(function, w, each_step);
    CHECK(notes.ended.size() > 2);
    CHECK(notes.gradients.size() == 1);  // that of gradient descent is not handed over again
  }
  SECTION("none: a callable that reads the same weights whatever it is called with") {
    const auto from_elsewhere = [&](const arma::mat&) { return view(w); };
    sgd(6).Optimize(function, w, EnsmallenCallback(notes, from_elsewhere));
    CHECK(notes.ended.size() == 6);
    CHECK(notes.gradients.empty());
  }
}

TEST_CASE("an epoch is observed once, wherever the callback that stops the training stands") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  Notes notes;
  SECTION("behind") { sgd(6).Optimize(function, w, EnsmallenCallback(notes, view), StopAfter{4}); }
  SECTION("before") { sgd(6).Optimize(function, w, StopAfter{4}, EnsmallenCallback(notes, view)); }
  REQUIRE(notes.ended.size() == 4);
  CHECK(notes.ended.back()(2, 1) == w(1, 2));
}

TEST_CASE("an epoch that is broken off is no epoch") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  Notes notes;
  sgd(6).Optimize(function, w, StopInMidEpoch(), EnsmallenCallback(notes, view));
  CHECK(notes.ended.size() == 3);
}

TEST_CASE("when Optimize() is looped, the hook goes on") {
  LeastSquares function;
  Notes notes;
  arma::mat w(2, 3, arma::fill::randn);
  EnsmallenCallback observer(notes, view);
  for (int loop = 0; loop < 3; ++loop) sgd(2).Optimize(function, w, observer);
  CHECK(notes.begun.size() == 1);
  CHECK(notes.ended.size() == 6);
  sgd(2).Optimize(function, w, EnsmallenCallback(notes, view));  // so does another callback
  CHECK(notes.begun.size() == 1);
  CHECK(notes.ended.size() == 8);
}

TEST_CASE("an optimizer without epochs is observed every so many steps") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  Notes notes;
  SECTION("gradient descent") {
    ens::GradientDescent descent(1e-3, 21, -1);
    descent.Optimize(function, w, EnsmallenCallback(notes, view, 5));
    CHECK(notes.ended.size() == 4);
  }
  SECTION("L-BFGS") {
    ens::L_BFGS lbfgs;
    std::size_t steps = 0;
    lbfgs.Optimize(function, w, EnsmallenCallback(notes, view, 1), CountSteps{steps});
    CHECK(steps > 2);
    CHECK(notes.ended.size() == steps);
  }
  SECTION("SGD, if so wished, over the bounds of epochs and of Optimize()") {
    EnsmallenCallback observer(notes, view, 3);  // of 5 steps an epoch
    for (int loop = 0; loop < 2; ++loop) sgd(1).Optimize(function, w, observer);
    CHECK(notes.ended.size() == 2 * samples / batch / 3);
  }
}

TEST_CASE("what ends before its first epoch does counts as an epoch") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  Notes notes;
  ens::StandardSGD short_sgd(1e-3, batch, 2 * batch, -1);
  EnsmallenCallback observer(notes, view);
  for (int loop = 0; loop < 3; ++loop) short_sgd.Optimize(function, w, observer);
  CHECK(notes.begun.size() == 1);
  REQUIRE(notes.ended.size() == 3);
  CHECK(notes.ended.back()(2, 1) == w(1, 2));
}

TEST_CASE("an optimizer without epochs is told so at its first step") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  Notes notes;
  ens::GradientDescent descent(1e-3, 20, -1);
  const std::string message = message_of<std::logic_error>(
      [&] { descent.Optimize(function, w, EnsmallenCallback(notes, view)); });
  CHECK(contains(message, "takes steps but has no epochs; say after how many steps to observe"));
  CHECK(notes.ended.empty());
  ens::L_BFGS lbfgs;
  std::size_t steps = 0;
  CHECK_THROWS_AS(lbfgs.Optimize(function, w, CountSteps{steps}, EnsmallenCallback(notes, view)),
                  std::logic_error);
  CHECK(steps == 1);

  EnsmallenCallback observer(notes, view);  // an earlier optimizer's steps do not count
  sgd(1).Optimize(function, w, observer);
  CHECK(message_of<std::logic_error>([&] { descent.Optimize(function, w, observer); }) == message);
}

TEST_CASE("all optimizers that ensmallen says have epochs have them here") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  Notes notes;
  EnsmallenCallback observer(notes, view);
  const auto epochs_of = [&](auto optimizer) {
    notes.ended.clear();
    optimizer.Optimize(function, w, observer);
    return notes.ended.size();
  };
  CHECK(epochs_of(ens::Adam(1e-3, batch, 0.9, 0.999, 1e-8, 3 * samples, -1)) == 3);
  CHECK(epochs_of(ens::RMSProp(1e-3, batch, 0.99, 1e-8, 3 * samples, -1)) == 3);
  CHECK(epochs_of(ens::Eve(1e-3, batch, 0.9, 0.999, 0.999, 1e-8, 10, 3 * samples, -1)) == 3);
  CHECK(epochs_of(ens::SPALeRASGD<>(1e-3, batch, 3 * samples, -1)) == 3);
  CHECK(epochs_of(ens::BBS_BB(samples, 1e-3, 0.1, 3 * samples, -1)) == 3);
}

TEST_CASE("a hook that throws ends the training, and the next training goes on") {
  LeastSquares function;
  arma::mat w(2, 3, arma::fill::randn);
  viann::VarianceImportance<> importance;
  ens::StandardSGD diverging(1e200, batch, 100 * samples, -1);
  CHECK_THROWS_AS(diverging.Optimize(function, w, EnsmallenCallback(importance, view)),
                  std::invalid_argument);
  const auto observed = importance.epochs();
  w.randn();
  sgd(2).Optimize(function, w, EnsmallenCallback(importance, view));
  CHECK(importance.epochs() == observed + 2);
}
