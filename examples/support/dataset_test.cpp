// SPDX-License-Identifier: MIT
#include "dataset.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

/// A file that exists as long as the object; tests may run at the same time.
class File {
 public:
  explicit File(const std::string& text)
      : path_("dataset_test_" + std::to_string(std::random_device()()) + ".csv") {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~File() { std::remove(path_.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

examples::Dataset read(const std::string& text) { return examples::read_csv(File(text).path()); }

std::string refusal(const std::string& text) {
  return message_of<std::runtime_error>([&] { read(text); });
}

}  // namespace

TEST_CASE("a file of names and numbers") {
  const auto data = read("a,b,price\n1,-2.5,3.5\n1e3,+4,0.25\n");
  CHECK(data.features == std::vector<std::string>{"a", "b"});
  CHECK(data.X == (MatrixXd(2, 2) << 1, -2.5, 1000, 4).finished());
  CHECK(data.y == Eigen::Vector2d(3.5, 0.25));
  CHECK(data.classes.empty());
}

TEST_CASE("files as programs write them") {
  const auto plain = read("a,b,y\n1,2,0.5\n3,4,1.5\n");
  const auto same = [&](const examples::Dataset& data) {
    CHECK(data.X == plain.X);
    CHECK(data.y == plain.y);
    CHECK(data.features == plain.features);
  };
  same(read("a;b;y\r\n1;2;0.5\r\n3;4;1.5\r\n"));
  same(read("a\tb\ty\n1\t2\t0.5\n3\t4\t1.5"));
  same(read("\xEF\xBB\xBF\"a\",\"b\",\"y\"\n1, 2 ,\"0.5\"\n\n3,4,1.5\n\n\n"));
  CHECK(read("\"width, cm\",\"a \"\"b\"\"\",y\n1,2,0.5\n3,4,1.5\n").features ==
        std::vector<std::string>{"width, cm", "a \"b\""});
}

TEST_CASE("without names no row is lost") {
  const auto data = read("1,2,0.5\n3,4,1.5\n");
  CHECK(data.X.rows() == 2);
  CHECK(data.features == std::vector<std::string>{"x0", "x1"});
}

TEST_CASE("names may be numbers, if one is not") {
  const auto data = read("0,1,target\n5,6,0.5\n7,8,1.5\n");
  CHECK(data.features == std::vector<std::string>{"0", "1"});
  CHECK(data.X.rows() == 2);
  CHECK(read("0,1,target\n5,6,no\n7,8,yes\n9,1,no\n").X.rows() == 3);
  CHECK(read("5,6,no\n7,8,yes\n9,1,no\n").X.rows() == 3);  // no names at all
  CHECK(contains(refusal("0,1,2\n5,6,0.5\n7,8,1.5\n"), "the first row counts 0, 1, ..."));
  CHECK(read("0,1\n5,0.5\n").X.rows() == 2);
}

TEST_CASE("classes may be called anything") {
  const auto numbered = [](const std::string& a, const std::string& b) {
    return read("x,y\n1," + a + "\n2," + b + "\n3," + b + "\n4," + a + "\n");
  };
  const Eigen::Vector4d expected(0, 1, 1, 0);
  for (const auto& [a, b] :
       {std::pair{"0", "1"}, {"1", "2"}, {"-1", "1"}, {"0", "2"}, {"no", "yes"}}) {
    CAPTURE(a, b);
    const auto data = numbered(a, b);
    CHECK(data.y == expected);
    CHECK(data.classes == std::vector<std::string>{a, b});
  }
  CHECK(read("x,y\n1,10\n2,9\n3,10\n").classes == std::vector<std::string>{"9", "10"});
  CHECK(read("x,y\n1,1\n2,2\n3,3\n4,4\n").classes.empty());  // as many numbers as rows
  CHECK(read("x,y\n1,0\n2,0.5\n").classes.empty());
  CHECK(read("x,y\n1,1e300\n2,-1e300\n3,1e300\n").classes.empty());
}

TEST_CASE("what cannot be read is refused by row and column") {
  CHECK(contains(refusal("a,b,y\n1,2,3\n4,x,6\n"),
                 ".csv: row 3, column \"b\": \"x\" is no number that a double can hold."));
  CHECK(contains(refusal("a,y\n1," + std::string("2\n") + std::string(20000, 'x') + ",3\n"),
                 std::string(40, 'x') + "...\" is no number"));
  CHECK(contains(refusal("a,y\n1e999,2\n"), "row 2, column \"a\": \"1e999\" is no number"));
  CHECK(contains(refusal("a,y\ninf,2\n"), "\"inf\" is no number"));
  CHECK(contains(refusal("a,y\n1,2\n,3\n"), "row 3, column \"a\": the value is missing"));
  CHECK(contains(refusal("a,y\n1,2\n3,NA\n"), "row 3, column \"y\": the value is missing"));
  CHECK(contains(refusal("1,2\n?,3\n"), "row 2, column \"x0\": the value is missing"));
  CHECK(contains(refusal("a,b,y\n1,2,3\n4,5\n"), "row 3 has 2 cells, but the first row has 3"));
  CHECK(
      contains(refusal("a,y\n1,2\n3,2\n"), "the target, the last column, is the same in all rows"));
  CHECK(contains(refusal("a,y\n1,1\n2,1.0\n"), "is the same in all rows"));
  CHECK(contains(refusal("a,y\n1,0\n2,-0\n"), "is the same in all rows"));
  CHECK(contains(refusal("a,y\n1,p\n2,q\n3,r\n"),
                 "3 different texts in 3 rows; these are no classes"));
  CHECK(contains(refusal("a\n1\n"), "there is one column"));
  CHECK(contains(refusal("a,y\n"), "no row below the names"));
  CHECK(contains(refusal(""), "the file is empty"));
  CHECK(contains(message_of<std::runtime_error>([] { examples::read_csv("no_such_file"); }),
                 "no_such_file cannot be opened."));
  CHECK(contains(message_of<std::runtime_error>([] { examples::read_csv("."); }),
                 "is no file of text"));
  CHECK_THROWS_AS(examples::read_csv(""), std::runtime_error);
}

TEST_CASE("columns of any scale can be standardised") {
  MatrixXd X(3, 5);
  X.col(0) << 1, 2, 6;
  X.col(1) = 1e300 * X.col(0);
  X.col(2) = 1e-307 * X.col(0);
  X.col(3).setConstant(0.1);
  X.col(4) = -X.col(0);
  const MatrixXd Z = examples::standardize(X);
  CHECK(Z.col(0).isApprox(Eigen::Vector3d(-2, -1, 3) / std::sqrt(14.0 / 3), 1e-15));
  CHECK(Z.col(1).isApprox(Z.col(0), 1e-14));
  CHECK(Z.col(2).isApprox(Z.col(0), 1e-14));
  CHECK(Z.col(3).isZero(0));
  CHECK(Z.col(4) == -Z.col(0));
}
