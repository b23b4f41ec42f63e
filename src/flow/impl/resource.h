// What a Task's Resource names, and which of Step Functions' event families tells of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lagoa::flow {

struct Resource {
    std::string arn;
    bool is_function = false;  ///< A function's own ARN: its events are LambdaFunction*, not Task*.
    std::string type;          ///< `lambda`, `glue`, `aws-sdk:glue`: the events' resourceType.
    std::string action;        ///< `startJobRun.sync`: the events' resource.
    bool waits = false;        ///< `.sync`: a job is submitted and awaited, told by TaskSubmitted.
};

/// Nothing: not a resource that this version runs.
std::optional<Resource> parse_resource(std::string_view arn);

/// The resources that there are, for the hint.
std::string list_resources();

}  // namespace lagoa::flow
