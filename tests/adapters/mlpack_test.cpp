// SPDX-License-Identifier: MIT
#include "viann/adapters/mlpack.hpp"

#include "support/catch.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/variance_importance.hpp"

using Eigen::Index;
using viann::mlpack_callback;
using viann::mlpack_weights;

namespace {

using Network = mlpack::FFN<mlpack::MeanSquaredError, mlpack::GlorotInitialization>;

/// A network of only that layer, for inputs of those dimensions.
template <typename Layer, typename... Arguments>
Network network_of(const std::vector<std::size_t>& dimensions, Arguments... arguments) {
  Network network;
  network.Add<Layer>(arguments...);
  network.InputDimensions() = dimensions;
  network.Reset();
  return network;
}

template <typename Layer>
const Layer& layer_of(const Network& network) {
  return dynamic_cast<const Layer&>(*network.Network()[0]);
}

/// For every feature, the outputs of the network's one layer for an input of that feature alone,
/// minus the biases (its outputs for zeros): the weights, up to the rounding of that difference.
template <typename View>
void check_answers(const View& view, Network& network) {
  const auto features = static_cast<arma::uword>(view.features());
  arma::mat nothing;
  arma::mat answers;
  network.Predict(arma::mat(features, 1, arma::fill::zeros), nothing);
  network.Predict(arma::mat(features, features, arma::fill::eye), answers);
  REQUIRE(view.units() == static_cast<Index>(answers.n_rows));
  for (arma::uword feature = 0; feature < features; ++feature) {
    for (arma::uword unit = 0; unit < answers.n_rows; ++unit) {
      CHECK(view.values()(static_cast<Index>(feature), static_cast<Index>(unit)) ==
            Approx(answers(unit, feature) - nothing(unit)).margin(1e-14));
    }
  }
}

struct Data {
  arma::mat X = [] {
    arma::arma_rng::set_seed(5);
    return arma::mat(4, 60, arma::fill::randn);
  }();
  arma::mat Y = X.row(0) - 2 * X.row(2);
};

ens::Adam adam(std::size_t epochs) {
  return ens::Adam(0.01, 10, 0.9, 0.999, 1e-8, epochs * 60, -1);
}

Network small_network() {
  Network network;
  network.Add<mlpack::BatchNorm>();
  network.Add<mlpack::Linear>(6);
  network.Add<mlpack::ReLU>();
  network.Add<mlpack::Linear>(1);
  return network;
}

/// Copies the weights of layer 1, and its part of the gradient, out by mlpack's own means.
template <typename Hook>
struct Copies {
  const Network& network;
  Hook& importance;
  arma::mat gradient = {};

  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginOptimization(Optimizer&, Function&, Coordinates&) {
    importance.on_train_begin(viann::units_by_features(copy()));
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void Gradient(Optimizer&, Function&, const Coordinates&, const Coordinates& whole) {
    gradient = arma::reshape(whole.rows(8, 8 + 6 * 4 - 1), 6, 4);  // behind those of BatchNorm
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer&, Function&, const Coordinates&, std::size_t, double) {
    const Eigen::MatrixXd weights = copy();
    if constexpr (viann::detail::takes_gradients<Hook>) {
      importance.on_epoch_end(
          viann::units_by_features(weights),
          viann::units_by_features(Eigen::Map<const Eigen::MatrixXd>(gradient.memptr(), 6, 4)));
    } else {
      importance.on_epoch_end(viann::units_by_features(weights));
    }
  }

  Eigen::MatrixXd copy() const {
    const auto& linear = dynamic_cast<const mlpack::Linear&>(*network.Network()[1]);
    Eigen::MatrixXd weights(6, 4);
    for (arma::uword unit = 0; unit < 6; ++unit) {
      for (arma::uword feature = 0; feature < 4; ++feature) {
        weights(static_cast<Index>(unit), static_cast<Index>(feature)) =
            linear.Weight()(unit, feature);
      }
    }
    return weights;
  }
};

/// Records what it is called with.
struct Notes {
  static constexpr bool takes_gradients = true;
  Eigen::MatrixXd begun, ended, gradient;

  Index features() const { return begun.rows(); }
  template <typename View>
  void on_train_begin(const View& weights) {
    begun = weights.values();
  }
  template <typename View>
  void on_epoch_end(const View&) {
    FAIL("there was no gradient");
  }
  template <typename View, typename Gradient>
  void on_epoch_end(const View& weights, const Gradient& its_gradient) {
    ended = weights.values();
    gradient = its_gradient.values();
  }
};

/// Takes a step of gradient descent, which shows the gradient by each weight.
template <typename AnyNetwork, typename Inputs>
void check_gradient(AnyNetwork& network, const Inputs& X, const Inputs& Y,
                    viann::MlpackCallbackOptions options = {}) {
  ens::StandardSGD step(0.25, X.n_cols, X.n_cols, -1);
  Notes notes;
  network.Train(X, Y, step, mlpack_callback(notes, network, options));
  REQUIRE(notes.gradient.size() == notes.begun.size());
  CHECK(notes.gradient.cwiseAbs().maxCoeff() > 0);
  CHECK(notes.gradient.isApprox((notes.begun - notes.ended) / 0.25, 1e-9));
}

/// The same for a network of only that layer.
template <typename Layer, typename... Arguments>
void check_gradient_of(const std::vector<std::size_t>& dimensions, Arguments... arguments) {
  Network network = network_of<Layer>(dimensions, arguments...);
  arma::uword inputs = 1;
  for (const std::size_t size : dimensions) inputs *= size;
  arma::mat answers;
  const arma::mat X(inputs, 7, arma::fill::randn);
  network.Predict(X, answers);
  check_gradient(network, X, arma::mat(answers.n_rows, 7, arma::fill::randn));
}

/// Observes with the gradient by back-propagation, of all samples in one batch.
struct ByHand {
  const Network& network;
  const arma::mat& X;
  const arma::mat& Y;
  viann::DisplacementImportance<>& importance;
  arma::mat gradient = {};

  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginOptimization(Optimizer&, Function&, Coordinates&) {
    importance.on_train_begin(viann::units_by_features(matrix(linear(0).Weight())));
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginEpoch(Optimizer&, Function&, const Coordinates&, std::size_t, double) {
    arma::mat hidden = linear(0).Weight() * X;
    hidden.each_col() += arma::vec(linear(0).Bias());
    const arma::mat output = linear(2).Weight() * arma::clamp(hidden, 0, 1e9) + linear(2).Bias()(0);
    gradient = (linear(2).Weight().t() * (output - Y) % (hidden > 0)) * X.t();
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer&, Function&, const Coordinates&, std::size_t, double) {
    importance.on_epoch_end(viann::units_by_features(matrix(linear(0).Weight())),
                            viann::units_by_features(matrix(gradient)));
  }

  const mlpack::Linear& linear(std::size_t layer) const {
    return dynamic_cast<const mlpack::Linear&>(*network.Network()[layer]);
  }
  static Eigen::MatrixXd matrix(const arma::mat& m) {
    return Eigen::Map<const Eigen::MatrixXd>(m.memptr(), static_cast<Index>(m.n_rows),
                                             static_cast<Index>(m.n_cols));
  }
};

}  // namespace

TEST_CASE("the view has each weight where the layer itself uses it") {
  SECTION("Linear") {
    Network network = network_of<mlpack::Linear>({3}, 5);
    check_answers(mlpack_weights(network), network);
    check_answers(mlpack_weights(layer_of<mlpack::Linear>(network)), network);
  }
  SECTION("square Linear") {
    Network network = network_of<mlpack::Linear>({4}, 4);
    check_answers(mlpack_weights(network), network);
  }
  SECTION("Linear with a regularizer") {
    using Layer = mlpack::LinearType<arma::mat, mlpack::L2Regularizer>;
    Network network = network_of<Layer>({3}, 5, mlpack::L2Regularizer(0.1));
    check_answers(mlpack_weights(network), network);
  }
  SECTION("LinearNoBias") {
    Network network = network_of<mlpack::LinearNoBias>({3}, 5);
    check_answers(mlpack_weights(network), network);
    check_answers(mlpack_weights(layer_of<mlpack::LinearNoBias>(network)), network);
  }
  SECTION("Linear3D, whose weights every point of the input shares") {
    Network network = network_of<mlpack::Linear3D>({3, 1}, 5);
    check_answers(mlpack_weights(network), network);
  }
  SECTION("Convolution: on an image of the kernel's size there is one output per filter") {
    Network network = network_of<mlpack::Convolution>({3, 2, 2}, 5, 3, 2);
    REQUIRE(mlpack_weights(network).features() == 3 * 2 * 2);
    check_answers(mlpack_weights(network), network);
    check_answers(mlpack_weights(layer_of<mlpack::Convolution>(network)), network);
    // The order of kernel_scores(): channel, y, x, with x along the first dimension.
    const auto& kernel = layer_of<mlpack::Convolution>(network).Weight();
    CHECK(mlpack_weights(network).values()((1 * 2 + 1) * 3 + 2, 4) == kernel(2, 1, 4 * 2 + 1));
  }
  SECTION("GroupedConvolution") {
    Network network = network_of<mlpack::GroupedConvolution>({3, 2, 4}, 6, 3, 2, 2);
    const auto view = mlpack_weights(network);
    REQUIRE(view.features() == 4 * 6);
    REQUIRE(view.units() == 3);
    arma::mat nothing;
    arma::mat answers;
    network.Predict(arma::mat(24, 1, arma::fill::zeros), nothing);
    network.Predict(arma::mat(24, 24, arma::fill::eye), answers);
    for (arma::uword feature = 0; feature < 24; ++feature) {
      for (arma::uword unit = 0; unit < 3; ++unit) {
        const arma::uword filter = feature / 12 * 3 + unit;  // of the channel's group
        CHECK(view.values()(static_cast<Index>(feature), static_cast<Index>(unit)) ==
              Approx(answers(filter, feature) - nothing(filter)).margin(1e-14));
      }
    }
  }
  SECTION("NoisyLinear: the means, which answer when the noise is set to 0") {
    Network network = network_of<mlpack::NoisyLinear>({3}, 5);
    const auto view = mlpack_weights(network);
    REQUIRE(view.features() == 3);
    REQUIRE(view.units() == 5);
    network.Parameters().tail_rows(20).zeros();  // the deviations
    check_answers(view, network);
  }
  SECTION("LinearRecurrent, on its first step") {
    Network network = network_of<mlpack::LinearRecurrent>({3}, 5);
    const auto& layer = layer_of<mlpack::LinearRecurrent>(network);
    const auto view = mlpack_weights(network);
    REQUIRE(view.features() == 3);
    REQUIRE(view.units() == 5);
    CHECK(view.values()(2, 4) == layer.Weights()(4, 2));
    CHECK(view.memory().data == layer.Weights().memptr());
  }
  SECTION("LSTM: the weights of all gates that read the inputs") {
    Network network = network_of<mlpack::LSTM>({3}, 4);
    const auto& layer = layer_of<mlpack::LSTM>(network);
    const auto view = mlpack_weights(network);
    REQUIRE(view.features() == 3);
    REQUIRE(view.units() == 16);
    CHECK(view.values()(2, 1) == layer.BlockInputWeight()(1, 2));
    CHECK(view.values()(0, 4 + 3) == layer.InputGateWeight()(3, 0));
    CHECK(view.values()(1, 8) == layer.ForgetGateWeight()(0, 1));
    CHECK(view.values()(2, 15) == layer.OutputGateWeight()(3, 2));
  }
  SECTION("a matrix of a layer that viann does not know") {
    const arma::mat gate = {{1, 2, 3}, {4, 5, 6}};
    CHECK(mlpack_weights(gate).features() == 3);
    CHECK(mlpack_weights(gate).values()(2, 1) == 6);
  }
}

TEST_CASE("weights are not copied, and are the network's parameters") {
  Network network = network_of<mlpack::Linear>({3}, 5);
  CHECK(mlpack_weights(network).memory().data == network.Parameters().memptr());
  network.Reset(3);
  CHECK(mlpack_weights(network).memory().data == network.Parameters().memptr());
  const Network moved = std::move(network);
  CHECK(mlpack_weights(moved).memory().data == moved.Parameters().memptr());
}

TEST_CASE("layers with a weight per feature, or for all, are passed over") {
  Network network;
  network.Add<mlpack::LayerNorm>();
  network.Add<mlpack::PReLU>();
  network.Add<mlpack::FlexibleReLU>();
  network.Add<mlpack::Add>();
  network.Add<mlpack::BatchNorm>();
  network.Add<mlpack::Linear>(5);
  network.Reset(3);
  CHECK(mlpack_weights(network).units() == 5);
  CHECK(viann::mlpack_layer_index(network) == 5);
  const auto& last = dynamic_cast<const mlpack::Linear&>(*std::as_const(network).Network().back());
  CHECK(mlpack_weights(network).memory().data == mlpack_weights(last).memory().data);
}

TEST_CASE("a copied network has its weights once it was used") {
  Network network = network_of<mlpack::Linear>({3}, 5);
  Network copy = network;
  CHECK(contains(message_of<std::invalid_argument>([&] { mlpack_weights(copy); }),
                 "copied or loaded has them after Predict()"));
  arma::mat answers;
  copy.Predict(arma::mat(3, 1, arma::fill::ones), answers);
  CHECK(mlpack_weights(copy).values() == mlpack_weights(network).values());
}

TEST_CASE("in training, observing by the callback is observing a copy") {
  const Data data;
  Network network = small_network();
  viann::VarianceImportance<> of_network, of_layer, of_copies;
  viann::DisplacementImportance<> moved, moved_copies;
  viann::MlpackCallbackOptions layer_1;
  layer_1.layer = 1;
  ens::Adam optimizer = adam(20);
  network.Train(data.X, data.Y, optimizer, mlpack_callback(of_network, network),
                mlpack_callback(of_layer, network, layer_1), mlpack_callback(moved, network),
                Copies<viann::VarianceImportance<>>{network, of_copies},
                Copies<viann::DisplacementImportance<>>{network, moved_copies});
  CHECK(of_network.epochs() == 20);
  CHECK(of_network == of_copies);
  CHECK(of_layer == of_copies);
  CHECK(moved == moved_copies);
  CHECK(moved.raw_scores().minCoeff() > 0);
  CHECK(of_network.weight_variance().minCoeff() > 0);

  const Eigen::VectorXd before = of_network.scores();
  network.Train(data.X, data.Y, optimizer);
  CHECK(of_network.scores() == before);

  network.Train(data.X, data.Y, optimizer, mlpack_callback(of_network, network));
  CHECK(of_network.epochs() == 40);  // Train() does not restart the hook
}

TEST_CASE("in training, the gradient is what back-propagation by hand gives") {
  const Data data;
  Network network;
  network.Add<mlpack::Linear>(20);
  network.Add<mlpack::ReLU>();
  network.Add<mlpack::Linear>(1);
  viann::DisplacementImportance<> importance, by_hand;
  ens::Adam optimizer(0.01, 60, 0.9, 0.999, 1e-8, 20 * 60, -1);  // one batch an epoch
  network.Train(data.X, data.Y, optimizer, mlpack_callback(importance, network),
                ByHand{network, data.X, data.Y, by_hand});
  CHECK(importance.epochs() == 20);
  CHECK(importance.uses_gradient());
  CHECK(importance.raw_scores().isApprox(by_hand.raw_scores(), 1e-9));
}

TEST_CASE("each number of a gradient stands where its weight stands") {
  arma::arma_rng::set_seed(9);
  SECTION("layers that know nothing of time") {
    check_gradient_of<mlpack::Linear>({3}, 5);
    check_gradient_of<mlpack::Linear>({4}, 4);
    check_gradient_of<mlpack::LinearNoBias>({3}, 5);
    check_gradient_of<mlpack::Linear3D>({3, 2}, 5);
    check_gradient_of<mlpack::NoisyLinear>({3}, 5);
    check_gradient_of<mlpack::Convolution>({4, 3, 2}, 5, 3, 2);
    check_gradient_of<mlpack::GroupedConvolution>({4, 3, 4}, 6, 3, 2, 2);
  }
  SECTION("recurrent layers") {
    const auto check = [](auto layer) {
      mlpack::RNN<mlpack::MeanSquaredError, mlpack::GlorotInitialization> network(3);
      network.Add(layer);
      check_gradient(network, arma::cube(3, 7, 3, arma::fill::randn),
                     arma::cube(4, 7, 3, arma::fill::randn));
    };
    check(new mlpack::LSTM(4));
    check(new mlpack::LinearRecurrent(4));
  }
  SECTION("a layer that is not the first") {
    Network network = small_network();
    viann::MlpackCallbackOptions layer_3;
    layer_3.layer = 3;
    check_gradient(network, Data().X, Data().Y, layer_3);
  }
}

TEST_CASE("a loop of one's own hands the gradient over, too") {
  const Data data;
  Network network = network_of<mlpack::Linear>({4}, 1);
  arma::mat output;
  arma::mat gradient;
  network.Forward(data.X, output);
  network.Backward(data.X, data.Y, gradient);
  const auto view = viann::mlpack_gradient(network, gradient);
  REQUIRE(view.features() == 4);
  const arma::mat expected = (output - data.Y) * data.X.t();
  const double scale = view.values()(0, 0) / expected(0);  // a sum or a mean
  for (arma::uword i = 0; i < 4; ++i) {
    CHECK(view.values()(static_cast<Index>(i), 0) == Approx(scale * expected(i)));
  }
  CHECK(view.memory().data == gradient.memptr());
}

TEST_CASE("the callback takes options") {
  const Data data;
  Network network = small_network();
  viann::VarianceImportance<> importance;
  ens::Adam optimizer = adam(5);
  viann::MlpackCallbackOptions options;
  SECTION("the layer") {
    options.layer = 3;
    network.Train(data.X, data.Y, optimizer, mlpack_callback(importance, network, options));
    CHECK(importance.features() == 6);
    CHECK(importance.epochs() == 5);
  }
  SECTION("the steps") {
    options.steps = 3;  // of 6 an epoch
    network.Train(data.X, data.Y, optimizer, mlpack_callback(importance, network, options));
    CHECK(importance.features() == 4);
    CHECK(importance.epochs() == 10);
  }
}

TEST_CASE("the weights before training begin a hook that wants them") {
  const Data data;
  Network network = small_network();
  viann::VarianceImportanceOptions options;
  options.observe_initial_weights = true;
  viann::VarianceImportance<> importance(options);
  ens::Adam optimizer = adam(1);
  network.Train(data.X, data.Y, optimizer, mlpack_callback(importance, network));
  CHECK(importance.epochs() == 1);
  CHECK(importance.raw_scores().size() == 4);  // of two observations
}

TEST_CASE("what has no weights to view is refused with what to do") {
  const auto refusal = [](const auto& call) { return message_of<std::invalid_argument>(call); };
  Network network = small_network();
  CHECK(contains(refusal([&] { mlpack_weights(network); }), "Reset(dimensions)"));
  CHECK(contains(refusal([&] { mlpack_weights(network, 1); }), "has no weights yet"));
  network.Reset(4);
  CHECK(contains(refusal([&] { mlpack_weights(network, 4); }),
                 "there is no layer 4; the network has 4, counted from 0"));
  CHECK(contains(refusal([&] { mlpack_weights(network, 2); }), "layer 2 has no weights"));
  CHECK(contains(refusal([&] { mlpack_weights(Network()); }), "add a layer"));
  Network unknown = network_of<mlpack::Add>({3});
  CHECK(contains(refusal([&] { mlpack_weights(unknown, 0); }), "at an offset in"));
}
