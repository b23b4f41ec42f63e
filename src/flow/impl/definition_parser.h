// Reads a definition: every field known, every path and expression parsed, every transition resolved.
#pragma once

#include <map>
#include <set>
#include <string>

#include "flow/impl/definition.h"

namespace lagoa::flow {

class DefinitionParser {
public:
    explicit DefinitionParser(const Document& document) : document_(document) {}

    Result<Definition> parse();

private:
    /// The states of the branch being read, by name.
    using Scope = std::map<std::string, std::size_t, std::less<>>;

    Result<> check_query_language(const FieldReader& reader) const;
    Result<Branch> parse_branch(const FieldReader& reader);
    Result<State> parse_state(const FieldReader& reader, std::string name, const Scope& scope);
    Result<> parse_kind(const FieldReader& reader, const Scope& scope, State& state);
    Result<> parse_data_flow(const FieldReader& reader, State& state) const;
    Result<> parse_transition(const FieldReader& reader, const Scope& scope, State& state) const;
    Result<> parse_catchers(const FieldReader& reader, const Scope& scope, State& state) const;
    Result<> check_reachable(const FieldReader& reader, const Branch& branch) const;

    Result<TaskState> parse_task(const FieldReader& reader) const;
    Result<ChoiceState> parse_choice(const FieldReader& reader, const Scope& scope) const;
    Result<WaitState> parse_wait(const FieldReader& reader) const;
    Result<FailState> parse_fail(const FieldReader& reader) const;
    Result<ParallelState> parse_parallel(const FieldReader& reader);
    Result<MapState> parse_map(const FieldReader& reader);

    Result<std::size_t> target(const FieldReader& reader, std::string_view key, const Scope& scope) const;
    Result<std::optional<IntegerOrPath>> integer_or_path(const FieldReader& reader, std::string_view key,
                                                         std::int64_t min) const;

    const Document& document_;
    std::set<std::string, std::less<>> names_;  // of the whole machine: a state's name is unique in it
};

}  // namespace lagoa::flow
