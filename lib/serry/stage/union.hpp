#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// union_with(): the partitions of all parents, one parent's behind the other's, each run where its
/// parent's is.
template <typename T>
class UnionTransformation final : public TypedTransformation<T> {
public:
    UnionTransformation(Lineage& lineage, CallSite at, std::vector<TypedPointer<T>> const& parents)
        : TypedTransformation<T>(lineage,
                                 {.name = "union_with",
                                  .at = at,
                                  .dependency = Dependency::narrow,
                                  .parents = {parents.begin(), parents.end()}}) {
        for (auto const& parent : parents) parents_.push_back(parent.get());
    }

    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<Reader>(parents_, pipeline.setting(), next);
    }

private:
    class Reader final : public PartitionReader {
    public:
        Reader(std::vector<TypedTransformation<T>*> const& parents,
               StageSetting const& setting,
               Consumer<T>& next) {
            for (TypedTransformation<T>* const parent : parents) {
                auto& part = parts_.emplace_back(std::make_unique<Part>(setting));
                part->partition_count = parent->partition_count();
                parent->attach(part->pipeline, next);
            }
        }

        void read(TaskContext& task) override {
            Partition const whole = task.partition();
            std::uint64_t index = whole.index;
            auto part = parts_.begin();
            for (; index >= (*part)->partition_count; ++part) index -= (*part)->partition_count;
            task.set_partition({index, (*part)->partition_count});
            (*part)->pipeline.run(task);
            task.set_partition(whole);
        }
        std::uint64_t spilled_bytes() const override {
            std::uint64_t bytes = 0;
            for (auto const& part : parts_) bytes += part->pipeline.spilled_bytes();
            return bytes;
        }
        void commit() override {
            for (auto const& part : parts_) part->pipeline.commit();
        }

    private:
        struct Part {
            explicit Part(StageSetting const& setting) : pipeline(setting) {}
            Pipeline pipeline;
            std::uint64_t partition_count = 0;
        };
        std::vector<std::unique_ptr<Part>> parts_;
    };

    std::vector<TypedTransformation<T>*> parents_;
};

}  // namespace serry
