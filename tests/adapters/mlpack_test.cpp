// SPDX-License-Identifier: MIT
#include "viann/adapters/mlpack.hpp"

#include "support/catch.hpp"
#include "support/foreign_address.hpp"
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
      CHECK(view.expression()(static_cast<Index>(feature), static_cast<Index>(unit)) ==
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

/// Copies the weights of layer 1 out by mlpack's own means.
template <typename Hook>
struct Copies {
  const Network& network;
  Hook& importance;

  template <typename Optimizer, typename Function, typename Coordinates>
  void BeginOptimization(Optimizer&, Function&, Coordinates&) {
    importance.on_train_begin(viann::units_by_features(copy()));
  }
  template <typename Optimizer, typename Function, typename Coordinates>
  void EndEpoch(Optimizer&, Function&, const Coordinates&, std::size_t, double) {
    importance.on_epoch_end(viann::units_by_features(copy()));
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
    CHECK(mlpack_weights(network).expression()((1 * 2 + 1) * 3 + 2, 4) == kernel(2, 1, 4 * 2 + 1));
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
        CHECK(view.expression()(static_cast<Index>(feature), static_cast<Index>(unit)) ==
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
    CHECK(view.expression()(2, 4) == layer.Weights()(4, 2));
    CHECK(address_of(view) == layer.Weights().memptr());
  }
  SECTION("LSTM: the weights of all gates that read the inputs") {
    Network network = network_of<mlpack::LSTM>({3}, 4);
    const auto& layer = layer_of<mlpack::LSTM>(network);
    const auto view = mlpack_weights(network);
    REQUIRE(view.features() == 3);
    REQUIRE(view.units() == 16);
    CHECK(view.expression()(2, 1) == layer.BlockInputWeight()(1, 2));
    CHECK(view.expression()(0, 4 + 3) == layer.InputGateWeight()(3, 0));
    CHECK(view.expression()(1, 8) == layer.ForgetGateWeight()(0, 1));
    CHECK(view.expression()(2, 15) == layer.OutputGateWeight()(3, 2));
  }
  SECTION("a matrix of a layer that viann does not know") {
    const arma::mat gate = {{1, 2, 3}, {4, 5, 6}};
    CHECK(mlpack_weights(gate).features() == 3);
    CHECK(mlpack_weights(gate).expression()(2, 1) == 6);
  }
}

TEST_CASE("weights are not copied, and are the network's parameters") {
  Network network = network_of<mlpack::Linear>({3}, 5);
  CHECK(address_of(mlpack_weights(network)) == network.Parameters().memptr());
  network.Reset(3);
  CHECK(address_of(mlpack_weights(network)) == network.Parameters().memptr());
  const Network moved = std::move(network);
  CHECK(address_of(mlpack_weights(moved)) == moved.Parameters().memptr());
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
  CHECK(address_of(mlpack_weights(network)) ==
        address_of(mlpack_weights(
            dynamic_cast<const mlpack::Linear&>(*std::as_const(network).Network().back()))));
}

TEST_CASE("a copied network has its weights once it was used") {
  Network network = network_of<mlpack::Linear>({3}, 5);
  Network copy = network;
  CHECK(contains(message_of<std::invalid_argument>([&] { mlpack_weights(copy); }),
                 "copied or loaded has them after Predict()"));
  arma::mat answers;
  copy.Predict(arma::mat(3, 1, arma::fill::ones), answers);
  CHECK(mlpack_weights(copy).expression() == mlpack_weights(network).expression());
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
