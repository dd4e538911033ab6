// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "viann/detail/reset_on_move.hpp"
#include "viann/detail/statistics/scores.hpp"
#include "viann/detail/text/concat.hpp"
#include "viann/detail/text/report_column.hpp"
#include "viann/fwd.hpp"

namespace viann {

namespace detail {
class HtmlPage;
}

/// The layout of Report::table().
struct TableOptions {
  Eigen::Index max_rows = 50;        ///< of the highest scores; a last line counts the others
  Eigen::Index max_text_width = 40;  ///< longer names and texts end in an ellipsis
  Eigen::Index bar_width = 40;       ///< of the largest score; 0 for no bars
};

/// Formats the names and scores of the features, and other columns, as text: a table with bars for
/// people, CSV for programs, and JSON. Prints nothing.
///
/// ```cpp
/// #include <iostream>
/// #include <viann/tools/report.hpp>
///
/// int main() {
///   const std::vector<std::string> names{"age", "height", "shoe size"};
///   viann::Report report(names, Eigen::Vector3d(0.25, 1, 0));
///   report.add_column("spread", Eigen::Vector3d(0.1, 0.02, 0));  // numbers, or
///   report.add_column("kind", std::vector<std::string>{"years", "cm", "EU"});  // texts
///   std::cout << report.table() << "\n" << report.csv();
/// }
/// ```
///
/// A score may be NaN: the table puts it last, without a bar.
class Report {
 public:
  /// \param names   by feature, in UTF-8.
  /// \param scores  by feature.
  /// \param title   of the column of scores.
  /// \throws std::invalid_argument if there are no scores, not as many names, or the title is
  ///         "feature".
  Report(std::vector<std::string> names, const Eigen::Ref<const Eigen::VectorXd>& scores,
         std::string title = "score") {
    if (scores.size() == 0) throw std::invalid_argument("viann::Report: there are no scores.");
    if (static_cast<Eigen::Index>(names.size()) != scores.size()) {
      throw std::invalid_argument(detail::concat("viann::Report: ", names.size(),
                                                 " names do not fit ", scores.size(),
                                                 " scores; pass one name for each feature."));
    }
    add_column("feature", std::move(names));
    add_column(std::move(title), scores);
  }

  /// Number of features.
  Eigen::Index features() const noexcept {
    return columns_->empty() ? 0 : columns_->front().size();  // empty if moved-from
  }

  /// Adds a column of numbers, one per feature: a spread, q-values, counts of hits.
  /// \throws std::invalid_argument if there are not as many numbers as features, a column of this
  ///         title exists, or an integer is beyond 2^53; nothing is changed.
  template <typename Derived>
  Report& add_column(std::string title, const Eigen::DenseBase<Derived>& numbers) {
    static_assert(Derived::IsVectorAtCompileTime, "viann: a column is a vector, one per feature");
    using Scalar = typename Derived::Scalar;
    const typename Derived::PlainObject values(numbers.derived());
    constexpr bool are_integers = Eigen::NumTraits<Scalar>::IsInteger;
    Column column{std::move(title),
                  are_integers ? Content::Integers : Content::Numbers,
                  Eigen::VectorXd(values.size()),
                  {}};
    for (Eigen::Index i = 0; i < values.size(); ++i) {
      column.numbers[i] = static_cast<double>(values.coeff(i));
      if (are_integers && !(std::abs(column.numbers[i]) < 9007199254740992.0)) {
        throw std::invalid_argument("viann::Report: an integer of " + column.title +
                                    " is beyond 2^53, where a double cannot hold every one; add "
                                    "the column as texts.");
      }
    }
    return add(std::move(column));
  }

  /// Adds a column of numbers in a std::vector.
  /// \throws std::invalid_argument as for an Eigen vector.
  template <typename Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  Report& add_column(std::string title, const std::vector<Number>& numbers) {
    using Numbers = Eigen::Matrix<Number, Eigen::Dynamic, 1>;
    Numbers values(static_cast<Eigen::Index>(numbers.size()));
    std::copy(numbers.begin(), numbers.end(), values.data());
    return add_column(std::move(title), values);
  }

  /// Adds a column of numbers in braces.
  /// \throws std::invalid_argument as for an Eigen vector.
  template <typename Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  Report& add_column(std::string title, std::initializer_list<Number> numbers) {
    return add_column(std::move(title), std::vector<Number>(numbers));
  }

  /// Adds a column of texts in UTF-8, one per feature: a group's name, a unit.
  /// \throws std::invalid_argument if there are not as many texts as features, or a column of this
  ///         title exists; nothing is changed.
  Report& add_column(std::string title, std::vector<std::string> texts) {
    return add({std::move(title), Content::Texts, {}, std::move(texts)});
  }

  /// Returns a table for people, in descending order of score; ties keep the features' order.
  ///
  ///       petal_width   1.000  ########################################
  ///       petal_length  0.833  #################################
  ///
  /// The table has titles if there are columns other than names and scores. The score furthest from
  /// 0 has the longest bar; a negative score has a bar of minuses. Columns are aligned by counting
  /// code points: combining letters, and letters that are two columns wide, as in Chinese, shift
  /// the text after them. Control characters become blanks.
  /// \throws std::invalid_argument if max_rows or max_text_width < 1, or bar_width < 0.
  std::string table(TableOptions options = {}) const {
    if (options.max_rows < 1 || options.max_text_width < 1 || options.bar_width < 0) {
      throw std::invalid_argument(detail::concat(
          "viann::Report: max_rows is ", options.max_rows, ", max_text_width is ",
          options.max_text_width, " and bar_width is ", options.bar_width,
          "; max_rows and max_text_width must be at least 1, and bar_width at least 0."));
    }
    const std::vector<Eigen::Index> rows = by_score(options.max_rows);
    const bool with_titles = columns_->size() > 2;
    std::vector<std::string> lines(rows.size() + (with_titles ? 1 : 0));
    for (const Column& column : columns_.value()) {
      const auto cells =
          column.table_cells(rows, with_titles, static_cast<std::size_t>(options.max_text_width));
      std::size_t width = 0;
      for (const auto& cell : cells) width = (std::max)(width, detail::text_width(cell));
      for (std::size_t line = 0; line < lines.size(); ++line) {
        lines[line].append("  ").append(detail::padded(cells[line], width, !column.has_texts()));
      }
    }
    const double largest = features() > 0 ? scores_column().largest() : 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      lines[row + (with_titles ? 1 : 0)].append("  ").append(
          detail::bar(scores()[rows[row]], largest, options.bar_width));
    }

    std::string table;
    for (const std::string& line : lines) {
      table.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
    }
    const auto others = features() - static_cast<Eigen::Index>(rows.size());
    if (others > 0) table += detail::concat("  ... and ", others, " more\n");
    return table;
  }

  /// Returns a line of titles and one line per feature, in the features' order. Numbers have enough
  /// digits to be read back exactly. Fields are quoted as in RFC 4180, and lines end with \n alone.
  std::string csv() const {
    std::string text;
    const auto line = [&](const auto& field) {
      for (const Column& column : columns_.value()) {
        text.append(&column == &columns_->front() ? "" : ",");
        text += detail::csv_field(field(column));
      }
      text += '\n';
    };
    line([](const Column& column) { return column.title; });
    for (Eigen::Index i = 0; i < features(); ++i) {
      line([i](const Column& column) {
        return column.has_texts() ? column.text(i) : detail::number_text(column.numbers[i]);
      });
    }
    return text;
  }

  /// Converts a report to an array with one object per feature, in the features' order;
  /// nlohmann::json finds this function by itself. `nlohmann::ordered_json(report).dump(2)` keeps
  /// the columns in their order, too. dump() writes null for NaN and requires valid UTF-8.
  template <typename Json>
  friend void to_json(Json& json, const Report& report) {
    json = Json::array();
    for (Eigen::Index i = 0; i < report.features(); ++i) {
      Json row = Json::object();
      for (const Column& column : report.columns_.value()) {
        if (column.has_texts()) {
          row[column.title] = column.text(i);
        } else if (column.content == Content::Integers) {
          row[column.title] = static_cast<std::int64_t>(column.numbers[i]);
        } else {
          row[column.title] = column.numbers[i];
        }
      }
      json.push_back(std::move(row));
    }
  }

 private:
  friend class detail::HtmlPage;

  using Column = detail::ReportColumn;
  using Content = Column::Content;

  Report& add(Column column) {
    if (!columns_->empty() && column.size() != features()) {
      throw std::invalid_argument(detail::concat("viann::Report: ", column.size(), " entries of ",
                                                 column.title, " do not fit ", features(),
                                                 " features; pass one for each."));
    }
    for (const Column& other : columns_.value()) {
      if (other.title != column.title) continue;
      throw std::invalid_argument("viann::Report: there is a column " + column.title +
                                  " already; choose another title.");
    }
    columns_->push_back(std::move(column));
    return *this;
  }

  const Column& scores_column() const { return columns_.value()[1]; }
  const Eigen::VectorXd& scores() const { return scores_column().numbers; }

  /// The features with the highest scores, NaN last.
  std::vector<Eigen::Index> by_score(Eigen::Index most) const {
    if (features() == 0) return {};
    std::vector<Eigen::Index> order = detail::descending(scores());
    order.resize(static_cast<std::size_t>((std::min)(most, features())));
    return order;
  }

  detail::ResetOnMove<std::vector<Column>> columns_;  // names, scores, and what was added
};

}  // namespace viann
