// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <string>

namespace viann {

/// What html_report() shows. Texts are in UTF-8; nothing in them is taken for HTML.
struct HtmlReportOptions {
  std::string title = "Which inputs the network relies on";  ///< of the page
  std::string note;              ///< a paragraph below: the data, the hook, the number of epochs
  Eigen::Index max_bars = 15;    ///< of the highest scores; the other rows can be unfolded
  Eigen::Index max_rows = 5000;  ///< of both tables; a last line counts the others
  Eigen::Index max_lines = 6;    ///< over the epochs, 6 at most
  Eigen::Index rows = 0;  ///< of an image or a convolution's kernel, for heat maps; 0 for none
  Eigen::Index cols = 0;  ///< the features are its rows * cols positions, as in kernel_scores()
  double settled = 0.9;   ///< rank correlation for ScoreHistory::settled_since()
};

}  // namespace viann
