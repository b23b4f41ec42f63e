// `lagoa sample serve`: the simulated market on loopback, until a signal.
#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/noun.h"
#include "app/output.h"
#include "app/sample_market.h"

namespace lagoa::app {
namespace {

class SampleServeVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "sample", "The simulated market")
                      ->add_subcommand("serve", "Serve a simulated market on this machine until stopped");
        command->add_option("--port", options_.port, "Port of the HTTP server; 0: any free one")->default_str("0");
        command->add_option("--seed", options_.seed, "Seed of the market: the same seed, the same market")
            ->default_str("2026");
        command->add_option("--assets", options_.assets, "Stocks in the market")->check(CLI::Range(10, 100'000));
        command->add_option("--funds", options_.funds, "FIIs in the market")->check(CLI::Range(1, 10'000));
        command->add_option("--from", options_.from,
                            "First day of the market's history, YYYY-MM-DD; 2021-01-01 by default");
        command->add_option("--today", options_.today,
                            "Day that the market takes for today, YYYY-MM-DD; the clock's by default");
        command->add_option("--plan", options_.plan, "Limits of the API: free, startup or pro")
            ->check(CLI::IsMember({"free", "startup", "pro"}));
        command->add_option("--recordings", options_.recordings, "Serve recorded answers of this folder");
        command->add_flag("--no-legacy", options_.no_legacy, "Do not start the legacy PostgreSQL");
        command->add_option("--env-file", env_file_,
                            "Write the variables that projects read to this file, when all is up");
    }

    Result<> run(const Invocation& invocation) override {
        options_.stop = invocation.stop;
        const auto market = LAGOA_TRY(SampleMarket::start(options_));
        std::string lines;
        for (const auto& [name, value] : market->environment()) lines += fmt::format("export {}='{}'\n", name, value);
        say(stdout, "{}", lines);
        std::fflush(stdout);
        if (!env_file_.empty()) {
            // Renamed into place: whoever waits for the file finds it whole.
            const std::string scratch = env_file_ + ".tmp";
            std::ofstream(scratch) << lines;
            std::error_code error;
            std::filesystem::rename(scratch, env_file_, error);
            if (error) return fail(ErrorCode::kPermissionDenied, "writing {}: {}", env_file_, error.message());
        }
        say(stderr, "The simulated market is up. Ctrl-C stops it and removes its database.\n");
        while (system_clock().sleep(std::chrono::hours(1), invocation.stop)) continue;
        return {};
    }

private:
    SampleMarketOptions options_;
    std::string env_file_;
};

}  // namespace

void add_sample_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<SampleServeVerb>());
}

}  // namespace lagoa::app
