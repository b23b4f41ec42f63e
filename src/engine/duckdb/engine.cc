#include "engine/engine.h"

#include <utility>

#include "duckdb/storage/object_cache.hpp"

#include "base/text.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/file_system.h"
#include "engine/duckdb/named_arguments.h"
#include "engine/duckdb/session.h"

namespace lagoa {
namespace {

// Lets DuckDB's callbacks, which know a connection only, find the stores of its engine.
struct MountsOfInstance final : duckdb::ObjectCacheEntry {
    explicit MountsOfInstance(std::shared_ptr<Mounts> of_engine) : mounts(std::move(of_engine)) {}

    static constexpr const char* kKey = "lagoa_mounts";
    static duckdb::string ObjectType() { return kKey; }
    duckdb::string GetObjectType() override { return ObjectType(); }
    duckdb::optional_idx GetEstimatedCacheMemory() const override { return {}; }  // never evicted

    const std::shared_ptr<Mounts> mounts;  // shared with the engine
};

class DuckDbEngine final : public Engine {
public:
    DuckDbEngine(duckdb::DBConfig& config, std::filesystem::path extensions, S3Options s3)
        : mounts_(std::make_shared<Mounts>(std::move(s3))),
          database_(nullptr, &config),
          extensions_(std::move(extensions)) {
        database_.GetFileSystem().RegisterSubSystem(make_store_file_system(mounts_));
        database_.instance->GetObjectCache().Put(MountsOfInstance::kKey,
                                                 duckdb::make_shared_ptr<MountsOfInstance>(mounts_));
        register_row_sources(*database_.instance, sources_);
        allow_timestamp_argument(*database_.instance);
    }

    Result<std::unique_ptr<Session>> connect() override {
        return guarded([this]() -> Result<std::unique_ptr<Session>> {
            return std::make_unique<DuckDbSession>(*database_.instance, sources_);
        });
    }

    Result<> mount(std::string name, std::shared_ptr<ObjectStore> store) override {
        return mounts_->add(std::move(name), std::move(store));
    }

    Result<> load_extension(std::string_view name) override {
        const auto path = extensions_ / (std::string(name) + ".duckdb_extension");
        std::error_code ignored;  // a path that cannot be looked at is not there
        if (!std::filesystem::exists(path, ignored))
            return fail_with_hint(ErrorCode::kNotFound, "Run ./dev setup, which puts it there.",
                                  "loading extension {}: there is no {}", name, path.string());
        const auto session = LAGOA_TRY(connect());
        LAGOA_TRY(session->execute("LOAD " + quote_literal(path.string())), "loading extension {}", name);
        return {};
    }

    duckdb::DatabaseInstance& instance() { return *database_.instance; }
    Mounts& mounts() { return *mounts_; }

private:
    // Before the database, which is destroyed first: shared with its file system and its functions.
    std::shared_ptr<Mounts> mounts_;
    std::shared_ptr<RowSources> sources_ = std::make_shared<RowSources>();
    duckdb::DuckDB database_;
    std::filesystem::path extensions_;
};

void configure(duckdb::DBConfig& config, const EngineOptions& options) {
    config.options.maximum_memory = options.memory_limit_bytes;
    config.options.maximum_threads = options.threads;
    config.options.temporary_directory = options.temp_directory.string();
    config.options.use_temporary_directory = !options.temp_directory.empty();
    // Spark marks a variant in Parquet by the names of its two members only.
    config.options.variant_legacy_encoding = true;
    config.SetOptionByName("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
    config.SetOptionByName("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options) {
    if (options.threads == 0)
        return fail(ErrorCode::kInvalidConfig, "opening the engine: it needs at least one thread");
    auto engine = guarded([&]() -> Result<std::unique_ptr<Engine>> {
        duckdb::DBConfig config;
        configure(config, options);
        return std::make_unique<DuckDbEngine>(config, options.extension_directory, options.s3);
    });
    if (!engine) return fail(ErrorCode::kInvalidConfig, "opening the engine: {}", engine.error().message);
    const auto session = LAGOA_TRY((*engine)->connect());
    // Objects never change: a footer read once stays valid.
    LAGOA_TRY(session->execute("SET GLOBAL parquet_metadata_cache = true"));
    if (const auto set = session->execute("SET GLOBAL TimeZone = " + quote_literal(options.time_zone)); !set)
        return fail(ErrorCode::kInvalidConfig, "opening the engine: time zone \"{}\": {}", options.time_zone,
                    set.error().message);
    return engine;
}

duckdb::DatabaseInstance& instance(Engine& engine) {
    return static_cast<DuckDbEngine&>(engine).instance();
}

Mounts& mounts(Engine& engine) {
    return static_cast<DuckDbEngine&>(engine).mounts();
}

Mounts& mounts(duckdb::ClientContext& context) {
    return *duckdb::ObjectCache::GetObjectCache(context).Get<MountsOfInstance>(MountsOfInstance::kKey)->mounts;
}

}  // namespace lagoa
