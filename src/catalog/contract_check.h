// Contracts executed: a relation of a session held to its contract.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "model/contract.h"

namespace lagoa {

/// The SELECT that gives `select`'s columns their contract's order and types. kDataRejected names columns
/// that the contract has and the rows lack, or the other way round.
Result<std::string> conform(Session& session, std::string_view select, const Contract& contract);

/// An SQL expression over the contract's columns: the rules a row breaks as JSON text
/// (`[{"rule":"required","column":"close","value":null,"message":…}]`), NULL for a row that is right.
std::string verdict_expression(const Contract& contract);

/// Runs the table rules on `relation` (an SQL name standing for the table). kDataRejected names the first broken
/// rule of severity error, its count and what was promised; warnings are logged.
Result<> check_rules(Session& session, const Contract& contract, std::string_view relation);

}  // namespace lagoa
