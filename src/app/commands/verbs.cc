#include "app/commands/verbs.h"

namespace lagoa::app {

std::vector<std::unique_ptr<Verb>> all_verbs() {
    std::vector<std::unique_ptr<Verb>> verbs;
    add_project_verbs(verbs);
    add_work_verbs(verbs);
    add_tag_verbs(verbs);
    add_sql_verbs(verbs);
    add_read_verbs(verbs);
    add_table_verbs(verbs);
    add_record_verbs(verbs);
    add_sample_verbs(verbs);
    return verbs;
}

}  // namespace lagoa::app
