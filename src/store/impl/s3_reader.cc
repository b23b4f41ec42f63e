#include "store/impl/s3_reader.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "net/http_date.h"

namespace lagoa {
namespace {

constexpr std::uint64_t kTailBytes = BlockCache::kBlockBytes;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// `bytes 0-9/100` → 100; so of `bytes */0`.
std::optional<std::uint64_t> whole_size(std::string_view content_range) {
    const auto slash = content_range.rfind('/');
    return slash == std::string_view::npos ? std::nullopt : number(content_range.substr(slash + 1));
}

class S3Reader final : public ObjectReader {
public:
    S3Reader(S3ReadContext context, ObjectInfo info, std::string whole_key, std::string tail, bool is_pinned)
        : context_(context),
          info_(std::move(info)),
          whole_key_(std::move(whole_key)),
          // An object that never changes is named by its key and size; another by its version.
          identity_(whole_key_ + '\0' + (is_pinned ? info_.version : std::to_string(info_.size_bytes))),
          tail_(std::move(tail)),
          tail_from_(info_.size_bytes - tail_.size()) {}

    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
        if (offset >= info_.size_bytes) return std::size_t{0};
        into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), info_.size_bytes - offset)));
        const std::size_t wanted = into.size();
        if (offset + wanted > tail_from_ && !tail_.empty()) {  // the end of it is here already
            const std::uint64_t from = std::max(offset, tail_from_);
            std::copy_n(tail_.data() + (from - tail_from_), offset + wanted - from, into.data() + (from - offset));
            into = into.first(static_cast<std::size_t>(from - offset));
        }
        if (into.empty()) return wanted;
        if (into.size() < BlockCache::kBlockBytes)
            LAGOA_TRY(read_by_blocks(offset, into));
        else
            LAGOA_TRY(read_s3_pieces(context_, whole_key_, offset, into, info_.version));
        return wanted;
    }

    const ObjectInfo& info() const override { return info_; }

private:
    static constexpr std::uint64_t kBlock = BlockCache::kBlockBytes;

    // Fewer than a block's bytes touch at most two blocks.
    Result<> read_by_blocks(std::uint64_t offset, std::span<char> into) {
        const std::uint64_t first = offset / kBlock;
        const std::uint64_t last = (offset + into.size() - 1) / kBlock;
        std::array<BlockCache::Block, 2> blocks{context_.cache.find(identity_, first),
                                                last == first ? nullptr : context_.cache.find(identity_, last)};
        if (last == first && !blocks[0]) LAGOA_TRY(fetch(first, first, blocks));
        if (last != first && (!blocks[0] || !blocks[1])) {
            const std::uint64_t from = blocks[0] ? last : first;
            const std::uint64_t to = blocks[1] ? first : last;
            LAGOA_TRY(fetch(from, to, blocks, from - first));
        }
        for (std::size_t done = 0; done < into.size();) {
            const std::uint64_t at = offset + done;
            const std::string& block = *blocks[at / kBlock - first];
            const std::size_t skip = static_cast<std::size_t>(at % kBlock);
            const std::size_t count = std::min(into.size() - done, block.size() - skip);
            std::copy_n(block.data() + skip, count, into.data() + done);
            done += count;
        }
        return {};
    }

    // Gets the blocks from…to in one request, into `blocks` from place `at` on.
    Result<> fetch(std::uint64_t from, std::uint64_t to, std::array<BlockCache::Block, 2>& blocks, std::size_t at = 0) {
        const std::uint64_t begin = from * kBlock;
        std::string bytes(static_cast<std::size_t>(std::min((to + 1) * kBlock, info_.size_bytes) - begin), '\0');
        LAGOA_TRY(read_s3_pieces(context_, whole_key_, begin, bytes, info_.version));
        for (std::uint64_t index = from; index <= to; ++index, ++at) {
            blocks[at] = std::make_shared<const std::string>(bytes.substr((index - from) * kBlock, kBlock));
            context_.cache.insert(identity_, index, blocks[at]);
        }
        return {};
    }

    const S3ReadContext context_;
    const ObjectInfo info_;
    const std::string whole_key_;
    const std::string identity_;
    const std::string tail_;
    const std::uint64_t tail_from_;
};

}  // namespace

Result<S3Range> get_s3_range(S3Client& client, const std::string& whole_key, const std::string& range,
                             std::uint64_t bytes, const std::string& etag) {
    S3Request request{.key = whole_key, .headers = {{"Range", range}}, .answer_bytes = bytes};
    if (!etag.empty()) request.headers.emplace_back("If-Match", etag);
    S3Answer answer = LAGOA_TRY(client.send(request));
    // Nothing there, or an object without bytes; its Content-Range says how many there are.
    const bool is_past_end = answer.status == 416;
    if (!answer.is_success() && !is_past_end) return client.failure(request, answer);

    S3Range got;
    got.etag = answer.header("ETag");
    got.modified = net::parse_http_date(answer.header("Last-Modified")).value_or(Instant{});
    got.object_bytes = whole_size(answer.header("Content-Range")).value_or(is_past_end ? 0 : answer.body.size());
    if (!is_past_end) got.bytes = std::move(answer.body);
    if (answer.status == 200 && got.bytes.size() > bytes)
        return fail(ErrorCode::kUnsupported, "reading {}: the server sends whole objects, not ranges",
                    client.name_of(whole_key));
    return got;
}

Result<> read_s3_pieces(const S3ReadContext& context, const std::string& whole_key, std::uint64_t offset,
                        std::span<char> into, const std::string& etag) {
    const std::size_t pieces = (into.size() + kPieceBytes - 1) / kPieceBytes;
    return context.pool.for_each(pieces, [&](std::size_t index) -> Result<> {
        const auto piece =
            into.subspan(index * kPieceBytes, std::min<std::size_t>(kPieceBytes, into.size() - index * kPieceBytes));
        const std::uint64_t from = offset + index * kPieceBytes;
        const S3Range got = LAGOA_TRY(get_s3_range(
            context.client, whole_key, fmt::format("bytes={}-{}", from, from + piece.size() - 1), piece.size(), etag));
        if (got.bytes.size() != piece.size())
            return fail(ErrorCode::kCorruption, "reading {}: {} bytes at {} instead of {}: it has {}",
                        context.client.name_of(whole_key), got.bytes.size(), from, piece.size(), got.object_bytes);
        std::ranges::copy(got.bytes, piece.begin());
        return {};
    });
}

Result<std::unique_ptr<ObjectReader>> open_s3_reader(const S3ReadContext& context, std::string_view key,
                                                     const std::string& whole_key) {
    S3Range end = LAGOA_TRY(get_s3_range(context.client, whole_key, fmt::format("bytes=-{}", kTailBytes), kTailBytes));
    if (end.bytes.size() != std::min(kTailBytes, end.object_bytes))
        return fail(ErrorCode::kCorruption, "reading {}: {} bytes of its end instead of {}",
                    context.client.name_of(whole_key), end.bytes.size(), std::min(kTailBytes, end.object_bytes));
    ObjectInfo info{.key = std::string(key),
                    .size_bytes = end.object_bytes,
                    .modified = end.modified,
                    .version = std::move(end.etag)};
    return std::make_unique<S3Reader>(context, std::move(info), whole_key, std::move(end.bytes), true);
}

std::unique_ptr<ObjectReader> make_s3_reader(const S3ReadContext& context, ObjectInfo known,
                                             const std::string& whole_key) {
    known.version.clear();
    return std::make_unique<S3Reader>(context, std::move(known), whole_key, std::string(), false);
}

}  // namespace lagoa
