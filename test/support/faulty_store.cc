#include "support/faulty_store.h"

namespace lagoa::test {

template <class T>
Result<T> FaultyStore::mutate(std::string_view what, auto&& operation) {
    const int number = ++operations_;
    const bool hit = number == fault_.at;
    if (fault_.kind == Kind::kCrash) LAGOA_TRY(alive(what));
    if (hit && fault_.kind == Kind::kFail) return fail(fault_.code, "{}: injected failure {}", what, number);
    Result<T> result = operation();
    if (hit && fault_.kind == Kind::kOutcomeUnknown)
        return fail(fault_.code, "{}: injected loss of answer {}", what, number);
    return result;
}

Result<> FaultyStore::alive(std::string_view what) const {
    if (fault_.kind == Kind::kCrash && operations_ >= fault_.at)
        return fail(fault_.code, "{}: the process died at operation {}", what, fault_.at);
    return {};
}

class FaultyStore::Writer final : public ObjectWriter {
public:
    Writer(FaultyStore& store, std::unique_ptr<ObjectWriter> inner) : store_(store), inner_(std::move(inner)) {}

    Result<> append(std::string_view bytes) override {
        return store_.mutate<void>("append", [&] { return inner_->append(bytes); });
    }
    Result<> close() override {
        return store_.mutate<void>("close", [&] { return inner_->close(); });
    }
    std::uint64_t size_bytes() const override { return inner_->size_bytes(); }

private:
    FaultyStore& store_;
    std::unique_ptr<ObjectWriter> inner_;
};

Result<std::string> FaultyStore::get(std::string_view key) {
    LAGOA_TRY(alive("get"));
    return inner_.get(key);
}

Result<std::string> FaultyStore::get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) {
    LAGOA_TRY(alive("get_range"));
    return inner_.get_range(key, offset, length);
}

Result<ObjectInfo> FaultyStore::head(std::string_view key) {
    LAGOA_TRY(alive("head"));
    return inner_.head(key);
}

Result<> FaultyStore::put(std::string_view key, std::string_view bytes) {
    return mutate<void>("put", [&] { return inner_.put(key, bytes); });
}

Result<> FaultyStore::put_if_absent(std::string_view key, std::string_view bytes) {
    return mutate<void>("put_if_absent", [&] { return inner_.put_if_absent(key, bytes); });
}

Result<std::unique_ptr<ObjectWriter>> FaultyStore::writer(std::string_view key) {
    auto inner = LAGOA_TRY(mutate<std::unique_ptr<ObjectWriter>>("writer", [&] { return inner_.writer(key); }));
    return std::make_unique<Writer>(*this, std::move(inner));
}

Result<std::vector<ObjectInfo>> FaultyStore::list(std::string_view prefix, std::string_view after) {
    LAGOA_TRY(alive("list"));
    return inner_.list(prefix, after);
}

Result<> FaultyStore::remove(std::string_view key) {
    return mutate<void>("remove", [&] { return inner_.remove(key); });
}

}  // namespace lagoa::test
