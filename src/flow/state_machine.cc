#include "flow/state_machine.h"

#include "flow/impl/definition_parser.h"

namespace lagoa::flow {
namespace {

void add_tasks(const Branch& branch, std::vector<TaskUse>& found) {
    for (const State& state : branch.states) {
        if (const auto* task = std::get_if<TaskState>(&state.kind))
            found.push_back({state.name, state.pointer, task->resource.arn, state.written_parameters});
        if (const auto* parallel = std::get_if<ParallelState>(&state.kind))
            for (const Branch& inner : parallel->branches) add_tasks(inner, found);
        if (const auto* map = std::get_if<MapState>(&state.kind)) add_tasks(map->processor, found);
    }
}

}  // namespace

StateMachine::StateMachine(std::shared_ptr<const Definition> definition) : definition_(std::move(definition)) {}

Result<StateMachine> StateMachine::parse(const Document& document) {
    auto definition = LAGOA_TRY(DefinitionParser(document).parse());
    return StateMachine(std::make_shared<const Definition>(std::move(definition)));
}

std::vector<TaskUse> StateMachine::tasks() const {
    std::vector<TaskUse> found;
    add_tasks(definition_->root, found);
    return found;
}

}  // namespace lagoa::flow
