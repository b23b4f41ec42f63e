// Runs a SQL model: select, hold to the contract, write the target.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "catalog/lake.h"
#include "jobs/sql_job.h"
#include "model/project.h"

namespace lagoa::jobs {

struct JobContext {
    const Project* project = nullptr;
    Lake* lake = nullptr;
    Cut cut;  ///< What the job reads.
    Clock* clock = nullptr;
    std::stop_token stop;
    std::string run;
};

struct JobResult {
    delta::Version version = -1;  ///< Of the target after the job.
    bool committed = false;       ///< False: inputs and code are those of the version that stands.
    std::uint64_t rows_in = 0;    ///< Rows the SELECT made.
    std::uint64_t rows_out = 0;
    std::uint64_t rows_quarantined = 0;
    std::uint64_t size_bytes = 0;
    std::map<std::string, delta::Version> inputs;  ///< `zone.table` → version read
    std::optional<delta::Version>
        quarantine_version;  ///< Newest of quarantine.<table>; nullopt: no row was ever refused.
};

/// A row without a value in a required column goes to quarantine.<table> with the rule; the others are
/// written. A broken table rule of severity error is kDataRejected and nothing is written. The commit's
/// user metadata names job, run, digest of job and contract, and input versions; when these are those of the newest
/// version, nothing is written.
Result<JobResult> run_sql_job(const JobContext& context, const SqlJob& job);

}  // namespace lagoa::jobs
