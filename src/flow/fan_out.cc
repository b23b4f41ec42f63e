// Parallel and Map: strands that run side by side.
//
// The strand that fans out works too, joined by as many idle workers as there are; so a Parallel within a Parallel
// always advances, and never more than max_parallel threads run. The first failure stops the siblings.
#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "flow/impl/execution.h"

namespace lagoa::flow {

Outcome<Execution::Step> Execution::perform(const ParallelState& parallel, const State& state, const json::Value& raw,
                                            Strand& strand) {
    const json::Value input = LAGOA_TRY(effective_input(state, raw, strand));
    LAGOA_TRY(history_.record(strand, "ParallelStateStarted", "", {}));
    const FanOut fan_out = {
        .count = parallel.branches.size(), .max_concurrency = 0, .run = [&](std::size_t index, Strand& own) {
            return run_branch(parallel.branches[index], input, own);
        }};
    auto outputs = run_side_by_side(fan_out, strand);
    if (!outputs) {
        outputs.error().closing_event = "ParallelStateFailed";
        return pass_on(std::move(outputs).error());
    }
    LAGOA_TRY(history_.record(strand, "ParallelStateSucceeded", "", {}));
    return Step{LAGOA_TRY(effective_output(state, raw, std::move(*outputs), strand)), state.next};
}

Outcome<Execution::Step> Execution::perform(const MapState& map, const State& state, const json::Value& raw,
                                            Strand& strand) {
    const json::Value input = LAGOA_TRY(selected_input(state, raw, strand));
    const std::int64_t limit = LAGOA_TRY(resolve_integer(map.max_concurrency, "MaxConcurrency", input, strand));
    const auto items = map.items.find(input, strand.context);
    if (!items) return fail_evaluation(kRuntimeError, "Invalid path '{}' : No results for ItemsPath", map.items.text());
    const json::Array* array = items->array();
    if (array == nullptr)
        return fail_evaluation(kRuntimeError, "ItemsPath '{}' leads to {} and not to an array", map.items.text(),
                               items->kind());
    LAGOA_TRY(history_.record(strand, "MapStateStarted", "",
                              json::make_object({{"length", static_cast<std::int64_t>(array->size())}})));
    const FanOut fan_out = {.count = array->size(),
                            .max_concurrency = static_cast<std::size_t>(limit),
                            .run = [&](std::size_t index, Strand& own) {
                                return run_item(map, state, input, (*array)[index], index, own);
                            }};
    auto outputs = run_side_by_side(fan_out, strand);
    if (!outputs) {
        outputs.error().closing_event = "MapStateFailed";
        return pass_on(std::move(outputs).error());
    }
    LAGOA_TRY(history_.record(strand, "MapStateSucceeded", "", {}));
    return Step{LAGOA_TRY(effective_output(state, raw, std::move(*outputs), strand)), state.next};
}

Outcome<json::Value> Execution::run_item(const MapState& map, const State& state, const json::Value& input,
                                         const json::Value& item, std::size_t index, Strand& strand) {
    const auto number = static_cast<std::int64_t>(index);
    const auto details = [&] { return json::make_object({{"name", state.name}, {"index", number}}); };
    LAGOA_TRY(history_.record(strand, "MapIterationStarted", "", details()));
    const json::Object context = json::make_object({{"Index", number}, {"Value", item}});
    strand.context.object()->set("Map", json::make_object({{"Item", context}}));
    auto output = [&]() -> Outcome<json::Value> {
        if (!map.item_selector) return run_branch(map.processor, item, strand);
        json::Value selected = LAGOA_TRY(map.item_selector->fill(strand.on(input)));
        return run_branch(map.processor, std::move(selected), strand);
    }();
    const bool aborted = !output && output.error().kind == Failure::Kind::kAborted;
    const bool ends_with_execution = !output && !output.error().is_answerable() && (!aborted || stop_.stop_requested());
    if (ends_with_execution) return output;
    const std::string_view end = output ? "Succeeded" : aborted ? "Aborted" : "Failed";
    LAGOA_TRY(history_.record(strand, fmt::format("MapIteration{}", end), "", details()));
    return output;
}

Outcome<json::Array> Execution::run_side_by_side(const FanOut& fan_out, Strand& strand) {
    std::stop_source siblings;
    const std::stop_callback stop_with_strand(strand.stop, [&] { siblings.request_stop(); });
    json::Array outputs(fan_out.count);  // each element is written by the one worker that took it
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<Failure> first_failure;         // guarded by mutex
    std::int64_t last_event = strand.last_event;  // guarded by mutex

    const auto work = [&] {
        for (std::size_t index = next++; index < fan_out.count && !siblings.stop_requested(); index = next++) {
            Strand own{siblings.get_token(), strand.last_event, 0, strand.context, strand.random.split(index)};
            auto output = fan_out.run(index, own);
            const std::lock_guard lock(mutex);
            last_event = std::max(last_event, own.last_event);
            if (output) {
                outputs[index] = std::move(*output);
            } else if (!first_failure) {  // later ones are siblings that were stopped
                first_failure = std::move(output).error();
                siblings.request_stop();
            }
        }
    };
    const std::size_t most =
        fan_out.max_concurrency == 0 ? fan_out.count : std::min(fan_out.max_concurrency, fan_out.count);
    const std::size_t workers = take_workers(most == 0 ? 0 : most - 1);
    {
        std::vector<std::jthread> threads;
        try {
            for (std::size_t i = 0; i < workers; ++i) threads.emplace_back(work);
        } catch (const std::system_error& error) {
            log::warn("flow.no_thread", {{"error", error.what()}});  // those that are here do the work
        }
        work();
    }
    idle_workers_ += workers;
    strand.last_event = last_event;
    strand.random.next();  // a second round of the same state draws other numbers
    if (first_failure) return pass_on(std::move(*first_failure));
    if (strand.stop.stop_requested()) return interruption();
    return outputs;
}

std::size_t Execution::take_workers(std::size_t wanted) {
    std::size_t idle = idle_workers_.load();
    while (!idle_workers_.compare_exchange_weak(idle, idle - std::min(idle, wanted))) continue;
    return std::min(idle, wanted);
}

}  // namespace lagoa::flow
