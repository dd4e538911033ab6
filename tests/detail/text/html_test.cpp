// SPDX-License-Identifier: MIT
#include "viann/detail/text/html.hpp"

#include <string>

#include "support/catch.hpp"

using viann::detail::html_number;
using viann::detail::html_text;

TEST_CASE("markup and control characters are not taken over into HTML") {
  CHECK(html_text("a<b>c&d\"e'f") == "a&lt;b&gt;c&amp;d&quot;e&#39;f");
  CHECK(html_text(std::string("a\0b\tc\nd\x7F", 8)) == "a b c d ");
  CHECK(html_text("a\xC2\x85z") == "a z");  // a control character of two bytes
  CHECK(html_text("").empty());
}

TEST_CASE("UTF-8 is taken over, and bytes that are none are replaced one by one") {
  for (const std::string good : {"\x7E", "\xC2\xA0", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                 "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(html_text(good + "x") == good + "x");
  }
  const std::string one = "\xEF\xBF\xBD";
  CHECK(html_text("\x80") == one);
  CHECK(html_text("\xC1\xBF") == one + one);            // overlong
  CHECK(html_text("\xE0\x9F\xBF") == one + one + one);  // overlong
  CHECK(html_text("\xED\xA0\x80") == one + one + one);  // half a surrogate pair
  CHECK(html_text("\xF0\x8F\xBF\xBF") == one + one + one + one);
  CHECK(html_text("\xF4\x90\x80\x80") == one + one + one + one);  // beyond U+10FFFF
  CHECK(html_text("\xF5\x80\x80\x80") == one + one + one + one);
  CHECK(html_text("\xE2\x80") == one + one);    // cut
  CHECK(html_text("\xE2<b") == one + "&lt;b");  // swallows nothing
  CHECK(html_text("\xE2\x80<") == one + one + "&lt;");
}

TEST_CASE("the scale of heat maps has a half for each sign") {
  const std::string scale = viann::detail::heat_scale("4", true);
  for (const char* part :
       {R"(Scale from -4 to 4">-4<svg viewBox="-1 0 2 1")", "</svg>4</div>",
        R"p("below"><stop stop-color="var(--minus, #b5530c)" stop-opacity="1" /><stop)p",
        R"p("var(--minus, #b5530c)" stop-opacity="0" offset="1" /></linearGradient><rect x="-1")p",
        R"p("above"><stop stop-color="var(--map, #08407e)" stop-opacity="0" /><stop)p",
        R"p("var(--map, #08407e)" stop-opacity="1" offset="1" /></linearGradient><rect x="0")p",
        R"p(x="-1" width="1" height="1" fill="url(#below)")p",
        R"p(height="1" fill="url(#above)")p"}) {
    CAPTURE(part);
    CHECK(contains(scale, part));
  }
  const std::string half = viann::detail::heat_scale("4", false);
  CHECK(contains(half, R"(Scale from 0 to 4">0<svg viewBox="0 0 1 1")"));
  CHECK_FALSE(contains(half, "below"));
}

TEST_CASE("coordinates have three decimals at most, and no -0") {
  CHECK(html_number(1.0 / 3) == "0.333");
  CHECK(html_number(-1e-9) == "0");
  CHECK(html_number(100) == "100");
}
