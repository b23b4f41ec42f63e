#include "ingest/fixed_width/fixed_width_connector.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "ingest/fixed_width/layout.h"
#include "ingest/impl/redactor.h"
#include "net/digest.h"

namespace lagoa::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxFileMebibytes = 4096;

struct FileStream {
    std::string files;  ///< A shell pattern of file names.
    FixedWidthLayout layout;
};

Result<FileStream> read_stream(const Source& source, const Stream& stream, const json::Value& root) {
    const Declaration declared = stream_of(source, stream, root);
    LAGOA_TRY(declared.only({"name", "description", "files", "charset", "record_bytes", "header", "trailer",
                             "record_prefix", "fields", "tables"}));
    std::string files = LAGOA_TRY(declared.text("files"));
    if (files.empty() || files.find('/') != std::string::npos)
        return declared.fail_at("files", "is not a pattern of file names", "Write it like COTAHIST_D*.TXT.");
    FixedWidthLayout layout = LAGOA_TRY(FixedWidthLayout::read(declared));
    return FileStream{std::move(files), std::move(layout)};
}

struct Settings {
    std::string directory;
    std::uint64_t max_file_bytes = 0;
};

Result<Settings> read_settings(const Source& source, const json::Value& root) {
    const Declaration declared(source.document, "", root);
    LAGOA_TRY(declared.only({"kind", "directory", "limits", "streams", "retired_streams"}));
    const Declaration limits = LAGOA_TRY(declared.section("limits"));
    LAGOA_TRY(limits.only({"max_file_mb"}));
    const auto mebibytes = LAGOA_TRY(limits.integer_or("max_file_mb", 512, 1, kMaxFileMebibytes));
    return Settings{LAGOA_TRY(declared.text("directory")), static_cast<std::uint64_t>(mebibytes) << 20};
}

std::string directory_hint(const Source& source) {
    const std::string variable = variable_at(source.document, "/directory");
    if (variable.empty())
        return fmt::format("Write the folder that holds the files as `directory` in {}.", source.document.name());
    return fmt::format("Set {} to the folder that holds the files.", variable);
}

// The names in `directory` that match, in byte order.
Result<std::vector<std::string>> matching_files(const fs::path& directory, const std::string& pattern,
                                                const Source& source) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
        std::string name = it->path().filename().string();
        if (fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0 && it->is_regular_file())
            names.push_back(std::move(name));
    }
    if (error) {
        const bool absent = error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
        const bool denied = error == std::errc::permission_denied;
        return fail_with_hint(absent   ? ErrorCode::kNotFound
                              : denied ? ErrorCode::kPermissionDenied
                                       : ErrorCode::kUnavailable,
                              directory_hint(source), "listing {}: {}", directory.string(), error.message());
    }
    if (names.empty())
        return fail_with_hint(ErrorCode::kNotFound, directory_hint(source), "no file in {} matches {}",
                              directory.string(), pattern);
    std::ranges::sort(names);
    return names;
}

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return fail(ErrorCode::kUnavailable, "reading {}: {}", path.string(), error.message());
    if (size > max_bytes)
        return fail_with_hint(ErrorCode::kResourceExhausted, "Raise limits.max_file_mb in the source's file.",
                              "reading {}: its {} bytes are more than the limit of {}", path.string(), size, max_bytes);
    std::string bytes(size, '\0');
    std::ifstream in(path, std::ios::binary);
    in.read(bytes.data(), static_cast<std::streamsize>(size));
    if (!in || in.peek() != std::ifstream::traits_type::eof())
        return fail(ErrorCode::kUnavailable, "reading {}: it cannot be read, or changes while it is read",
                    path.string());
    return bytes;
}

/// The files of one stream that are new since the cursor.
class FileReader {
public:
    FileReader(const FetchContext& context, const Stream& stream, const FileStream& declared, LandingSink& sink)
        : context_(context), stream_(stream), declared_(declared), sink_(sink) {
        if (const json::Value* known = context.cursor.find(stream.name); known != nullptr && known->is_object())
            known_ = *known->object();
    }

    /// Lands them; returns the stream's cursor after: file name → SHA-256 of what was landed from it.
    Result<json::Object> read(const fs::path& directory, std::uint64_t max_file_bytes) {
        json::Object cursor;
        for (const std::string& name : LAGOA_TRY(matching_files(directory, declared_.files, *context_.source))) {
            if (context_.stop.stop_requested()) return fail(ErrorCode::kCancelled, "stopped before {}", name);
            if (!is_utf8(name)) {  // it could stand neither in the manifest nor in the cursor
                sink_.item_failed(
                    stream_.name, one_line(name),
                    {ErrorCode::kDataRejected, fmt::format("{}: the file's name is not UTF-8", one_line(name))});
                continue;
            }
            const auto bytes = read_file(directory / name, max_file_bytes);
            if (!bytes) {
                keep(name, cursor);
                sink_.item_failed(stream_.name, name, bytes.error());
                continue;
            }
            LAGOA_TRY(land(directory, name, *bytes, cursor));
        }
        return cursor;
    }

private:
    void keep(const std::string& name, json::Object& cursor) const {
        if (const json::Value* known = known_.find(name)) cursor.set(name, *known);
    }

    Result<> land(const fs::path& directory, const std::string& name, const std::string& bytes, json::Object& cursor) {
        const std::string sha256 = net::sha256_hex(bytes);
        const json::Value* known = known_.find(name);
        if (known != nullptr && known->is_string() && *known->string() == sha256) {
            cursor.set(name, sha256);
            return {};
        }
        auto records = declared_.layout.parse(bytes, name);
        if (!records) {
            keep(name, cursor);
            Error error = records.error();
            error.message = fmt::format("{}: {}", (directory / name).string(), error.message);
            error.hint = "Fetch the file again: it is refused as a whole, and nothing of it was ingested.";
            sink_.item_failed(stream_.name, name, error);
            return {};
        }
        LandedObject evidence{.stream = stream_.name, .item = name, .format = RecordFormat::kNone};
        evidence.request.set("file", (directory / name).string());
        LandedObject lines{.stream = stream_.name,
                           .item = name,
                           .format = RecordFormat::kJsonLines,
                           .records = records->count,
                           .request = evidence.request};
        lines.records_of = LAGOA_TRY(sink_.land(std::move(evidence), "txt", bytes));
        LAGOA_TRY(sink_.land(std::move(lines), "jsonl", records->lines));
        cursor.set(name, sha256);
        return {};
    }

    const FetchContext& context_;
    const Stream& stream_;
    const FileStream& declared_;
    LandingSink& sink_;
    json::Object known_;  // the stream's cursor before
};

class FixedWidthConnector final : public Connector {
public:
    std::string_view kind() const override { return "fixed_width"; }

    Result<> check(const Source& source) const override {
        const json::Value& root = source.document.root();
        LAGOA_TRY(read_settings(source, root));
        for (const Stream& stream : source.streams) LAGOA_TRY(read_stream(source, stream, root));
        return {};
    }

    Result<json::Value> fetch(const FetchContext& context, LandingSink& sink) const override {
        const Source& source = *context.source;
        const json::Value root = LAGOA_TRY(expand(source, context.environment));
        const Settings settings = LAGOA_TRY(read_settings(source, root));
        if (settings.directory.empty())
            return fail_with_hint(ErrorCode::kNotFound, directory_hint(source), "{}: `directory` is empty",
                                  source.document.name());
        const fs::path directory = context.project->root / settings.directory;
        json::Object cursor;
        for (const Stream& stream : source.streams) {
            const FileStream declared = LAGOA_TRY(read_stream(source, stream, root));
            FileReader reader(context, stream, declared, sink);
            auto files = LAGOA_TRY(reader.read(directory, settings.max_file_bytes));
            cursor.set(stream.name, std::move(files));
        }
        return json::Value(std::move(cursor));
    }
};

}  // namespace

const Connector& fixed_width_connector() {
    static const FixedWidthConnector connector;
    return connector;
}

}  // namespace lagoa::ingest
