// SPDX-License-Identifier: MIT
#include "viann/adapters/dlib.hpp"

#include <vector>

#include "support/catch.hpp"
#include "viann/displacement_importance.hpp"
#include "viann/variance_importance.hpp"

using Eigen::Index;
using viann::dlib_gradient;
using viann::dlib_weights;

namespace {

using Sample = dlib::matrix<float>;
template <typename Subnet>
using LossOf = dlib::loss_mean_squared<dlib::fc<1, Subnet>>;
using Mlp = LossOf<dlib::relu<dlib::fc<5, dlib::bn_fc<dlib::input<Sample>>>>>;

/// An image or column of zeros with a single 1.
Sample impulse(long rows, long cols, long place) {
  Sample sample = dlib::zeros_matrix<float>(rows, cols);
  sample(place / cols, place % cols) = 1;
  return sample;
}

/// For every feature, the outputs of an unbiased layer's units for an input of that feature alone:
/// the weights themselves, because all other products are 0.
template <typename View, typename Network>
void check_answers(const View& view, Network& network, long rows, long cols) {
  REQUIRE(view.features() == rows * cols);
  for (Index feature = 0; feature < view.features(); ++feature) {
    const dlib::tensor& answer = network(impulse(rows, cols, feature));
    REQUIRE(view.units() == static_cast<Index>(answer.size()));
    for (Index unit = 0; unit < view.units(); ++unit) {
      CHECK(view.values()(feature, unit) == answer.host()[unit]);
    }
  }
}

/// A convolution's input of several channels, made from an image that has their rows below each
/// other.
template <long channels>
struct ChannelsBelowEachOther {
  using input_type = Sample;
  template <typename Iterator>
  void to_tensor(Iterator begin, Iterator end, dlib::resizable_tensor& data) const {
    data.set_size(std::distance(begin, end), channels, begin->nr() / channels, begin->nc());
    float* to = data.host();
    for (; begin != end; ++begin) to = std::copy(begin->begin(), begin->end(), to);
  }
  friend void serialize(const ChannelsBelowEachOther&, std::ostream&) {}
  friend void deserialize(ChannelsBelowEachOther&, std::istream&) {}
  friend std::ostream& operator<<(std::ostream& out, const ChannelsBelowEachOther&) { return out; }
};

struct Data {
  std::vector<Sample> X;
  std::vector<float> y;
};

Data four_inputs() {
  Data data;
  dlib::rand random(7);
  for (int i = 0; i < 64; ++i) {
    Sample x(4, 1);
    for (float& value : x) value = static_cast<float>(random.get_random_gaussian());
    data.X.push_back(x);
    data.y.push_back(x(0) - 2 * x(2));
  }
  return data;
}

}  // namespace

TEST_CASE("the view has each weight where the layer itself uses it") {
  SECTION("fc") {
    dlib::fc_no_bias<5, dlib::input<Sample>> network;
    network(impulse(3, 1, 0));
    check_answers(dlib_weights(network), network, 3, 1);
    check_answers(dlib_weights(network.layer_details()), network, 3, 1);
  }
  SECTION("square fc") {
    dlib::fc_no_bias<4, dlib::input<Sample>> network;
    network(impulse(4, 1, 0));
    check_answers(dlib_weights(network), network, 4, 1);
  }
  SECTION("con of several channels") {
    dlib::add_layer<dlib::con_<5, 2, 3, 1, 1, 0, 0>, dlib::input<Sample>> one_channel;
    one_channel(impulse(2, 3, 0));
    check_answers(dlib_weights(one_channel), one_channel, 2, 3);

    dlib::add_layer<dlib::con_<5, 2, 3, 1, 1, 0, 0>, ChannelsBelowEachOther<2>> network;
    network(impulse(4, 3, 0));
    check_answers(dlib_weights(network), network, 4, 3);
    check_answers(dlib_weights(network.layer_details()), network, 4, 3);
  }
  SECTION("con as large as the image, without biases") {
    dlib::add_layer<dlib::con_<3, 0, 0, 1, 1>, ChannelsBelowEachOther<2>> network;
    network.layer_details().disable_bias();
    network(impulse(4, 3, 0));
    check_answers(dlib_weights(network), network, 4, 3);
  }
  SECTION("cont") {
    dlib::add_layer<dlib::cont_<5, 2, 3, 1, 1, 0, 0>, ChannelsBelowEachOther<2>> network;
    network(impulse(2, 1, 0));
    const auto view = dlib_weights(network);
    REQUIRE(view.features() == 2 * 6);
    REQUIRE(view.units() == 5);
    for (Index channel = 0; channel < 2; ++channel) {
      const dlib::tensor& answer = network(impulse(2, 1, channel));  // filters x rows x columns
      for (Index position = 0; position < 6; ++position) {
        for (Index unit = 0; unit < 5; ++unit) {
          CHECK(view.values()(channel * 6 + position, unit) == answer.host()[unit * 6 + position]);
        }
      }
    }
  }
}

TEST_CASE("a fully connected layer's biases are not among its features") {
  dlib::fc<5, dlib::input<Sample>> network;
  network(impulse(3, 1, 0));
  CHECK(dlib_weights(network).features() == 3);
  network.layer_details().disable_bias();  // does not change the parameters' size
  CHECK(dlib_weights(network).features() == 3);
}

TEST_CASE("weights are not copied") {
  Mlp network;
  network(impulse(4, 1, 0));
  const dlib::tensor& parameters = dlib::layer<3>(network).layer_details().get_layer_params();
  CHECK(dlib_weights(network).memory().data == parameters.host());
  CHECK(dlib_weights<3>(network).memory().data == parameters.host());

  dlib::add_layer<dlib::con_<5, 2, 3, 1, 1>, dlib::input<Sample>> convolution;
  convolution(impulse(2, 3, 0));
  CHECK(dlib_weights(convolution.layer_details()).memory().data ==
        convolution.layer_details().get_layer_params().host());
}

TEST_CASE("in training, observing the view is observing a copy") {
  const Data data = four_inputs();
  Mlp network;
  dlib::dnn_trainer<Mlp, dlib::adam> trainer(network, dlib::adam());
  trainer.set_learning_rate(0.01);
  trainer.set_min_learning_rate(1e-9);

  using Copy = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto copy = [&] {
    trainer.get_net(dlib::force_flush_to_disk::no);  // waits for the trainer's threads
    const dlib::matrix<float> values =
        dlib::mat(dlib::layer<3>(network).layer_details().get_weights());
    Copy weights(4, 5);
    for (long input = 0; input < 4; ++input) {
      for (long unit = 0; unit < 5; ++unit) weights(input, unit) = values(input, unit);
    }
    return weights;
  };

  network(data.X.front());  // allocates the weights
  viann::VarianceImportance<> of_trainer, of_network, of_index, of_copies;
  viann::DisplacementImportance<> moved, moved_copies;
  moved.on_train_begin(dlib_weights(trainer));
  moved_copies.on_train_begin(viann::features_by_units(copy()));
  for (int epoch = 0; epoch < 20; ++epoch) {
    trainer.train_one_step(data.X, data.y);
    of_trainer.on_epoch_end(dlib_weights(trainer));
    of_network.on_epoch_end(dlib_weights(network));
    of_index.on_epoch_end(dlib_weights<3>(trainer));
    of_copies.on_epoch_end(viann::features_by_units(copy()));
    moved.on_epoch_end(dlib_weights(trainer));
    moved_copies.on_epoch_end(viann::features_by_units(copy()));
  }
  CHECK(of_trainer.epochs() == 20);
  CHECK(of_trainer == of_copies);
  CHECK(of_network == of_copies);
  CHECK(of_index == of_copies);
  CHECK(moved == moved_copies);
  CHECK(moved.raw_scores().minCoeff() > 0);
  CHECK(of_trainer.weight_variance().minCoeff() > 0);

  const Eigen::VectorXd before = of_trainer.scores();
  trainer.train_one_step(data.X, data.y);
  dlib_weights(trainer);
  CHECK(of_trainer.scores() == before);
}

TEST_CASE("in training, the gradient is what back-propagation by hand gives") {
  using Network = LossOf<dlib::relu<dlib::fc<20, dlib::input<Sample>>>>;
  const Data data = four_inputs();
  Network network;
  dlib::dnn_trainer<Network, dlib::sgd> trainer(network, dlib::sgd(0.1F, 0.9F));
  trainer.set_learning_rate(0.01);
  trainer.set_min_learning_rate(1e-9);

  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto parameters = [](const auto& layer) {  // inputs, then the bias, by units
    const dlib::tensor& values = layer.layer_details().get_layer_params();
    const Index units = values.size() == 21 ? 1 : 20;
    const Index rows = static_cast<Index>(values.size()) / units;
    return Matrix(Eigen::Map<const Matrix>(values.host(), rows, units)).cast<double>().eval();
  };
  Eigen::MatrixXd X(64, 4);
  Eigen::VectorXd y(64);
  for (Index i = 0; i < 64; ++i) {
    y[i] = data.y[static_cast<std::size_t>(i)];
    for (long j = 0; j < 4; ++j) X(i, j) = data.X[static_cast<std::size_t>(i)](j);
  }

  network(data.X.front());  // allocates the weights
  viann::DisplacementImportance<> of_trainer, of_network, of_index, by_hand, of_weights;
  for (auto* hook : {&of_trainer, &of_network, &of_index, &by_hand, &of_weights}) {
    hook->on_train_begin(dlib_weights(network));
  }
  for (int epoch = 0; epoch < 20; ++epoch) {
    const Eigen::MatrixXd W = parameters(dlib::layer<3>(network));
    const Eigen::MatrixXd last = parameters(dlib::layer<1>(network));
    const Eigen::MatrixXd hidden = (X * W.topRows(4)).rowwise() + W.row(4);
    const Eigen::VectorXd output = (hidden.cwiseMax(0) * last.topRows(20)).array() + last(20, 0);
    const Eigen::VectorXd error = (output - y) / 32;
    const Eigen::MatrixXd delta =
        (hidden.array() > 0).cast<double>() * (error * last.topRows(20).transpose()).array();

    trainer.train_one_step(data.X, data.y);
    of_trainer.on_epoch_end(dlib_weights(trainer), dlib_gradient(trainer));
    network(data.X.front());  // an answer leaves the gradient as it is
    of_network.on_epoch_end(dlib_weights(network), dlib_gradient(network));
    of_index.on_epoch_end(dlib_weights<3>(trainer), dlib_gradient<3>(trainer));
    of_weights.on_epoch_end(dlib_weights(trainer));
    by_hand.on_epoch_end(viann::features_by_units(parameters(dlib::layer<3>(network)).topRows(4)),
                         viann::features_by_units(X.transpose() * delta));
  }
  CHECK(of_trainer.uses_gradient());
  CHECK(of_network == of_trainer);
  CHECK(of_index == of_trainer);
  CHECK(of_trainer.raw_scores().isApprox(by_hand.raw_scores(), 1e-4));
  CHECK_FALSE(of_trainer.raw_scores().isApprox(of_weights.raw_scores(), 1e-2));
}

TEST_CASE("convolutions' gradients have the order of their weights") {
  const auto check = [](auto network, const Sample& image) {
    // The outputs' derivatives by a weight are the same for every value of the weights.
    auto& layer = network.layer_details();
    const auto outputs = [&] { return dlib::sum(dlib::mat(network(image))); };
    outputs();
    const dlib::resizable_tensor weights = layer.get_layer_params();
    network.get_gradient_input() = 1;
    dlib::resizable_tensor input;
    network.to_tensor(&image, &image + 1, input);
    network.back_propagate_error(input);
    const auto gradient = dlib_gradient(network);
    const auto view = dlib_weights(network);
    REQUIRE(gradient.features() == view.features());
    REQUIRE(gradient.units() == view.units());
    layer.get_layer_params() = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      layer.get_layer_params().host()[i] = 1;
      const auto only_one = dlib_weights(network);
      for (Index feature = 0; feature < view.features(); ++feature) {
        for (Index unit = 0; unit < view.units(); ++unit) {
          if (only_one.values()(feature, unit) == 0) continue;
          CHECK(gradient.values()(feature, unit) == Approx(outputs()).margin(1e-5));
        }
      }
      layer.get_layer_params().host()[i] = 0;
    }
  };
  Sample image(4, 3);
  for (long i = 0; i < 12; ++i) image(i / 3, i % 3) = static_cast<float>(i * i - 3 * i + 1);
  check(dlib::add_layer<dlib::con_<3, 2, 2, 1, 1, 0, 0>, ChannelsBelowEachOther<2>>(), image);
  check(dlib::add_layer<dlib::cont_<3, 2, 2, 1, 1, 0, 0>, ChannelsBelowEachOther<2>>(), image);
}

TEST_CASE("where there is no gradient, the message says why") {
  const auto refusal = [](const auto& call) { return message_of<std::invalid_argument>(call); };
  const Data data = four_inputs();
  Mlp network;
  network(data.X.front());
  CHECK(contains(refusal([&] { dlib_gradient(network); }), "has no gradient; train a step first"));
  dlib::dnn_trainer<Mlp, dlib::adam> trainer(network, dlib::adam());
  CHECK_THROWS_AS(dlib_gradient(trainer), std::invalid_argument);
  trainer.train_one_step(data.X, data.y);
  CHECK(dlib_gradient(trainer).features() == 4);
  dlib::layer<3>(network).layer_details().set_learning_rate_multiplier(0);
  CHECK(contains(refusal([&] { dlib_gradient<3>(network); }), "A frozen layer"));
  CHECK(contains(refusal([&] { dlib_gradient(network); }), "is frozen"));
  dlib::layer<3>(network).layer_details().set_learning_rate_multiplier(1);
  network.clean();
  CHECK_THROWS_AS(dlib_gradient(network), std::invalid_argument);
  trainer.set_synchronization_file("dlib_test_gradients");
  CHECK(contains(refusal([&] { dlib_gradient(trainer); }), "writes its synchronisation file"));
}

TEST_CASE("a network's first layer is looked for from the inputs on") {
  using Deep = LossOf<dlib::relu<dlib::fc<6, dlib::relu<dlib::fc<5, dlib::input<Sample>>>>>>;
  Deep network;
  network(impulse(4, 1, 0));
  CHECK(dlib_weights(network).features() == 4);
  CHECK(dlib_weights<3>(network).features() == 5);
  CHECK(dlib_weights<1>(network).features() == 6);

  CHECK(viann::dlib_layer_index(network) == 5);

  // A layer frozen in the middle of a run does not make way for the next.
  dlib::layer<5>(network).layer_details().set_learning_rate_multiplier(0);
  CHECK(contains(message_of<std::invalid_argument>([&] { dlib_weights(network); }),
                 "layer 5, which is nearest to the inputs, is frozen"));
  CHECK_THROWS_AS(viann::dlib_layer_index(network), std::invalid_argument);
  CHECK(dlib_weights<5>(network).features() == 4);  // a named layer may be frozen
}

/// A computational layer as a user writes one: parameters with axes of its own.
struct OwnLayer {
  template <typename Subnet>
  void setup(const Subnet& /*subnet*/) {
    parameters.set_size(1, 6);
  }
  template <typename Subnet>
  void forward(const Subnet& subnet, dlib::resizable_tensor& output) {
    output = subnet.get_output();
  }
  template <typename Subnet>
  void backward(const dlib::tensor& /*output*/, Subnet& /*subnet*/, dlib::tensor& /*gradient*/) {}
  const dlib::tensor& get_layer_params() const { return parameters; }
  dlib::tensor& get_layer_params() { return parameters; }
  friend void serialize(const OwnLayer&, std::ostream&) {}
  friend void deserialize(OwnLayer&, std::istream&) {}
  friend std::ostream& operator<<(std::ostream& out, const OwnLayer&) { return out; }
  dlib::resizable_tensor parameters;
};

TEST_CASE("a layer whose axes viann does not know does not make way for the next") {
  LossOf<dlib::add_layer<OwnLayer, dlib::input<Sample>>> nearest;
  nearest(impulse(4, 1, 0));
  const auto refusal = [](const auto& call) { return message_of<std::invalid_argument>(call); };
  CHECK(contains(refusal([&] { dlib_weights(nearest); }), "layer 2, which is nearest"));
  CHECK(
      contains(refusal([&] { viann::dlib_layer_index(nearest); }),
               "units_by_features(dlib::layer<2>(net).layer_details().get_layer_params().host()"));
  CHECK(dlib_weights<1>(nearest).features() == 4);
  LossOf<dlib::add_layer<
      OwnLayer, dlib::prelu<dlib::fc<5, dlib::affine<dlib::layer_norm<dlib::input<Sample>>>>>>>
      farther;
  farther(impulse(4, 1, 0));
  CHECK(viann::dlib_layer_index(farther) == 4);
}

TEST_CASE("what has no weights to view is refused with what to do") {
  const auto refusal = [](const auto& call) { return message_of<std::invalid_argument>(call); };
  Mlp network;
  CHECK(contains(refusal([&] { dlib_weights(network); }), "allocates them with the first samples"));
  CHECK(contains(refusal([&] { dlib_weights<3>(network); }), "has no weights yet"));
  dlib::relu<dlib::input<Sample>> no_weights;
  CHECK(
      contains(refusal([&] { dlib_weights(no_weights); }), "no fully connected or convolutional"));
}
