#include "sample/impl/json_answer.h"

namespace lagoa::sample {
namespace {

constexpr const char* kJson = "application/json; charset=utf-8";

}  // namespace

net::ServerResponse simulated_answer(json::Object body, int status) {
    body.set("simulated", true);
    return {.status = status,
            .headers = {{"Content-Type", kJson}, {"X-Lagoa-Simulated", "true"}},
            .body = json::dump(json::Value(std::move(body)))};
}

net::ServerResponse recorded_answer(json::Object body) {
    return {.headers = {{"Content-Type", kJson}, {"X-Lagoa-Recorded", "true"}},
            .body = json::dump(json::Value(std::move(body)))};
}

net::ServerResponse error_answer(int status, std::string_view code, std::string_view message) {
    json::Object body = json::make_object({{"error", true}, {"message", message}});
    if (!code.empty()) body.set("code", code);
    return simulated_answer(std::move(body), status);
}

}  // namespace lagoa::sample
