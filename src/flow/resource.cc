#include "flow/impl/resource.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace lagoa::flow {
namespace {

constexpr std::string_view kIntegration = "arn:aws:states:::";
constexpr std::string_view kSync = ".sync";
constexpr std::array<std::string_view, 6> kActions = {
    "lambda:invoke",
    "glue:startJobRun",
    "glue:startJobRun.sync",
    "athena:startQueryExecution",
    "athena:startQueryExecution.sync",
    "aws-sdk:glue:startCrawler",
};

}  // namespace

std::optional<Resource> parse_resource(std::string_view arn) {
    Resource resource;
    resource.arn = std::string(arn);
    const auto parts = split(arn, ':');  // arn:aws:lambda:<region>:<account>:function:<name>[:<alias>]
    if (parts.size() >= 7 && parts[1] == "aws" && parts[2] == "lambda" && parts[5] == "function" && !parts[6].empty()) {
        resource.is_function = true;
        return resource;
    }
    if (!arn.starts_with(kIntegration)) return std::nullopt;
    const std::string_view integration = arn.substr(kIntegration.size());
    if (std::ranges::find(kActions, integration) == kActions.end()) return std::nullopt;
    const auto last = integration.rfind(':');
    resource.type = std::string(integration.substr(0, last));
    resource.action = std::string(integration.substr(last + 1));
    resource.waits = resource.action.ends_with(kSync);
    return resource;
}

std::string list_resources() {
    return fmt::format("{0}{1}, or the ARN of a Lambda function", kIntegration,
                       fmt::join(kActions, fmt::format(", {}", kIntegration)));
}

}  // namespace lagoa::flow
