#!/bin/sh
# The cost that viann adds to compiling a user's file: processor time and peak memory, each compared
# with a file that only includes <Eigen/Core>, in the same run.
#
#     tests/benchmarks/compile_cost.sh [COMPILER...]     (default: g++ clang++, those installed)
#
# Takes GNU time (Debian: time), Eigen (EIGEN=/usr/include/eigen3) and awk. The figures are medians
# of ROUNDS rounds (5), in which the files take turns: use them as ratios, not as seconds.
set -eu
include=$(cd "$(dirname "$0")/../../include" && pwd)
eigen=${EIGEN:-/usr/include/eigen3}
rounds=${ROUNDS:-5}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

program() { cat >"$work/$1.cpp"; }
program eigen <<'CPP'
#include <Eigen/Core>
double sum(const Eigen::MatrixXd& W) { return W.sum(); }
CPP
program umbrella <<'CPP'
#include <viann/viann.hpp>
CPP
program variance <<'CPP'
#include <viann/variance_importance.hpp>
Eigen::VectorXd scores(const Eigen::MatrixXd& W) {
  viann::VarianceImportance<> hook;
  hook.on_train_begin(viann::features_by_units(W));
  hook.on_epoch_end(viann::features_by_units(W));
  return hook.scores();
}
CPP
program second_kind <<'CPP'
#include <viann/variance_importance.hpp>
using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
Eigen::VectorXd scores(const Eigen::MatrixXd& W, const Floats& F) {
  viann::VarianceImportance<> hook;
  hook.on_train_begin(viann::features_by_units(W));
  hook.on_epoch_end(viann::features_by_units(W));
  hook.on_epoch_end(viann::features_by_units(F));
  return hook.scores();
}
CPP
program displacement <<'CPP'
#include <viann/displacement_importance.hpp>
Eigen::VectorXd scores(const Eigen::MatrixXd& W) {
  viann::DisplacementImportance<> hook;
  hook.on_train_begin(viann::features_by_units(W));
  hook.on_epoch_end(viann::features_by_units(W));
  return hook.scores();
}
CPP

measure() {  # COMPILER FLAG: a line "file seconds kilobytes" for every file and round
  round=0
  while [ "$round" -lt "$rounds" ]; do
    for file in eigen umbrella variance second_kind displacement; do
      command time -f "$file %U %M" -a -o "$work/times" \
        "$1" -std=c++17 "$2" -I"$include" -isystem "$eigen" -c "$work/$file.cpp" -o "$work/out.o"
    done
    round=$((round + 1))
  done
}

[ $# -gt 0 ] || set -- g++ clang++
printf '%-10s %-4s %-52s %8s %8s %8s\n' compiler flag file 'user s' ratio 'MB ratio'
for compiler in "$@"; do
  command -v "$compiler" >/dev/null || continue
  for flag in -O0 -O2; do
    : >"$work/times"
    measure "$compiler" "$flag"
    sort -k1,1 -k2,2n "$work/times" | awk -v compiler="$compiler" -v flag="$flag" '
      { n[$1]++; time[$1, n[$1]] = $2; if ($3 > memory[$1]) memory[$1] = $3 }
      function line(file, what) {
        middle = int((n[file] + 1) / 2)
        printf "%-10s %-4s %-52s %8.2f %8.2f %8.2f\n", compiler, flag, what, time[file, middle],
          time[file, middle] / time["eigen", middle], memory[file] / memory["eigen"]
      }
      END {
        line("eigen", "<Eigen/Core>, one sum")
        line("umbrella", "<viann/viann.hpp>, nothing used")
        line("variance", "one VarianceImportance<> on a MatrixXd")
        line("second_kind", "... and on a row-major matrix of float")
        line("displacement", "one DisplacementImportance<> on a MatrixXd")
      }'
  done
done
