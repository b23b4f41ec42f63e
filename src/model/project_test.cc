// Goal: a project folder loads with its defaults, and a bad file is refused with file, line and field.
// Method: small projects written to a temporary folder.
#include "model/project.h"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/id.h"

namespace lagoa {
namespace {

namespace fs = std::filesystem;

class ProjectFolder : public testing::Test {
protected:
    ~ProjectFolder() override { fs::remove_all(root_); }

    void write(const std::string& file, const std::string& text) {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
    }

    Result<Project> load() {
        return load_project(root_, [](std::string_view name) -> std::optional<std::string> {
            if (name == "LAKE") return "/srv/lake";
            return std::nullopt;
        });
    }

    fs::path root_ = fs::temp_directory_path() / ("lagoa-project-" + new_uuid());
};

TEST_F(ProjectFolder, HasZonesUnderTheLakeUnlessTheyAreElsewhere) {
    write("lagoa.yaml", "name: b3\nlake: ${LAKE}\nzones: {bronze: ../bronze}\nengine: {memory_limit_mb: 512}\n");
    write("sources/a.yaml", "kind: http\n");
    write("pipelines/daily.asl.json", "{}");
    write("jobs/silver.sql", "select 1");
    const auto project = load().value();
    EXPECT_EQ(project.zones.at("silver"), "/srv/lake/silver");
    EXPECT_EQ(project.zones.at("bronze"), (fs::canonical(root_).parent_path() / "bronze").string());
    EXPECT_EQ(project.memory_limit_bytes, std::uint64_t{512} << 20);
    EXPECT_TRUE(project.sources.contains("a"));
    EXPECT_TRUE(project.pipelines.contains("daily"));
    EXPECT_TRUE(project.sql_jobs.contains("silver"));
}

TEST_F(ProjectFolder, ReachesBucketsAsItSays) {
    write("lagoa.yaml",
          "name: b3\nlake: s3://lake/b3/\nzones: {bronze: 's3://raw'}\n"
          "s3: {endpoint: '${S3:-http://127.0.0.1:7070}', region: sa-east-1, path_style: true}\n");
    const auto project = load().value();
    EXPECT_EQ(project.lake_root, "s3://lake/b3/");
    EXPECT_EQ(project.zones.at("gold"), "s3://lake/b3/gold");
    EXPECT_EQ(project.zones.at("bronze"), "s3://raw");
    EXPECT_EQ(project.s3.endpoint, "http://127.0.0.1:7070");
    EXPECT_EQ(project.s3.region, "sa-east-1");
    EXPECT_EQ(project.s3.path_style, true);
    write("lagoa.yaml", "name: b3\n");
    EXPECT_EQ(load().value().s3.endpoint, std::nullopt);
    for (const char* bad : {"s3: {secret_key: x}", "s3: {path_style: 'yes'}", "s3: {endpoint: 7}"}) {
        write("lagoa.yaml", std::string("name: b3\n") + bad + "\n");
        EXPECT_EQ(load().error().code, ErrorCode::kInvalidConfig) << bad;
    }
}

TEST_F(ProjectFolder, NamesFileLineAndField) {
    write("lagoa.yaml", "name: b3\n\nengine:\n  memori_limit_mb: 4\n");
    const auto project = load();
    ASSERT_FALSE(project.has_value());
    EXPECT_EQ(project.error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(project.error().message, "lagoa.yaml:4: /engine/memori_limit_mb: no such field");
    EXPECT_NE(project.error().hint.find("memory_limit_mb"), std::string::npos);
}

TEST_F(ProjectFolder, RefusesLimitsAndNamesThatAreNone) {
    for (const auto* settings : {"engine: {threads: 0}", "retain_days: 0", "retain_days: 36501", "retain_days: 1.5"}) {
        write("lagoa.yaml", fmt::format("name: b3\n{}\n", settings));
        EXPECT_EQ(load().error().code, ErrorCode::kInvalidConfig) << settings;
    }
    write("lagoa.yaml", "name: b3\n");
    write("sources/My Source.yaml", "kind: http\n");
    EXPECT_EQ(load().error().code, ErrorCode::kInvalidConfig);
}

TEST_F(ProjectFolder, IsFoundFromAFolderBelow) {
    write("lagoa.yaml", "name: b3\n");
    fs::create_directories(root_ / "a/b");
    EXPECT_EQ(find_project(root_ / "a/b").value(), root_);
    EXPECT_EQ(find_project("/").error().code, ErrorCode::kNotFound);
}

TEST(Environment, ExpandsDefaultsEscapesAndNamesWhatIsMissing) {
    const Environment environment = [](std::string_view name) -> std::optional<std::string> {
        if (name == "TOKEN") return "s3cret";
        if (name == "EMPTY") return "";
        return std::nullopt;
    };
    std::map<std::string, std::string> used;
    const auto expanded = expand_environment(
        json::parse(R"(["a${TOKEN}b","${NONE:-x:-y}","${EMPTY:-d}","$${TOKEN}"])").value(), environment, &used);
    EXPECT_EQ(json::dump(expanded.value()), R"(["as3cretb","x:-y","d","${TOKEN}"])");
    EXPECT_EQ(used.at("TOKEN"), "s3cret");
    for (const auto* bad : {R"("${NONE}")", R"("${TOKEN")", R"("${a-b}")"})
        EXPECT_EQ(expand_environment(json::parse(bad).value(), environment).error().code, ErrorCode::kInvalidConfig)
            << bad;
}

}  // namespace
}  // namespace lagoa
