// The groups of verbs, each in its own file; all_verbs() joins them in the order of --help.
#pragma once

#include "app/cli.h"

namespace lagoa::app {

void add_project_verbs(std::vector<std::unique_ptr<Verb>>& verbs);  ///< init, doctor, version
void add_work_verbs(std::vector<std::unique_ptr<Verb>>& verbs);     ///< run, ingest, job, publish
void add_sql_verbs(std::vector<std::unique_ptr<Verb>>& verbs);      ///< sql
void add_read_verbs(std::vector<std::unique_ptr<Verb>>& verbs);     ///< table ls|show|history
void add_table_verbs(std::vector<std::unique_ptr<Verb>>& verbs);    ///< table optimize|vacuum|restore|…
void add_tag_verbs(std::vector<std::unique_ptr<Verb>>& verbs);      ///< tag
void add_record_verbs(std::vector<std::unique_ptr<Verb>>& verbs);   ///< runs ls|show, quarantine ls|show
void add_sample_verbs(std::vector<std::unique_ptr<Verb>>& verbs);   ///< sample serve

}  // namespace lagoa::app
