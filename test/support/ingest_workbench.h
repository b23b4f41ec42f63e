// What a test needs to run one ingestion: a project, a landing zone in memory, a clock that stands still, an
// environment of its own. Header only, so that the support library needs no module but base.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/log.h"
#include "ingest/landing.h"
#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/temp_dir.h"

namespace lagoa::test {

struct IngestWorkbench {
    TempDir directory;
    Project project;
    FakeClock clock;
    std::shared_ptr<ObjectStore> landing = make_memory_store();  // shared with the engine, where there is one
    std::unique_ptr<net::HttpClient> http = net::make_http_client();
    std::map<std::string, std::string, std::less<>> environment;
    Engine* engine = nullptr;
    std::stop_source stop;

    IngestWorkbench() {
        log::configure(log::Level::kOff, log::Format::kText);  // failures are what most tests provoke
        project.root = directory.path();
        project.allow_private_addresses = true;
    }

    /// A source called `sample`, or why its declaration is refused.
    static Result<ingest::Source> parse(std::string_view yaml) {
        const Document document = LAGOA_TRY(Document::parse("sources/sample.yaml", yaml));
        ingest::Source source = LAGOA_TRY(ingest::parse_source("sample", document));
        const ingest::Connector* connector = ingest::find_connector(source.kind);
        if (connector != nullptr) LAGOA_TRY(connector->check(source));
        return source;
    }

    Result<ingest::IngestResult> ingest(std::string_view yaml) { return ingest_into(*landing, yaml); }

    Result<ingest::IngestResult> ingest_into(ObjectStore& store, std::string_view yaml) {
        const ingest::Source source = LAGOA_TRY(parse(yaml));
        ingest::FetchContext context;
        context.project = &project;
        context.source = &source;
        context.environment = [this](std::string_view name) {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
        };
        context.http = http.get();
        context.engine = engine;
        context.clock = &clock;
        context.stop = stop.get_token();
        context.run = "run-" + std::to_string(++runs_);
        return ingest::ingest_source(context, store);
    }

    std::vector<ingest::Manifest> manifests() {
        const auto all = ingest::manifests_after(*landing, "sample", 0);
        EXPECT_TRUE(all.has_value()) << all.error().message;
        return all.value_or(std::vector<ingest::Manifest>());
    }

    std::string landed(const ingest::LandedObject& object) { return landing->get(object.key).value(); }

private:
    int runs_ = 0;
};

}  // namespace lagoa::test
