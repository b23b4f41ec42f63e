// Answers of the API with the marks that every one of them carries.
#pragma once

#include <string_view>

#include "codec/json.h"
#include "net/http_server.h"

namespace lagoa::sample {

/// `body` with `"simulated": true` and the header that says the same.
net::ServerResponse simulated_answer(json::Object body, int status = 200);

/// Recorded values as they were written, marked in a header only.
net::ServerResponse recorded_answer(json::Object body);

/// `{"error": true, "message": …, "code": …}`; without a code if `code` is empty.
net::ServerResponse error_answer(int status, std::string_view code, std::string_view message);

}  // namespace lagoa::sample
