#!/usr/bin/env bash
# Installs what the build and the tests need and this machine lacks. Says nothing when nothing is missing.
#
# Debian packages by apt-get; DuckDB's static libraries out of a Go module, its C++ headers out of a crate, its
# PostgreSQL extension out of a wheel: all three of one version, checked by SHA-256, laid under .deps/. Spark with
# Delta, which reads and writes our tables in the tests, in an environment of its own: .deps/spark. Versity's S3
# gateway, the S3 server of the tests, built by go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deps=$PWD/.deps
duckdb=1.5.5
go_module=github.com/duckdb/duckdb-go-bindings/lib/linux-amd64
go_version=v0.10505.0
crate_version=1.10505.0
versitygw=v1.8.0

packages=(
    g++ cmake ninja-build ccache mold git python3 python3-venv ca-certificates
    libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev libcurl4-openssl-dev
    libsimdjson-dev libroaring-dev libyaml-cpp-dev libxml2-dev libsqlite3-dev libfmt-dev libspdlog-dev libcli11-dev
    libgtest-dev libgmock-dev libpq-dev postgresql-15 postgresql-client-15 tzdata unzip
    openjdk-17-jre-headless maven
)

missing_tools=()
cannot() { printf 'setup: cannot get %s: %s\n' "$1" "$2" >&2; missing_tools+=("$1"); }

installed() { dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

setup_packages() {
    local wanted=()
    for package in "${packages[@]}"; do installed "$package" || wanted+=("$package"); done
    [ ${#wanted[@]} -eq 0 ] && return
    echo "setup: installing ${wanted[*]}" >&2
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq || true
    # postgresql-15 would start a cluster of its own: the project starts private ones only.
    if ! installed postgresql-common; then
        "${as_root[@]}" mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >&2 ||
        for package in "${wanted[@]}"; do installed "$package" || cannot "the Debian package $package" "apt-get install failed"; done
}

setup_libraries() {
    local to=$deps/duckdb-$duckdb/lib
    [ -e "$to/.complete" ] && return
    command -v go >/dev/null || { cannot "DuckDB's libraries" "no go on PATH to fetch the Go module $go_module@$go_version"; return; }
    echo "setup: DuckDB $duckdb libraries" >&2
    local scratch
    scratch=$(mktemp -d)
    printf 'module setup\ngo 1.21\n' >"$scratch/go.mod"
    # go checks the module against its checksum database and go.sum line below.
    printf '%s %s h1:%s\n' "$go_module" "$go_version" 'nrsaVYj3XYCRbS2FpdOMD/KHE7egRMr+/NR1IHmjT84=' >"$scratch/go.sum"
    local folder
    if folder=$(cd "$scratch" && GOFLAGS=-mod=mod go mod download -json "$go_module@$go_version" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])'); then
        mkdir -p "$to"
        install -m 644 "$folder"/*.a "$to/"
        touch "$to/.complete"
    else
        cannot "DuckDB's libraries" "go mod download $go_module@$go_version failed"
    fi
    rm -rf "$scratch"
}

setup_headers() {
    local to=$deps/duckdb-$duckdb/include
    [ -e "$to/.complete" ] && return
    command -v cargo >/dev/null || { cannot "DuckDB's headers" "no cargo on PATH to fetch the crate libduckdb-sys $crate_version"; return; }
    echo "setup: DuckDB $duckdb headers" >&2
    local scratch
    scratch=$(mktemp -d)
    mkdir -p "$scratch/src"
    : >"$scratch/src/lib.rs"
    printf '[package]\nname = "setup"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nlibduckdb-sys = "=%s"\n' "$crate_version" >"$scratch/Cargo.toml"
    local archive=
    if (cd "$scratch" && cargo vendor --quiet vendored >/dev/null 2>&1); then archive=$scratch/vendored/libduckdb-sys/duckdb.tar.gz; fi
    if [ -e "${archive:-/nonexistent}" ]; then
        mkdir -p "$to"
        tar -xzf "$archive" -C "$to" --strip-components=3 duckdb/src/include
        touch "$to/.complete"
    else
        cannot "DuckDB's headers" "cargo vendor of libduckdb-sys $crate_version failed"
    fi
    rm -rf "$scratch"
}

setup_extension() {
    local to=$deps/duckdb-$duckdb/extensions
    [ -e "$to/postgres_scanner.duckdb_extension" ] && return
    echo "setup: DuckDB $duckdb PostgreSQL extension" >&2
    local scratch
    scratch=$(mktemp -d)
    if "$deps/python/bin/pip" download -q --disable-pip-version-check --no-deps --require-hashes -d "$scratch" -r scripts/requirements-engine.txt >&2; then
        unzip -q -o "$scratch"/*.whl -d "$scratch"
        mkdir -p "$to"
        local found
        found=$(find "$scratch" -name 'postgres_scanner.duckdb_extension*' | head -n 1)
        case "$found" in
            *.gz) gunzip -c "$found" >"$to/postgres_scanner.duckdb_extension.tmp" ;;
            *) cp "$found" "$to/postgres_scanner.duckdb_extension.tmp" ;;
        esac
        mv "$to/postgres_scanner.duckdb_extension.tmp" "$to/postgres_scanner.duckdb_extension"
    else
        cannot "the PostgreSQL extension" "pip download of scripts/requirements-engine.txt failed"
    fi
    rm -rf "$scratch"
}

# The peers that read our tables in the tests, in an environment of their own.
setup_python() {
    [ -e "$deps/python/.complete-2" ] && return
    echo "setup: Python packages for the tests" >&2
    python3 -m venv "$deps/python" && "$deps/python/bin/pip" install -q --disable-pip-version-check -r scripts/requirements-test.txt >&2 &&
        touch "$deps/python/.complete-2" || cannot "the tests' Python packages" "pip install -r scripts/requirements-test.txt failed"
}

# Spark's Delta comes as jars of Maven, with the modules of its own that it loads; the rest Spark has.
spark_jars() {
    local scratch=$1 artifact group name version
    {
        echo '<project><modelVersion>4.0.0</modelVersion><groupId>setup</groupId><artifactId>setup</artifactId><version>0</version>'
        echo '<packaging>pom</packaging><dependencies>'
        for artifact in io.delta:{delta-spark_4.2_2.13,delta-storage,delta-kernel-api,delta-kernel-defaults,delta-kernel-unitycatalog}:4.4.0 \
            io.unitycatalog:unitycatalog-{client,hadoop}:0.6.0; do
            IFS=: read -r group name version <<<"$artifact"
            printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' "$group" "$name" "$version"
        done
        echo '</dependencies></project>'
    } >"$scratch/pom.xml"
    mvn -q -B -f "$scratch/pom.xml" dependency:copy-dependencies -DexcludeTransitive=true -DoutputDirectory="$scratch/jars" >&2 &&
        (cd "$scratch/jars" && sha256sum --quiet -c "$deps/../scripts/spark-jars.sha256" >&2)
}

setup_spark() {
    local to=$deps/spark
    [ -e "$to/.complete-1" ] && return
    echo "setup: Spark and Delta for the tests" >&2
    local scratch
    scratch=$(mktemp -d)
    if ! spark_jars "$scratch"; then
        cannot "Delta's jars for Spark" "mvn dependency:copy-dependencies or their SHA-256 failed"
    elif ! { python3 -m venv "$to/python" && "$to/python/bin/pip" install -q --disable-pip-version-check --require-hashes -r scripts/requirements-interop.txt >&2; }; then
        cannot "Spark" "pip install -r scripts/requirements-interop.txt failed"
    else
        rm -rf "$to/jars"
        mv "$scratch/jars" "$to/jars"
        touch "$to/.complete-1"
    fi
    rm -rf "$scratch"
}

# The S3 server of the tests: go checks its source, and that of all it is built from, against the checksum database.
setup_s3_server() {
    local to=$deps/versitygw
    [ -e "$to/.complete-$versitygw" ] && return
    command -v go >/dev/null || { cannot "the S3 server of the tests" "no go on PATH to build github.com/versity/versitygw@$versitygw"; return; }
    echo "setup: versitygw $versitygw, the S3 server of the tests" >&2
    if CGO_ENABLED=0 GOBIN=$to go install "github.com/versity/versitygw/cmd/versitygw@$versitygw" >&2; then
        touch "$to/.complete-$versitygw"
    else
        cannot "the S3 server of the tests" "go install github.com/versity/versitygw/cmd/versitygw@$versitygw failed"
    fi
}

setup_packages
setup_python # its pip fetches the extension: Debian's python3 has none
setup_libraries
setup_headers
setup_extension
setup_spark
setup_s3_server
if [ ${#missing_tools[@]} -gt 0 ]; then
    echo "setup: incomplete; see the lines above" >&2
    exit 4
fi
