#include "app/cut.h"

namespace lagoa::app {

Result<Cut> resolve_cut(Workspace& workspace, const std::string& text) {
    const std::string name = text.starts_with('@') ? text.substr(1) : text;
    if (name == "published") return Cut{.pins = {}};
    if (name == "head") return Cut{.base = Cut::Base::kHead, .pins = {}};
    Lake* lake = LAGOA_TRY(workspace.lake());
    const LakeVersion version = LAGOA_TRY(lake->log().resolve(text, workspace.project().time_zone));
    return Cut{.base = Cut::Base::kVersion, .lake_version = version.version, .pins = {}};
}

}  // namespace lagoa::app
