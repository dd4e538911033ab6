// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "viann/detail/requirements.hpp"

namespace viann::detail {

/// The colours as attributes of SVG, with the light ones where there is no style: servers that show
/// pages of others, such as those of continuous integration, may forbid it (`style-src 'self'`).
inline constexpr std::string_view soft_color = "var(--soft, #565f69)";
inline constexpr std::string_view rule_color = "var(--rule, #dfe3e8)";
inline constexpr std::string_view plus_color = "var(--plus, #1f6fb2)";
inline constexpr std::string_view minus_color = "var(--minus, #b5530c)";
inline constexpr std::string_view map_color = "var(--map, #08407e)";
inline constexpr std::array<std::string_view, 6> line_colors{
    "var(--c0, #030fc8)", "var(--c1, #dc3a00)", "var(--c2, #008768)",
    "var(--c3, #bd3fbd)", "var(--c4, #5e1500)", "var(--c5, #421d4d)"};

/// The style of html_report(): light, or dark where the reader asks for that, and light on paper.
///
/// The colours of the lines have a contrast of 4.5 or more with the background. Any two differ by
/// 30 or more in CIELAB for readers without red, green or blue cones, too (as simulated after
/// Machado, Oliveira & Fernandes 2009). Every line has its name beside its end, besides.
inline constexpr std::string_view html_style = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2024; --soft: #565f69; --rule: #dfe3e8;
  --plus: #1f6fb2; --minus: #b5530c; --map: #08407e;
  --c0: #030fc8; --c1: #dc3a00; --c2: #008768; --c3: #bd3fbd; --c4: #5e1500; --c5: #421d4d;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --ink: #e9ebee; --soft: #a7b0ba; --rule: #31373d;
    --plus: #5aa9e6; --minus: #f08c3c; --map: #9fd0ff;
    --c0: #09cdff; --c1: #ffcf83; --c2: #3d9054; --c3: #b06a97; --c4: #ff8a19; --c5: #c0dfcd;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 58rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", "Liberation Sans", sans-serif;
}
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.15rem; }
p { margin: .25rem 0; max-width: 42rem; overflow-wrap: anywhere; }
.soft, caption, figcaption { color: var(--soft); }
.wide {  /* with a shadow on the right where there is more to scroll to */
  overflow-x: auto; background:
    linear-gradient(to left, var(--paper) 60%, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--soft), transparent) right / .4rem 100% no-repeat;
}
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding: .25rem 0 .5rem; text-align: left; }
th, td { padding: .2rem .75rem .2rem 0; text-align: left; vertical-align: baseline; }
th { font-weight: normal; overflow-wrap: anywhere; min-width: 6rem; }
thead th {
  overflow-wrap: normal; color: var(--soft); border-bottom: 1px solid var(--rule);
  vertical-align: bottom;
}
[style^="--width"] { min-width: min(max(var(--width), 6rem), 16rem, 32vw); }
tbody tr:hover { background: var(--rule); }
.number { text-align: right; }
td.number { white-space: nowrap; }
.number:last-child { padding-right: 0; }
td { overflow-wrap: anywhere; }
.bars .score { width: 65%; }
.bars .score div {
  display: flex; flex-direction: row-reverse; justify-content: flex-end;
  align-items: center; gap: .6rem;
}
.score span { flex: none; width: var(--digits); text-align: right; }
.score svg { flex: 1; display: block; width: 0; min-width: 4rem; height: .85rem; overflow: visible; }
summary { margin: 1rem 0 .25rem; cursor: pointer; }
figure { margin: 0; break-inside: avoid; }
.plot {
  display: grid; grid-template-columns: auto minmax(0, 1fr) 2em fit-content(34%);
  font-size: .875rem; line-height: 1.25rem; font-variant-numeric: tabular-nums;
}
.chart { display: block; width: 100%; }
.chart .name { display: none; }
.names { grid-column: 4; position: relative; display: grid; height: 22em; margin-top: 1em; }
.names span { grid-area: 1 / 1; height: 0; visibility: hidden; }
.names span, .names b {
  overflow: hidden; max-width: 100%; padding-left: .3rem; font-weight: normal;
  text-overflow: ellipsis; white-space: nowrap;
}
.names b { position: absolute; transform: translateY(-50%); }
.maps { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; margin-top: .75rem; }
.maps figure { max-width: 100%; }
.map {
  display: block; max-width: 100%; height: auto; border: 1px solid var(--soft);
  shape-rendering: crispEdges;
}
.scale { display: flex; align-items: center; gap: .5rem; margin-top: .75rem; color: var(--soft); }
.scale svg { width: 10rem; height: .85rem; border: 1px solid var(--soft); }
@media (max-width: 36rem) {
  body { padding: 1rem .75rem 2rem; }
  table { font-size: .875rem; }
  .bars .score { width: 45%; }
  .score svg { min-width: 3rem; }
  th { min-width: 4rem; }
  th, td { padding-right: .4rem; }
  .chart .x:nth-of-type(even) { display: none; }
}
@media print {
  body { max-width: none; padding: 0; font-size: .8rem; }
  h2 { break-after: avoid; }
  tr { break-inside: avoid; }
  .wide { overflow: visible; }
  details:not([open]) { display: none; }
}
)css";

}  // namespace viann::detail
