// SPDX-License-Identifier: MIT
//
// Training that may be interrupted: the program saves the network and the hook after every epoch,
// and goes on from there when it is started again. The scores are equal to the bit to those of a
// run that was never interrupted.
//
// Kill it whenever you like, and start it again:
//
//     ./resume_training --epochs 100000

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <viann/viann.hpp>

#include "support/command_line.hpp"
#include "support/dataset.hpp"
#include "support/network.hpp"
#include "support/progress_line.hpp"

namespace {

/// All that the rest of a run depends on: the hook, the weights and the random numbers.
struct Run {
  examples::Network<> net;
  viann::VarianceImportance<> importance;
};

/// Replaces the file as a whole: a reader finds the old one or the new one, even if the program is
/// killed. To survive a power cut, fsync() the file before it is renamed and the folder after.
void save(const Run& run, const std::filesystem::path& path, bool kill) {
  const std::filesystem::path unfinished = path.string() + ".new";
  {
    std::ofstream file(unfinished, std::ios::binary);
    viann::save(file, run.importance);
    viann::save(file, run.net);
    if (!file.flush()) throw std::runtime_error(unfinished.string() + " cannot be written.");
  }
  if (kill) std::_Exit(1);  // without any cleaning up
  std::filesystem::rename(unfinished, path);
}

void load(Run& run, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  try {
    viann::load(file, run.importance);
    viann::load(file, run.net);
  } catch (const std::exception& error) {
    throw std::runtime_error(path.string() + ": " + error.what());
  }
}

void resume_training(const std::filesystem::path& path, std::int64_t epochs, std::int64_t kill_at) {
  const examples::Dataset iris = examples::read_csv(EXAMPLES_DATA "/iris.csv");
  const Eigen::MatrixXd X = examples::standardize(iris.X);
  const Eigen::MatrixXd species = examples::one_hot(iris.y);

  Run run{{examples::Task::Classification, X.cols(), species.cols(), 1},
          viann::VarianceImportance<>()};
  if (std::filesystem::exists(path)) {
    load(run, path);
    std::cout << "goes on after epoch " << run.importance.epochs() << std::endl;
  }

  examples::ProgressLine progress;
  while (run.importance.epochs() < epochs) {
    const double loss = run.net.train_one_epoch(X, species);
    run.importance.on_epoch_end(viann::features_by_units(run.net.first_layer()));
    save(run, path, run.importance.epochs() == kill_at);

    std::ostringstream line;
    line << "epoch " << run.importance.epochs() << "/" << epochs << "  loss " << loss;
    progress.show(line.str());
  }
  progress.finish();

  const Eigen::VectorXd scores = run.importance.scores();
  for (const auto feature : viann::ranking(scores)) {
    std::cout << std::left << std::setw(14) << iris.feature_name(feature) << std::setprecision(17)
              << scores[feature] << "\n";  // all digits
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string path = "resume_training.checkpoint";
  std::int64_t epochs = 1000;
  std::int64_t kill_at = 0;
  examples::CommandLine command(
      "Trains a small classifier on Iris, and goes on where it was interrupted.");
  command.add_text("checkpoint", path, "file that is replaced after every epoch");
  command.add_number("--epochs", epochs, "passes over the data", 2);
  command.add_number("--kill-at", kill_at,
                     "end as if killed while this epoch is saved, to try it out");
  return command.run(argc, argv, [&] { resume_training(path, epochs, kill_at); });
}
