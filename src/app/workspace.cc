#include "app/workspace.h"

#include <cstdlib>

#include "app/install.h"
#include "store/open_store.h"

namespace lagoa::app {

Environment process_environment(std::map<std::string, std::string> over) {
    return [over = std::move(over)](std::string_view name) -> std::optional<std::string> {
        const std::string key(name);
        if (const auto found = over.find(key); found != over.end()) return found->second;
        const char* value = std::getenv(key.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Workspace::Workspace(Project project, Environment environment, std::stop_token stop)
    : project_(std::move(project)), environment_(std::move(environment)), stop_(std::move(stop)) {}

Result<std::unique_ptr<Workspace>> Workspace::open(const std::filesystem::path& start, Environment environment,
                                                   std::stop_token stop) {
    auto root = find_project(start);
    if (!root) {  // for a command, the project is its configuration
        root.error().code = ErrorCode::kInvalidConfig;
        return pass_on(root.error());
    }
    Project project = LAGOA_TRY(load_project(*root, environment));
    return std::unique_ptr<Workspace>(new Workspace(std::move(project), std::move(environment), std::move(stop)));
}

S3Options Workspace::s3() const {
    S3Options options = S3Options::from_environment(environment_);
    if (project_.s3.endpoint) options.endpoint = *project_.s3.endpoint;
    if (project_.s3.region) options.region = *project_.s3.region;
    if (project_.s3.path_style) options.path_style = *project_.s3.path_style;
    return options;
}

Result<std::shared_ptr<ObjectStore>> Workspace::zone(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (const auto found = stores_.find(name); found != stores_.end()) return found->second;
    const auto root = project_.zones.find(name);
    if (root == project_.zones.end()) return fail(ErrorCode::kNotFound, "the project has no zone {}", name);
    auto store = LAGOA_TRY(open_store(root->second, s3()), "opening zone {}", name);
    return stores_.emplace(name, std::move(store)).first->second;
}

Result<Engine*> Workspace::engine() {
    const std::lock_guard lock(mutex_);
    if (engine_ == nullptr) {
        engine_ = LAGOA_TRY(Engine::open({.memory_limit_bytes = project_.memory_limit_bytes,
                                          .threads = project_.threads,
                                          .temp_directory = project_.state_directory() / "spill",
                                          .time_zone = project_.time_zone,
                                          .extension_directory = extension_directory(),
                                          .s3 = s3()}));
        auto landing = LAGOA_TRY(zone("landing"));  // the lake mounts the zones of its tables itself
        LAGOA_TRY(engine_->mount("landing", std::move(landing)));
    }
    return engine_.get();
}

Result<Lake*> Workspace::lake() {
    const std::lock_guard lock(mutex_);
    if (lake_ == nullptr) {
        LakeOptions options{.zones = {},
                            .log = {},
                            .engine = nullptr,
                            .clock = &clock(),
                            .time_zone = project_.time_zone,
                            .retention = {.keep = std::chrono::days(project_.retain_days)}};
        options.log = LAGOA_TRY(open_store(project_.lake_root, s3()));
        options.engine = LAGOA_TRY(engine());
        for (const auto& [name, root] : project_.zones) {
            if (name == "landing") continue;  // objects, not tables
            options.zones[name] = LAGOA_TRY(zone(name));
        }
        for (const auto& [table, contract] : project_.contracts) options.contracted.insert(table);
        lake_ = LAGOA_TRY(Lake::open(std::move(options)));
    }
    return lake_.get();
}

Result<state::Database*> Workspace::database() {
    const std::lock_guard lock(mutex_);
    if (database_ == nullptr) {
        std::error_code error;
        std::filesystem::create_directories(project_.state_directory(), error);
        if (error)
            return fail(ErrorCode::kPermissionDenied, "making {}: {}", project_.state_directory().string(),
                        error.message());
        database_ = LAGOA_TRY(state::Database::open(project_.state_directory() / "state.db"));
    }
    return database_.get();
}

Result<state::RunStore*> Workspace::runs() {
    const std::lock_guard lock(mutex_);
    if (runs_ == nullptr) {
        state::Database* database = LAGOA_TRY(this->database());
        runs_ = std::make_unique<state::RunStore>(*database, clock());
    }
    return runs_.get();
}

Result<ops::Recorder*> Workspace::recorder() {
    const std::lock_guard lock(mutex_);
    if (recorder_ == nullptr) {
        state::RunStore* runs = LAGOA_TRY(this->runs());
        recorder_ = std::make_unique<ops::Recorder>(*runs);
    }
    return recorder_.get();
}

net::HttpClient& Workspace::http() {
    const std::lock_guard lock(mutex_);
    if (http_ == nullptr) http_ = net::make_http_client();
    return *http_;
}

}  // namespace lagoa::app
