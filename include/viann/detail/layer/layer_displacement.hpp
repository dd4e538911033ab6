// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "viann/detail/equal_bits.hpp"
#include "viann/detail/kernels/displacement.hpp"
#include "viann/detail/kernels/sketch.hpp"
#include "viann/detail/layer/layer.hpp"
#include "viann/detail/layer/tile.hpp"
#include "viann/detail/layer/walk.hpp"
#include "viann/detail/state_archive.hpp"
#include "viann/detail/statistics/share_mean.hpp"
#include "viann/detail/weights/weight_source.hpp"

namespace viann::detail {

/// What DisplacementImportance keeps of a layer: w(0), and the means over the epochs of the
/// features' shares of movement, alignment and gradient (formulas: there). An observation walks
/// twice over the layer: the first walk makes sketches, the second projects the weights on them.
/// \tparam Part  how to get from these features to all of the layer: WholeLayer, or the like
template <typename Scalar, typename Part = WholeLayer>
class LayerDisplacement {
 public:
  using Weights = WeightSource<Scalar>;
  using Sum = SumOf<Scalar>;

  const Layer& layer() const { return layer_; }
  bool uses_gradient() const { return !means_[Gradient].empty(); }

  /// raw_i of a feature.
  Sum raw_score(Index i) const {
    const Sum from_weights = std::sqrt(means_[Movement](i) * means_[Alignment](i));
    return uses_gradient() ? std::sqrt(from_weights * means_[Gradient](i)) : from_weights;
  }

  /// Keeps w(0), which passed the layer's check, and allocates all memory.
  void keep_initial(const Weights& weights) {
    layer_.learn(weights, Axis::Units);
    initial_.resize(layer_.units(), layer_.features());
    for (Index i = 0; i < layer_.features(); ++i) {
      weights.read(Axis::Units, 0, i, layer_.units(), &initial_(0, i));
    }
    previous_.resize(sketch_size());
    prepare();
  }

  /// Makes the first sketch, after keep_initial().
  void start(const Weights& weights, Part part = {}) {
    part_ = part;
    make_sketches(weights, nullptr, false, 0);
    keep_next();
  }

  /// Whether weights are the last ones that were observed, up to 1 % of their norm: a network may
  /// have been saved with 16 bits. The sketches estimate the norm of the difference.
  bool has_observed(const Weights& weights, std::int64_t epoch) {
    make_sketches(weights, nullptr, false, epoch);
    std::vector<Scalar> row(index(layer_.units()));
    Sum all = 0;
    Sum difference = 0;
    for (Index i = 0; i < layer_.features(); ++i) {
      weights.read(Axis::Units, 0, i, layer_.units(), row.data());
      for (const Scalar w : row) all += Sum(w) * Sum(w);
    }
    for (std::size_t i = 0; i < previous_.size(); ++i) {
      const Sum d = sketch(Next)[i] - previous_[i];
      difference += d * d / draws;
    }
    return !(difference > Sum(1e-4) * all);  // true as well for squares beyond the range
  }

  /// Takes in weights that passed the layer's check, and the gradient unless it is null.
  void observe(const Weights& weights, const Weights* gradient, bool remove_decay,
               std::int64_t epoch) {
    make_sketches(weights, gradient, remove_decay, epoch);
    Sum* const step = sketch(Alignment);
    for (std::size_t i = 0; i < previous_.size(); ++i) step[i] -= previous_[i];
    const std::size_t sketches = gradient == nullptr ? Gradient : measured;
    for (std::size_t which = 0; which < sketches; ++which) scale(sketch(which));
    project(weights, sketches);
    const auto t = static_cast<Sum>(epoch);
    const std::array<Sum, measured> weight = {1 / t, std::sqrt(t), std::sqrt(t)};
    const Index all = part_.all_features(layer_.features());
    std::array<Sum, measured> mean{};
    for (std::size_t which = 0; which < sketches; ++which) {
      mean[which] = part_of_mean(squares_[which].data(), layer_.features(), all);
    }
    part_.add_up(mean.data(), sketches);
    for (std::size_t which = 0; which < sketches; ++which) {
      means_[which].add(squares_[which].data(), weight[which], mean[which], all);
    }
    keep_next();
  }

  friend bool operator==(const LayerDisplacement& a, const LayerDisplacement& b) {
    return a.layer_ == b.layer_ && all_equal_bits(a.initial_, b.initial_) &&
           all_equal_bits(a.previous_, b.previous_) && a.means_ == b.means_;
  }

  template <class Archive>
  void transfer(Archive& archive) {
    layer_.transfer(archive);
    archive_array(archive, initial_, layer_.units(), layer_.features());
    archive.seal();
    if constexpr (Archive::is_loading::value) {
      previous_.resize(sketch_size());
      prepare();
    }
    archive_elements(archive, previous_);
    for (ShareMean<Sum>& mean : means_) mean.transfer(archive);
  }

 private:
  using Array = Eigen::Array<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

  // The sketches of an observation; each of the first three has squares of projections, and a mean.
  enum Which : std::size_t {
    Movement,   // of the displacement D(t)
    Alignment,  // of w(t), from which that of w(t - 1), with the same signs, is subtracted
    Gradient,   // of the gradient
    Next        // of w(t), with the signs of the next epoch
  };
  static constexpr std::size_t measured = 3;
  static constexpr std::size_t all_sketches = 4;

  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }
  std::size_t sketch_size() const { return index(draws) * index(layer_.units()); }

  // A part of the features has sketches of its own, and is walked by one thread. How many parts
  // there are depends on the layer alone, so that sums round alike for any number of threads.
  Index parts() const { return std::clamp<Index>(layer_.features() / 256, 1, 16); }
  Sum* sketch(std::size_t which, Index part = 0) {
    return sketches_.data() + (index(part) * all_sketches + which) * sketch_size();
  }

  // Allocates what is no part of the state.
  void prepare() {
    for (ShareMean<Sum>& mean : means_) mean.start(layer_.features());
    for (auto& squares : squares_) squares.assign(index(layer_.features()), Sum(0));
    decay_.assign(index(layer_.features()), Decay<Sum>());
    sketches_.resize(index(parts()) * all_sketches * sketch_size());
  }

  // Calls body(part, feature, count) for some features after the other, tile_features at a time.
  template <typename Body>
  void for_each_tile(const Body& body) const {
    const Index tiles = divide_up(layer_.features(), tile_features);
    const Index n = parts();
    for_each_part(n, threads_for(layer_.features() * layer_.units()), [&](Index part) {
      const Index end = first_of_part(part + 1, tiles, n);
      for (Index tile = first_of_part(part, tiles, n); tile < end; ++tile) {
        const Index feature = tile * tile_features;
        body(part, feature, (std::min)(tile_features, layer_.features() - feature));
      }
    });
  }

  // Calls body(block) for all units of these features.
  template <typename Body>
  void for_each_block(Index feature, Index count, const Body& body) const {
    for (Index unit = 0; unit < layer_.units(); unit += tile_units) {
      body(Block{feature, count, unit, (std::min)(tile_units, layer_.units() - unit)});
    }
  }

  void make_sketches(const Weights& weights, const Weights* gradient, bool removes_decay,
                     std::int64_t epoch) {
    std::fill(sketches_.begin(), sketches_.end(), Sum(0));
    for_each_tile([&](Index part, Index feature, Index count) {
      if (removes_decay) find_decay(weights, feature, count);
      const Signs<Sum> signs(epoch, part_.first_feature() + feature, count);
      const Signs<Sum> next_signs(epoch + 1, part_.first_feature() + feature, count);
      Tile<Scalar> tile;
      Tile<Sum> D;
      for_each_block(feature, count, [&](const Block& block) {
        const auto add = [&](auto& rows, const Signs<Sum>& r, Which which) {
          add_to_sketch(rows.row(0), r, block.units, sketch(which, part) + block.unit,
                        layer_.units());
        };
        tile.load(weights, block);
        set_displacement(tile, block, D);
        add(D, signs, Movement);
        add(tile, signs, Alignment);
        add(tile, next_signs, Next);
        if (gradient == nullptr) return;
        tile.load(*gradient, block);
        add(tile, signs, Gradient);
      });
    });
    for (Index part = 1; part < parts(); ++part) {
      const Sum* const other = sketch(Movement, part);
      for (std::size_t i = 0; i < all_sketches * sketch_size(); ++i) sketches_[i] += other[i];
    }
    part_.add_up(sketches_.data(), all_sketches * sketch_size());
  }

  void find_decay(const Weights& weights, Index feature, Index count) {
    std::array<DisplacementSums<Sum>, tile_features> sums;
    Tile<Scalar> tile;
    for_each_block(feature, count, [&](const Block& block) {
      tile.load(weights, block);
      for (Index i = 0; i < count; ++i) {
        add_displacement_terms(tile.row(i), &initial_(block.unit, feature + i), block.units,
                               sums[index(i)]);
      }
    });
    for (Index i = 0; i < count; ++i) {
      decay_[index(feature + i)] = fit_decay(sums[index(i)], layer_.units());
    }
  }

  void set_displacement(const Tile<Scalar>& weights, const Block& block, Tile<Sum>& D) const {
    for (Index i = 0; i < block.features; ++i) {
      remove_decay(weights.row(i), &initial_(block.unit, block.feature + i), block.units,
                   decay_[index(block.feature + i)], D.row(i));
    }
    D.clear_after(block);
  }

  // Sets squares_ to the sums of squares of the projections: of D on its sketch, of w on the
  // others.
  void project(const Weights& weights, std::size_t sketches) {
    for_each_tile([&](Index, Index feature, Index count) {
      Tile<Scalar> tile;
      Tile<Sum> D;
      std::array<Projections<Sum>, measured> projections{};
      for_each_block(feature, count, [&](const Block& block) {
        const auto add = [&](auto& rows, std::size_t which) {
          add_projections(rows.row(0), count, block.units, sketch(which) + block.unit,
                          layer_.units(), projections[which]);
        };
        tile.load(weights, block);
        set_displacement(tile, block, D);
        add(D, Movement);
        for (std::size_t which = Alignment; which < sketches; ++which) add(tile, which);
      });
      for (std::size_t which = 0; which < sketches; ++which) {
        for (Index i = 0; i < count; ++i) {
          const auto& p = projections[which][index(i)];
          squares_[which][index(feature + i)] = dot(p.data(), p.data(), draws);
        }
      }
    });
  }

  // Makes a sketch's largest number 1, since its unit does not count, and squares might overflow.
  void scale(Sum* sketch) const {
    Sum largest = 0;
    for (std::size_t i = 0; i < sketch_size(); ++i) {
      largest = (std::max)(largest, std::abs(sketch[i]));
    }
    if (largest == 0) return;
    std::transform(sketch, sketch + sketch_size(), sketch, [=](Sum x) { return x / largest; });
  }

  void keep_next() { std::copy_n(sketch(Next), sketch_size(), previous_.begin()); }

  Layer layer_;
  Part part_;
  Array initial_;              // w(0), units x features
  std::vector<Sum> previous_;  // the sketch of the last weights with the signs of the next epoch
  std::array<ShareMean<Sum>, measured> means_;
  // Not part of the state:
  std::vector<Decay<Sum>> decay_;                   // by feature
  std::array<std::vector<Sum>, measured> squares_;  // by feature
  std::vector<Sum> sketches_;                       // of the first part, then of the others
};

}  // namespace viann::detail
