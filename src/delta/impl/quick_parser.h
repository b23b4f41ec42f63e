// The lines that a log is made of, adds and removes, straight from JSON into typed values.
//
// It knows their usual shape only. Whatever else a line holds or lacks is left to parse_action(), which
// decides what it means or what is wrong with it; so a line means the same whichever way it is read.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "delta/actions.h"

namespace lagoa::delta {

/// Not thread-safe; worth keeping for many lines.
class QuickParser {
public:
    QuickParser();
    ~QuickParser();
    QuickParser(const QuickParser&) = delete;
    QuickParser& operator=(const QuickParser&) = delete;

    enum class Kind {
        kAction,      ///< An add or a remove: `action` has it.
        kCommitInfo,  ///< A commitInfo and nothing else; not parsed.
        kOther,       ///< Something else, or damage.
    };
    Kind parse(std::string_view line, Action& action);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lagoa::delta
