// A project opened for work: its files, stores, engine, lake, state and clients, each made on first use.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "catalog/lake.h"
#include "engine/engine.h"
#include "model/project.h"
#include "net/http_client.h"
#include "ops/recorder.h"
#include "state/run_store.h"
#include "store/s3_options.h"

namespace lagoa::app {

/// The process environment, or what the command line put over it.
Environment process_environment(std::map<std::string, std::string> over = {});

/// Thread-safe: pipelines run tasks on several threads.
class Workspace {
public:
    /// Loads the project in `start` or above it. kInvalidConfig, also when there is none.
    static Result<std::unique_ptr<Workspace>> open(const std::filesystem::path& start, Environment environment,
                                                   std::stop_token stop);

    const Project& project() const { return project_; }
    const Environment& environment() const { return environment_; }
    Clock& clock() const { return system_clock(); }
    std::stop_token stop() const { return stop_; }

    Result<Engine*> engine();
    Result<Lake*> lake();
    Result<state::Database*> database();
    Result<state::RunStore*> runs();
    Result<ops::Recorder*> recorder();
    net::HttpClient& http();
    /// How s3:// roots are reached: the environment's credentials, and what lagoa.yaml says of endpoint and region.
    S3Options s3() const;
    /// The store of `zone`. kNotFound.
    Result<std::shared_ptr<ObjectStore>> zone(const std::string& name);

private:
    Workspace(Project project, Environment environment, std::stop_token stop);

    Project project_;
    Environment environment_;
    std::stop_token stop_;
    std::recursive_mutex mutex_;                                  // a lake needs its engine and stores
    std::map<std::string, std::shared_ptr<ObjectStore>> stores_;  // guarded by mutex_
    std::unique_ptr<Engine> engine_;                              // guarded by mutex_
    std::unique_ptr<Lake> lake_;                                  // guarded by mutex_
    std::unique_ptr<state::Database> database_;                   // guarded by mutex_
    std::unique_ptr<state::RunStore> runs_;                       // guarded by mutex_
    std::unique_ptr<ops::Recorder> recorder_;                     // guarded by mutex_
    std::unique_ptr<net::HttpClient> http_;                       // guarded by mutex_
};

}  // namespace lagoa::app
