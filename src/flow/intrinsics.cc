#include "flow/impl/intrinsics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "flow/impl/hash.h"

namespace lagoa::flow {
namespace {

using Arguments = std::span<const json::Value>;
using Answer = Outcome<json::Value>;

// Limits of Step Functions.
constexpr std::int64_t kMaxRange = 1000;
constexpr std::size_t kMaxBase64Bytes = 10'000;
constexpr std::size_t kMaxHashBytes = 10'000;

std::unexpected<Failure> wrong(std::string_view function, std::string_view what) {
    return fail_evaluation(kIntrinsicError, "{}: {}", function, what);
}

Outcome<std::string> text_argument(Arguments arguments, std::size_t index, std::string_view function) {
    if (const auto* text = arguments[index].string()) return *text;
    return fail_evaluation(kIntrinsicError, "{}: argument {} is not a string but {}", function, index + 1,
                           arguments[index].kind());
}

Outcome<const json::Array*> array_argument(Arguments arguments, std::size_t index, std::string_view function) {
    if (const auto* array = arguments[index].array()) return array;
    return fail_evaluation(kIntrinsicError, "{}: argument {} is not an array but {}", function, index + 1,
                           arguments[index].kind());
}

// Numbers that are not integers are rounded half up, as Step Functions does.
Outcome<std::int64_t> integer_argument(Arguments arguments, std::size_t index, std::string_view function) {
    if (const auto* number = arguments[index].number()) {
        if (const auto exact = number->to_int64()) return *exact;
        const double rounded = std::floor(number->to_double() + 0.5);
        if (std::abs(rounded) < 9.2e18) return static_cast<std::int64_t>(rounded);
    }
    return fail_evaluation(kIntrinsicError, "{}: argument {} is not a number in range", function, index + 1);
}

Answer format(Arguments arguments, Random&) {
    const std::string pattern = LAGOA_TRY(text_argument(arguments, 0, "States.Format"));
    std::string text;
    std::size_t next = 1;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool escape =
            pattern[i] == '\\' && i + 1 < pattern.size() && std::string_view("{}\\'").contains(pattern[i + 1]);
        if (escape) {
            text += pattern[++i];
        } else if (pattern.compare(i, 2, "{}") == 0) {
            if (next >= arguments.size()) return wrong("States.Format", "fewer arguments than '{}'");
            text += to_display_text(arguments[next++]);
            ++i;
        } else {
            text += pattern[i];
        }
    }
    if (next != arguments.size()) return wrong("States.Format", "more arguments than '{}'");
    return json::Value(std::move(text));
}

Answer string_to_json(Arguments arguments, Random&) {
    const std::string text = LAGOA_TRY(text_argument(arguments, 0, "States.StringToJson"));
    if (trim(text).empty()) return json::Value();
    auto value = json::parse(text);
    if (!value) return wrong("States.StringToJson", value.error().message);
    return std::move(*value);
}

Answer json_to_string(Arguments arguments, Random&) {
    return json::Value(json::dump(arguments[0]));
}

Answer array(Arguments arguments, Random&) {
    return json::Value(json::Array(arguments.begin(), arguments.end()));
}

Answer array_partition(Arguments arguments, Random&) {
    const auto* items = LAGOA_TRY(array_argument(arguments, 0, "States.ArrayPartition"));
    const std::int64_t size = LAGOA_TRY(integer_argument(arguments, 1, "States.ArrayPartition"));
    if (size <= 0) return wrong("States.ArrayPartition", "the chunk size is not positive");
    json::Array chunks;
    json::Array chunk;
    for (const json::Value& item : *items) {
        chunk.push_back(item);
        if (static_cast<std::int64_t>(chunk.size()) == size) chunks.emplace_back(std::exchange(chunk, {}));
    }
    if (!chunk.empty()) chunks.emplace_back(std::move(chunk));
    return json::Value(std::move(chunks));
}

Answer array_contains(Arguments arguments, Random&) {
    const auto* items = LAGOA_TRY(array_argument(arguments, 0, "States.ArrayContains"));
    return json::Value(std::ranges::find(*items, arguments[1]) != items->end());
}

Answer array_range(Arguments arguments, Random&) {
    const std::int64_t first = LAGOA_TRY(integer_argument(arguments, 0, "States.ArrayRange"));
    const std::int64_t last = LAGOA_TRY(integer_argument(arguments, 1, "States.ArrayRange"));
    const std::int64_t step = LAGOA_TRY(integer_argument(arguments, 2, "States.ArrayRange"));
    if (step == 0) return wrong("States.ArrayRange", "the increment is zero");
    const double count =
        std::floor((static_cast<double>(last) - static_cast<double>(first)) / static_cast<double>(step)) + 1;
    if (count > static_cast<double>(kMaxRange)) return wrong("States.ArrayRange", "more than 1000 items");
    json::Array items;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::max(count, 0.0)); ++i)
        items.emplace_back(first + i * step);
    return json::Value(std::move(items));
}

Answer array_get_item(Arguments arguments, Random&) {
    const auto* items = LAGOA_TRY(array_argument(arguments, 0, "States.ArrayGetItem"));
    const std::int64_t index = LAGOA_TRY(integer_argument(arguments, 1, "States.ArrayGetItem"));
    if (index < 0 || index >= static_cast<std::int64_t>(items->size()))
        return wrong("States.ArrayGetItem", "the index is outside the array");
    return (*items)[static_cast<std::size_t>(index)];
}

Answer array_length(Arguments arguments, Random&) {
    const auto* items = LAGOA_TRY(array_argument(arguments, 0, "States.ArrayLength"));
    return json::Value(static_cast<std::int64_t>(items->size()));
}

Answer array_unique(Arguments arguments, Random&) {
    const auto* items = LAGOA_TRY(array_argument(arguments, 0, "States.ArrayUnique"));
    json::Array unique;
    for (const json::Value& item : *items)
        if (std::ranges::find(unique, item) == unique.end()) unique.push_back(item);
    return json::Value(std::move(unique));
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Answer base64_encode(Arguments arguments, Random&) {
    const std::string data = LAGOA_TRY(text_argument(arguments, 0, "States.Base64Encode"));
    if (data.size() > kMaxBase64Bytes) return wrong("States.Base64Encode", "more than 10000 bytes");
    std::string text;
    for (std::size_t i = 0; i < data.size(); i += 3) {
        const std::size_t bytes = std::min<std::size_t>(3, data.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8U | (j < bytes ? static_cast<unsigned char>(data[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) text += j <= bytes ? kBase64[group >> (18 - 6 * j) & 63U] : '=';
    }
    return json::Value(std::move(text));
}

Answer base64_decode(Arguments arguments, Random&) {
    const std::string text = LAGOA_TRY(text_argument(arguments, 0, "States.Base64Decode"));
    if (text.size() > kMaxBase64Bytes) return wrong("States.Base64Decode", "more than 10000 bytes");
    std::string data;
    std::uint32_t bits = 0;
    unsigned held = 0;
    const std::string_view digits = std::string_view(text).substr(0, text.find_last_not_of('=') + 1);
    for (const char digit : digits) {
        const auto value = kBase64.find(digit);
        if (value == std::string_view::npos) return wrong("States.Base64Decode", "the text is not Base64");
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            data += static_cast<char>(bits >> held & 0xffU);
        }
    }
    if (!is_utf8(data)) return wrong("States.Base64Decode", "the data are not UTF-8");
    return json::Value(std::move(data));
}

Answer hash(Arguments arguments, Random&) {
    const std::string data = arguments[0].is_string() ? *arguments[0].string() : json::dump(arguments[0]);
    const std::string algorithm = LAGOA_TRY(text_argument(arguments, 1, "States.Hash"));
    if (data.size() > kMaxHashBytes) return wrong("States.Hash", "more than 10000 bytes");
    auto digest = hash_hex(algorithm, data);
    if (!digest) return wrong("States.Hash", "the algorithm is not MD5, SHA-1, SHA-256, SHA-384 or SHA-512");
    return json::Value(std::move(*digest));
}

Answer json_merge(Arguments arguments, Random&) {
    const auto* first = arguments[0].object();
    const auto* second = arguments[1].object();
    const auto* deep = arguments[2].boolean();
    if (first == nullptr || second == nullptr) return wrong("States.JsonMerge", "the arguments are not objects");
    if (deep == nullptr || *deep) return wrong("States.JsonMerge", "only a shallow merge (false) is supported");
    json::Object merged = *first;
    for (const auto& [key, value] : *second) merged.set(key, value);
    return json::Value(std::move(merged));
}

Answer math_random(Arguments arguments, Random& random) {
    const std::int64_t first = LAGOA_TRY(integer_argument(arguments, 0, "States.MathRandom"));
    const std::int64_t end = LAGOA_TRY(integer_argument(arguments, 1, "States.MathRandom"));
    if (first >= end) return wrong("States.MathRandom", "the range is empty");
    // Unsigned, because the width of the range may not fit the signed type.
    const std::uint64_t width = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(first);
    std::uint64_t drawn = 0;
    if (arguments.size() == 3) {
        const std::int64_t seed = LAGOA_TRY(integer_argument(arguments, 2, "States.MathRandom"));
        drawn = Random(static_cast<std::uint64_t>(seed)).next();
    } else {
        drawn = random.next();
    }
    return json::Value(static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + drawn % width));
}

Answer math_add(Arguments arguments, Random&) {
    const std::int64_t left = LAGOA_TRY(integer_argument(arguments, 0, "States.MathAdd"));
    const std::int64_t right = LAGOA_TRY(integer_argument(arguments, 1, "States.MathAdd"));
    std::int64_t sum = 0;
    if (__builtin_add_overflow(left, right, &sum)) return wrong("States.MathAdd", "the sum is out of range");
    return json::Value(sum);
}

// Every character of the second argument is a delimiter; empty parts are dropped, as Step Functions does.
Answer string_split(Arguments arguments, Random&) {
    const std::string text = LAGOA_TRY(text_argument(arguments, 0, "States.StringSplit"));
    const std::string delimiters = LAGOA_TRY(text_argument(arguments, 1, "States.StringSplit"));
    json::Array parts;
    std::string part;
    for (const char c : text) {
        if (!delimiters.contains(c)) {
            part += c;
        } else if (!part.empty()) {
            parts.emplace_back(std::exchange(part, {}));
        }
    }
    if (!part.empty()) parts.emplace_back(std::move(part));
    return json::Value(std::move(parts));
}

Answer uuid(Arguments, Random& random) {
    // RFC 9562, version 4, from the execution's own randomness so that a seed replays it.
    const std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000ULL;
    const std::uint64_t low = (random.next() & ~(3ULL << 62U)) | 2ULL << 62U;
    return json::Value(fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xffffU,
                                   high & 0xffffU, low >> 48U, low & 0xffffffffffffULL));
}

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

constexpr std::array kIntrinsics = {
    Intrinsic{"States.Array", 0, kAny, array},
    Intrinsic{"States.ArrayContains", 2, 2, array_contains},
    Intrinsic{"States.ArrayGetItem", 2, 2, array_get_item},
    Intrinsic{"States.ArrayLength", 1, 1, array_length},
    Intrinsic{"States.ArrayPartition", 2, 2, array_partition},
    Intrinsic{"States.ArrayRange", 3, 3, array_range},
    Intrinsic{"States.ArrayUnique", 1, 1, array_unique},
    Intrinsic{"States.Base64Decode", 1, 1, base64_decode},
    Intrinsic{"States.Base64Encode", 1, 1, base64_encode},
    Intrinsic{"States.Format", 1, kAny, format},
    Intrinsic{"States.Hash", 2, 2, hash},
    Intrinsic{"States.JsonMerge", 3, 3, json_merge},
    Intrinsic{"States.JsonToString", 1, 1, json_to_string},
    Intrinsic{"States.MathAdd", 2, 2, math_add},
    Intrinsic{"States.MathRandom", 2, 3, math_random},
    Intrinsic{"States.StringSplit", 2, 2, string_split},
    Intrinsic{"States.StringToJson", 1, 1, string_to_json},
    Intrinsic{"States.UUID", 0, 0, uuid},
};

}  // namespace

const Intrinsic* find_intrinsic(std::string_view name) {
    const auto* found = std::ranges::find(kIntrinsics, name, &Intrinsic::name);
    return found == kIntrinsics.end() ? nullptr : found;
}

std::string to_display_text(const json::Value& value) {
    if (const auto* text = value.string()) return *text;
    if (const auto* items = value.array()) {
        std::string text = "[";
        for (const json::Value& item : *items) text += (text.size() > 1 ? ", " : "") + to_display_text(item);
        return text + "]";
    }
    if (const auto* object = value.object()) {
        std::string text = "{";
        for (const auto& [key, member] : *object)
            text += (text.size() > 1 ? ", " : "") + key + "=" + to_display_text(member);
        return text + "}";
    }
    return json::dump(value);
}

}  // namespace lagoa::flow
