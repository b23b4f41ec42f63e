#include "ingest/impl/charset.h"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

// 0x80 to 0x9F of windows-1252; the five bytes without a character keep their number.
constexpr std::array<std::uint16_t, 32> kWindows1252 = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                                        0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

void append_utf8(std::string& out, unsigned code_point) {
    if (code_point < 0x80) {
        out += static_cast<char>(code_point);
    } else if (code_point < 0x800) {
        out += static_cast<char>(0xC0 | code_point >> 6);
        out += static_cast<char>(0x80 | (code_point & 0x3F));
    } else {
        out += static_cast<char>(0xE0 | code_point >> 12);
        out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (code_point & 0x3F));
    }
}

std::string decode_windows_1252(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 16);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        append_utf8(out, byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80u] : byte);
    }
    return out;
}

/// Owns one iconv descriptor.
class Converter {
public:
    explicit Converter(const std::string& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {}
    ~Converter() {
        if (is_open()) iconv_close(handle_);
    }
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;
    bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }
    iconv_t get() const { return handle_; }

private:
    iconv_t handle_;
};

Result<std::string> convert(std::string_view bytes, const std::string& charset) {
    const Converter converter(charset);
    if (!converter.is_open())
        return fail(ErrorCode::kInvalidConfig, "the charset {} is not known", quote_json(charset));
    std::string in(bytes);  // iconv takes its input as not const, though it does not change it
    std::string out;
    std::array<char, 4096> buffer{};
    char* from = in.data();
    std::size_t left = in.size();
    while (left > 0) {
        char* to = buffer.data();
        std::size_t room = buffer.size();
        const auto done = iconv(converter.get(), &from, &left, &to, &room);
        out.append(buffer.data(), buffer.size() - room);
        if (done == static_cast<std::size_t>(-1) && errno != E2BIG)
            return fail(ErrorCode::kDataRejected, "byte {} is not {}", in.size() - left, charset);
    }
    return out;
}

}  // namespace

Result<std::string> decode_text(std::string_view bytes, std::string_view charset) {
    const std::string name = to_lower(trim(charset));
    for (const std::string_view alias :
         {"iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"})
        if (name == alias) return decode_windows_1252(bytes);
    if ((name == "utf-8" || name == "utf8") && is_utf8(bytes)) return std::string(bytes);
    return convert(bytes, name);
}

}  // namespace lagoa::ingest
