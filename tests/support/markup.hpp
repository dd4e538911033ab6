// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "support/catch.hpp"

/// Reads a page strictly, as XML would be: every element is closed, every attribute is quoted, and
/// every & and < is one of markup. (A browser would repair what is wrong, and so hide it.)

struct MarkupTag {
  std::string name;        // "/p" where p ends
  std::string attributes;  // as written
  std::string text;        // from here to the next tag
};

/// The tags of a page in their order. Fails if the page is not well-formed.
inline std::vector<MarkupTag> tags_of(const std::string& page) {
  const std::string doctype = "<!DOCTYPE html>\n";
  REQUIRE(page.substr(0, doctype.size()) == doctype);
  const auto require_text = [](const std::string& text) {
    for (std::size_t at = text.find('&'); at != std::string::npos; at = text.find('&', at + 1)) {
      const std::string entity = text.substr(at, text.find(';', at) - at + 1);
      CAPTURE(entity);
      REQUIRE((entity == "&amp;" || entity == "&lt;" || entity == "&gt;" || entity == "&quot;" ||
               entity == "&#39;"));
    }
    REQUIRE(text.find('>') == std::string::npos);
  };
  const auto require_quoted = [&](const std::string& attributes) {
    for (std::size_t at = 0; at < attributes.size();) {  // name="value", with a blank before
      const std::size_t value = attributes.find("=\"", at);
      if (value == std::string::npos) break;
      const std::size_t end = attributes.find('"', value + 2);
      REQUIRE(attributes[at] == ' ');
      REQUIRE(end != std::string::npos);
      require_text(attributes.substr(value + 2, end - value - 2));
      at = end + 1;
      if (attributes.substr(at) == " ") at = attributes.size();
      if (at == attributes.size()) return;
    }
    REQUIRE(attributes.find_first_not_of(' ') == std::string::npos);
  };
  std::vector<MarkupTag> tags;
  std::vector<std::string> open;
  std::size_t at = doctype.size();
  while (at < page.size()) {
    REQUIRE(page[at] == '<');
    const std::size_t end = page.find('>', at);
    REQUIRE(end != std::string::npos);
    std::string tag = page.substr(at + 1, end - at - 1);
    CAPTURE(tag, at);
    REQUIRE(tag.find('<') == std::string::npos);
    const bool is_empty = !tag.empty() && tag.back() == '/';
    if (is_empty) tag.pop_back();
    const std::size_t name_end = std::min(tag.find(' '), tag.size());
    at = std::min(page.find('<', end), page.size());
    const std::string text = page.substr(end + 1, at - end - 1);
    tags.push_back({tag.substr(0, name_end), tag.substr(name_end), text});
    const std::string& name = tags.back().name;
    REQUIRE_FALSE(name.empty());
    require_quoted(tags.back().attributes);
    if (name != "style") require_text(text);
    if (name[0] == '/') {
      REQUIRE_FALSE(open.empty());
      REQUIRE("/" + open.back() == name);
      open.pop_back();
    } else if (!is_empty) {
      open.push_back(name);
    }
  }
  REQUIRE(open.empty());
  return tags;
}

/// The tags of a name whose attributes hold a text.
inline std::vector<MarkupTag> tags_with(const std::string& page, const std::string& name,
                                        const std::string& attribute = "") {
  std::vector<MarkupTag> found;
  for (const MarkupTag& tag : tags_of(page)) {
    if (tag.name == name && contains(tag.attributes, attribute)) found.push_back(tag);
  }
  return found;
}
