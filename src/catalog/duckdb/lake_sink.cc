#include "catalog/duckdb/lake_sink.h"

#include <exception>
#include <utility>

#include "duckdb/execution/operator/persistent/physical_copy_to_file.hpp"
#include "duckdb/parallel/thread_context.hpp"

#include "base/log.h"
#include "catalog/duckdb/file_writer.h"
#include "catalog/duckdb/written_files.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// Notes where the rows of chunks are, a run at a time.
class PlaceNotes {
public:
    PlaceNotes(PlaceColumns columns, bool are_updated) : columns_(columns), are_updated_(are_updated) {}

    void note(duckdb::DataChunk& chunk) {
        duckdb::UnifiedVectorFormat files;
        duckdb::UnifiedVectorFormat rows;
        chunk.data[columns_.file_index].ToUnifiedFormat(chunk.size(), files);
        chunk.data[columns_.file_row_number].ToUnifiedFormat(chunk.size(), rows);
        const auto* const slots = duckdb::UnifiedVectorFormat::GetData<std::uint64_t>(files);
        const auto* const places = duckdb::UnifiedVectorFormat::GetData<std::int64_t>(rows);
        for (duckdb::idx_t i = 0; i < chunk.size(); ++i) {
            const auto slot = slots[files.sel->get_index(i)];
            const auto row = static_cast<std::uint64_t>(places[rows.sel->get_index(i)]);
            if (row != to_ || slot != slot_) {
                end_run();
                slot_ = slot;
                from_ = row;
            }
            to_ = row + 1;
        }
    }

    std::map<delta::Slot, GoingPlaces> take() {
        end_run();
        from_ = to_ = 0;
        return std::exchange(places_, {});
    }

private:
    void end_run() {
        if (from_ == to_) return;
        GoingPlaces& places = places_[slot_];
        (are_updated_ ? places.updated : places.deleted).add(from_, to_);
    }

    const PlaceColumns columns_;
    const bool are_updated_;
    std::map<delta::Slot, GoingPlaces> places_;
    // The run that is not in places_ yet: rows [from_, to_) of the file at slot_.
    delta::Slot slot_ = 0;
    std::uint64_t from_ = 0;
    std::uint64_t to_ = 0;
};

class LakeSink final : public duckdb::PhysicalOperator {
public:
    static constexpr auto TYPE = duckdb::PhysicalOperatorType::EXTENSION;

    LakeSink(duckdb::PhysicalPlan& plan, duckdb::idx_t cardinality, LakeSinkParts parts,
             std::unique_ptr<RowRules> rules)
        : PhysicalOperator(plan, TYPE, {duckdb::LogicalType::BIGINT}, cardinality),
          parts_(std::move(parts)),
          rules_(std::move(rules)) {}
    ~LakeSink() override { end_run(); }

    const LakeSinkParts& parts() const { return parts_; }
    /// `writer` comes after the sink in the plan, so that it goes after it.
    void write_by(duckdb::PhysicalCopyToFile& writer) { writer_ = &writer; }

    duckdb::string GetName() const override { return writer_ ? "LAKE_WRITE" : "LAKE_DELETE"; }
    bool IsSink() const override { return true; }
    bool IsSource() const override { return true; }
    bool ParallelSink() const override { return !writer_ || writer_->ParallelSink(); }
    bool SinkOrderDependent() const override { return writer_ != nullptr; }

    duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(duckdb::ClientContext& context) const override {
        end_run();
        if (writer_) writer_->sink_state = writer_->GetGlobalSinkState(context);
        run_ = std::make_shared<Run>(context, parts_.gathering);
        return duckdb::make_uniq<Global>(run_);
    }

    duckdb::unique_ptr<duckdb::LocalSinkState> GetLocalSinkState(duckdb::ExecutionContext& context) const override {
        return duckdb::make_uniq<Local>(*this, context);
    }

    duckdb::SinkResultType Sink(duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
                                duckdb::OperatorSinkInput& input) const override {
        auto& local = input.local_state.Cast<Local>();
        if (local.places) local.places->note(chunk);
        if (!writer_) return duckdb::SinkResultType::NEED_MORE_INPUT;
        for (duckdb::idx_t i = 0; i < local.rows.ColumnCount(); ++i) local.rows.data[i].Reference(chunk.data[i]);
        local.rows.SetCardinality(chunk);
        if (rules_) rules_->apply(local.rows, *local.rules);
        duckdb::OperatorSinkInput write{*writer_->sink_state, *local.writing, input.interrupt_state};
        return writer_->Sink(context, local.rows, write);
    }

    duckdb::SinkCombineResultType Combine(duckdb::ExecutionContext& context,
                                          duckdb::OperatorSinkCombineInput& input) const override {
        auto& local = input.local_state.Cast<Local>();
        if (local.places) parts_.gathering->add_places(local.places->take(), parts_.unmatched);
        if (!writer_) return duckdb::SinkCombineResultType::FINISHED;
        duckdb::OperatorSinkCombineInput combine{*writer_->sink_state, *local.writing, input.interrupt_state};
        return writer_->Combine(context, combine);
    }

    duckdb::SinkFinalizeType Finalize(duckdb::Pipeline& pipeline, duckdb::Event& event, duckdb::ClientContext& context,
                                      duckdb::OperatorSinkFinalizeInput& input) const override {
        Run& run = *input.global_state.Cast<Global>().run;
        if (writer_) {
            duckdb::OperatorSinkFinalizeInput finalize{*writer_->sink_state, input.interrupt_state};
            writer_->Finalize(pipeline, event, context, finalize);
            std::vector<AddedFile> files;
            for (const StagedFile& file : written_files(context)) {
                if (file.rows == 0) continue;
                files.push_back({.file = unwrap(to_add_file(file, *parts_.target)), .kind = parts_.kind});
                run.rows += file.rows;
            }
            parts_.gathering->add_files(parts_.target->location, std::move(files), run.rows,
                                        rules_ ? rules_->identity_marks() : std::map<std::string, std::int64_t>{});
        }
        run.is_done = true;  // what is left to fail is the gathering's
        parts_.gathering->close(context);
        if (!writer_) run.rows = parts_.gathering->rows_gone();
        return duckdb::SinkFinalizeType::READY;
    }

protected:
    duckdb::SourceResultType GetDataInternal(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                                             duckdb::OperatorSourceInput&) const override {
        chunk.SetCardinality(1);
        chunk.SetValue(0, 0, duckdb::Value::BIGINT(static_cast<std::int64_t>(sink_state->Cast<Global>().run->rows)));
        return duckdb::SourceResultType::FINISHED;
    }

private:
    // One run of the plan. The sink and its state share it: of a MERGE the state goes last, elsewhere the sink does.
    struct Run {
        Run(duckdb::ClientContext& of_context, std::shared_ptr<Gathering> into)
            : context(of_context), gathering(std::move(into)) {
            gathering->open();
        }
        ~Run() {
            if (!is_done) gathering->abandon();
        }
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;

        duckdb::ClientContext& context;
        const std::shared_ptr<Gathering> gathering;  // shared with the plan's other sinks
        bool is_done = false;
        std::uint64_t rows = 0;
    };

    struct Global final : duckdb::GlobalSinkState {
        explicit Global(std::shared_ptr<Run> of) : run(std::move(of)) {}
        const std::shared_ptr<Run> run;
    };

    // A run that has failed removes its files while there still is a writer to name them.
    void end_run() const noexcept {
        if (run_ && !run_->is_done) remove_written(run_->context);
        run_.reset();
    }

    struct Local final : duckdb::LocalSinkState {
        Local(const LakeSink& sink, duckdb::ExecutionContext& context) {
            if (sink.parts_.places) places.emplace(*sink.parts_.places, sink.writer_ != nullptr);
            if (!sink.writer_) return;
            writing = sink.writer_->GetLocalSinkState(context);
            rows.InitializeEmpty(sink.writer_->expected_types);
            if (sink.rules_) rules = sink.rules_->make_state(context.client);
        }

        std::optional<PlaceNotes> places;
        duckdb::unique_ptr<duckdb::LocalSinkState> writing;
        duckdb::DataChunk rows;  // the columns of a chunk that are written
        std::unique_ptr<RowRules::State> rules;
    };

    // What the writer says of the files that it has begun; those that it has not closed have no rows.
    std::vector<StagedFile> written_files(duckdb::ClientContext& context) const {
        duckdb::ThreadContext thread(context);
        duckdb::ExecutionContext execution(context, thread, nullptr);
        const auto global = writer_->GetGlobalSourceState(context);
        const auto local = writer_->GetLocalSourceState(execution, *global);
        duckdb::InterruptState interrupt;
        duckdb::OperatorSourceInput source{*global, *local, interrupt};
        duckdb::DataChunk chunk;
        chunk.Initialize(context, writer_->types);
        std::vector<StagedFile> files;
        for (auto more = duckdb::SourceResultType::HAVE_MORE_OUTPUT;
             more == duckdb::SourceResultType::HAVE_MORE_OUTPUT;) {
            chunk.Reset();
            more = writer_->GetData(execution, chunk, source);
            for (duckdb::idx_t row = 0; row < chunk.size(); ++row) files.push_back(read_staged_file(chunk, row));
        }
        return files;
    }

    // Of a statement that has failed; DuckDB removes none of several files.
    void remove_written(duckdb::ClientContext& context) const noexcept {
        if (!writer_ || !writer_->sink_state) return;
        try {
            std::vector<std::string> left;
            const std::string folder = parts_.target->url + "/";
            for (const StagedFile& file : written_files(context))  // one that was not opened has no name yet
                if (file.path.starts_with(folder)) left.push_back(file.path.substr(folder.size()));
            writer_->sink_state.reset();  // what is open is dropped
            remove_paths(parts_.target->location, left);
        } catch (const std::exception& thrown) {
            log::warn("catalog.orphans_left", {{"table", parts_.target->url}, {"error", thrown.what()}});
        }
    }

    const LakeSinkParts parts_;
    duckdb::PhysicalCopyToFile* writer_ = nullptr;  // of the same plan; nullptr: no rows are written
    const std::unique_ptr<RowRules> rules_;         // nullptr: rows pass as they are
    mutable std::shared_ptr<Run> run_;              // the last one
};

}  // namespace

duckdb::PhysicalOperator& make_lake_sink(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         LakeSinkParts parts, bool ordered, duckdb::idx_t estimated_rows) {
    std::unique_ptr<RowRules> rules;
    if (parts.target) {
        const auto origin = parts.kind == AddedKind::kInserted ? RowOrigin::kInserted : RowOrigin::kUpdated;
        if (parts.target->new_rows)
            rules = std::make_unique<RowRules>(context, parts.target->metadata, parts.computed, origin);
        if (rules && rules->empty()) rules.reset();
    }
    auto& made = planner.Make<LakeSink>(estimated_rows, std::move(parts), std::move(rules));
    auto& sink = made.Cast<LakeSink>();
    if (const auto& target = sink.parts().target)
        sink.write_by(plan_file_writer(context, planner, *target, ordered, estimated_rows));
    return made;
}

duckdb::PhysicalOperator& plan_lake_sink(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         duckdb::PhysicalOperator& rows, LakeSinkParts parts) {
    const bool ordered =
        duckdb::PhysicalPlanGenerator::OrderPreservationRecursive(rows) == duckdb::OrderPreservationType::FIXED_ORDER;
    auto& sink = make_lake_sink(context, planner, std::move(parts), ordered, rows.estimated_cardinality);
    sink.children.push_back(rows);
    return sink;
}

}  // namespace lagoa
