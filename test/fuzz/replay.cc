// What stands in for libFuzzer under g++: runs a target on every file of its corpus and on mutations of them.
//
// usage: fuzz_<target> CORPUS [--runs N] [--seed S] | FILE    N mutations of each file (default 3000)
// Mutation k of a file depends on the seed, k and the file's name only. A crash prints what input it was and leaves it
// in `crash-<target>` in the working directory, which can be given as FILE.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

// What runs now, for the handler of a crash: plain memory that needs no lock.
std::string current_input;
char current_name[512];
char crash_file[256];

void report_crash() {
    static_cast<void>(!write(STDERR_FILENO, current_name, std::char_traits<char>::length(current_name)));
    const int file = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    static_cast<void>(!write(file, current_input.data(), current_input.size()));
    close(file);
}

void on_signal(int signal_number) {
    report_crash();
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
}

class Mutator {
public:
    Mutator(const std::vector<std::string>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

    std::string mutate(std::string text) {
        for (std::size_t left = 1 + below(5); left > 0; --left) change(text);
        return text;
    }

private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

    void change(std::string& text) {
        const std::size_t at = below(text.size() + 1);
        const std::string& other = corpus_[below(corpus_.size())];
        switch (below(9)) {
            case 0:
                text.insert(at, 1, static_cast<char>(below(256)));
                break;
            case 1:
                text.erase(at, 1 + below(8));
                break;
            case 2:
                text.resize(at);
                break;
            case 3: {  // a part of itself, or of another file
                const std::string from = below(2) != 0 ? other : text;
                text.insert(at, from.substr(below(from.size()), below(40)));
                break;
            }
            case 4:
                text.insert(at, kTokens[below(std::size(kTokens))]);
                break;
            case 5:  // a number that is not what it was
                if (at + 4 <= text.size()) text.replace(at, 4, kWords[below(std::size(kWords))]);
                break;
            default:
                if (at < text.size())
                    text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << below(8)));
                break;
        }
    }

    static constexpr std::string_view kTokens[] = {"null", "{}",   "[]",      "-1",  "1e999", "99999999999999999999",
                                                   "\"\"", "true", "\\u0000", "%2F", "../",   "\n"};
    static constexpr std::string_view kWords[] = {
        {"\0\0\0\0", 4}, {"\xff\xff\xff\xff", 4}, {"\x7f\xff\xff\xff", 4}, {"\xff\xff\xff\x7f", 4}, {"\x80\0\0\0", 4}};

    const std::vector<std::string>& corpus_;
    std::mt19937_64 random_;
};

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void run(std::string_view name, std::string input) {
    std::snprintf(current_name, sizeof current_name, "\nfuzz: the input was %.*s; it is in %s\n",
                  static_cast<int>(name.size()), name.data(), crash_file);
    current_input = std::move(input);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current_input.data()), current_input.size());
}

int replay(const std::filesystem::path& corpus, std::uint64_t runs, std::uint64_t seed) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(corpus))
        files[entry.path().filename().string()] = read_file(entry.path());
    if (files.empty()) {
        std::fprintf(stderr, "fuzz: the corpus %s is empty\n", corpus.c_str());
        return 1;
    }
    std::vector<std::string> texts;
    for (const auto& [name, text] : files) texts.push_back(text);
    std::printf("fuzz: %zu files, %llu mutations of each, seed %llu\n", files.size(),
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
    for (const auto& [name, text] : files) {
        run(name, text);
        for (std::uint64_t k = 1; k <= runs; ++k) {
            const std::uint64_t mixed = std::hash<std::string>{}(name) ^ (seed * 0x9e3779b97f4a7c15U) ^ k;
            run(name + ", seed " + std::to_string(seed) + ", mutation " + std::to_string(k),
                Mutator(texts, mixed).mutate(text));
        }
    }
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    std::uint64_t runs = 3000, seed = 1;
    std::filesystem::path path;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--runs" && i + 1 < count)
            runs = std::strtoull(arguments[++i], nullptr, 10);
        else if (argument == "--seed" && i + 1 < count)
            seed = std::strtoull(arguments[++i], nullptr, 10);
        else
            path = argument;
    }
    if (path.empty()) return 2;
    lagoa::log::configure(lagoa::log::Level::kOff, lagoa::log::Format::kAuto);  // damage is what it is about
    std::snprintf(crash_file, sizeof crash_file, "crash-%s", std::filesystem::path(arguments[0]).filename().c_str());
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(report_crash);
    } else {
        for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_signal);
    }
    if (std::filesystem::is_directory(path)) return replay(path, runs, seed);
    run(path.string(), read_file(path));
    return 0;
}
