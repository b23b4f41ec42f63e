// `lagoa tag`: names for lake versions, which keep them for good.
#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/cut.h"
#include "app/output.h"
#include "app/result_printer.h"

namespace lagoa::app {
namespace {

struct Tag {
    std::string name;
    std::uint64_t lake_version = 0;
    Instant time;  ///< Of the lake version.
};

json::Object to_json(const Tag& tag) {
    return json::make_object(
        {{"tag", tag.name}, {"lake_version", tag.lake_version}, {"time", format_instant(tag.time)}});
}

class TagVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command =
            app.add_subcommand("tag", "Name a lake version, which is kept for good; without NAME or with ls, list");
        command->add_option("NAME", name_, "e.g. close-2026-09; ls: list");
        command->add_option("--at", at_, "The lake version: v12, a day, an instant or tag:NAME")
            ->default_str("the newest");
        command->add_flag("--delete", delete_, "Take the name away: the version is kept as long as any other");
        command->add_flag("--json", json_, "Print as JSON");
        command->footer("Example: lagoa tag close-2026-09 --at 2026-09-30");
    }

    Result<> run(const Invocation& invocation) override {
        const bool lists = name_.empty() || name_ == "ls";
        if (delete_ && (lists || !at_.empty()))
            return fail_with_hint(ErrorCode::kInvalidArgument, "lagoa tag NAME --delete",
                                  "--delete takes the name of a tag, and nothing else");
        if (lists && !at_.empty())
            return fail_with_hint(ErrorCode::kInvalidArgument, "lagoa tag NAME --at v12", "a tag needs a name");
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const LakeVersion latest = LAGOA_TRY(lake->log().latest());
        if (lists) return list(lake->log(), latest);
        return delete_ ? remove(lake->log(), latest) : make(*workspace, lake->log(), latest);
    }

private:
    Result<> list(LakeLog& log, const LakeVersion& latest) const {
        json::Array array;
        std::vector<std::vector<std::string>> rows;
        for (const auto& [name, version] : latest.tags) {
            const Tag tag{name, version, LAGOA_TRY(log.at(version), "reading tag {}", name).time};
            array.push_back(to_json(tag));
            rows.push_back({name, fmt::format("v{}", version), format_instant(tag.time).substr(0, 19) + "Z"});
        }
        if (json_)
            print_json(json::Value(std::move(array)), stdout);
        else
            print_table({"tag", "lake version", "time"}, rows, stdout);
        return {};
    }

    Result<> remove(LakeLog& log, const LakeVersion& latest) const {
        const LakeVersion tagged = LAGOA_TRY(log.resolve("tag:" + name_, "UTC"));
        LAGOA_TRY(log.publish({.dropped_tags = {name_}}, latest, ""));
        print({name_, tagged.version, tagged.time}, "is no longer");
        return {};
    }

    Result<> make(Workspace& workspace, LakeLog& log, const LakeVersion& latest) const {
        const LakeVersion wanted = at_.empty() ? latest : LAGOA_TRY(log.resolve(at_, workspace.project().time_zone));
        if (wanted.version == 0)
            return fail_with_hint(ErrorCode::kNotFound, "lagoa publish", "there is no lake version to tag");
        if (const auto there = latest.tags.find(name_); there != latest.tags.end() && there->second != wanted.version)
            return fail_with_hint(ErrorCode::kAlreadyExists, fmt::format("lagoa tag {} --delete, then again", name_),
                                  "tagging lake version {} as {}: that is the tag of lake version {}", wanted.version,
                                  name_, there->second);
        LAGOA_TRY(log.publish({.tags = {{name_, wanted.version}}}, latest, ""));
        print({name_, wanted.version, wanted.time}, "is");
        return {};
    }

    void print(const Tag& tag, std::string_view verb) const {
        if (json_) return print_json(json::Value(to_json(tag)), stdout);
        say(stdout, "{} {} lake version {} of {}\n", tag.name, verb, tag.lake_version,
            format_instant(tag.time).substr(0, 19) + "Z");
    }

    std::string name_;
    std::string at_;
    bool delete_ = false;
    bool json_ = false;
};

}  // namespace

void add_tag_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<TagVerb>());
}

}  // namespace lagoa::app
