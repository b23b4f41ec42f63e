// A private PostgreSQL for tests, where one is installed: the sample's cluster, empty, and its owner's
// connection. Header only; the test links lagoa_sample and libpq.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "sample/impl/private_cluster.h"

namespace lagoa::test {

class PostgresServer {
public:
    /// kNotFound: none is installed.
    static Result<std::unique_ptr<PostgresServer>> start() {
        auto cluster = LAGOA_TRY(sample::PrivateCluster::start());
        return std::unique_ptr<PostgresServer>(new PostgresServer(std::move(cluster)));
    }

    std::string conninfo() const { return cluster_->owner_conninfo("postgres"); }

    /// As the owner, each call a transaction of its own.
    Result<> execute(const std::string& sql) {
        const std::unique_ptr<PGconn, Finish> connection(PQconnectdb(conninfo().c_str()));
        const std::unique_ptr<PGresult, Clear> answer(PQexec(connection.get(), sql.c_str()));
        if (const auto status = PQresultStatus(answer.get()); status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
            return {};
        return fail(ErrorCode::kInvalidArgument, "{}", PQerrorMessage(connection.get()));
    }

private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    explicit PostgresServer(std::unique_ptr<sample::PrivateCluster> cluster) : cluster_(std::move(cluster)) {}

    std::unique_ptr<sample::PrivateCluster> cluster_;
};

}  // namespace lagoa::test
