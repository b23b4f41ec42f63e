#include "support/fake_parquet_io.h"

#include "base/text.h"
#include "delta/log_json.h"

namespace lagoa::test {
namespace {

constexpr std::string_view kHead = "PAR1\n";
constexpr std::string_view kFoot = "\nPAR1";

}  // namespace

Result<> FakeParquetIo::read_actions(ObjectStore& store, std::string_view key,
                                     const std::function<Result<>(delta::Action action)>& each) {
    const std::string text = LAGOA_TRY(store.get(key));
    if (text.size() < kHead.size() + kFoot.size() || !text.starts_with(kHead) || !text.ends_with(kFoot))
        return fail(ErrorCode::kCorruption, "{} is not Parquet", key);
    const std::string_view body =
        std::string_view(text).substr(kHead.size(), text.size() - kHead.size() - kFoot.size());
    for (const auto line : split(body, '\n')) {
        auto action = LAGOA_TRY(delta::parse_action(line));
        if (action) LAGOA_TRY(each(*std::move(action)));
    }
    return {};
}

Result<std::uint64_t> FakeParquetIo::write_actions(ObjectStore& store, std::string_view key,
                                                   const std::vector<std::string>& actions) {
    const auto writer = LAGOA_TRY(store.writer(key));
    LAGOA_TRY(writer->append(kHead.substr(0, kHead.size() - 1)));
    for (const auto& action : actions) LAGOA_TRY(writer->append("\n" + action));
    LAGOA_TRY(writer->append(kFoot));
    LAGOA_TRY(writer->close());
    return writer->size_bytes();
}

}  // namespace lagoa::test
