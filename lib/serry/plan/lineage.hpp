#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/plan/split.hpp"

namespace serry {

enum class Dependency : std::uint8_t {
    none,    ///< a source: no parents
    narrow,  ///< partition p of the result needs partition p of the parent alone
    wide,  ///< a partition of the result may need all of the parent: an exchange, and a stage's end
};

/// Numbers a job's transformations in the order in which the program records them. Every rank runs
/// the same program, so every rank counts alike; the fingerprint is how a rank that does not is
/// found out.
struct Lineage {
    std::uint32_t next_id = 0;
    std::uint64_t fingerprint = 0;

    /// What was recorded since the ranks last agreed, to name the step at which they part.
    struct Step {
        std::uint64_t fingerprint = 0;  ///< of all up to here
        std::string name;
        CallSite at;
    };
    std::vector<Step> unagreed;

    /// Ids of the steps that are still there. The steps keep it, as they may outlive the lineage.
    std::shared_ptr<std::unordered_set<std::uint32_t>> live =
        std::make_shared<std::unordered_set<std::uint32_t>>();
};

/// One lazily recorded step: a vertex of the lineage. Owned by the datasets and the later steps
/// that need it. The typed part (what it does to records) is in stage/; this is what planning
/// needs.
class Transformation {
public:
    struct Recorded {
        std::string name;
        CallSite at;
        Dependency dependency;
        std::vector<std::shared_ptr<Transformation>> parents;
        /// Anything else that must agree over the ranks: counts, content of literals.
        std::uint64_t argument_fingerprint = 0;
        /// For sources and wide steps: asked for by the program; 0 leaves it to the planner.
        std::uint64_t partition_count = 0;
    };

    Transformation(Lineage& lineage, Recorded recorded);
    virtual ~Transformation();
    Transformation(Transformation const&) = delete;
    Transformation& operator=(Transformation const&) = delete;

    std::uint32_t id() const { return id_; }
    std::string const& name() const { return recorded_.name; }
    CallSite at() const { return recorded_.at; }
    Dependency dependency() const { return recorded_.dependency; }
    /// In order; null where an input is held and what came before it forgotten.
    std::vector<std::shared_ptr<Transformation>> const& parents() const {
        return recorded_.parents;
    }
    std::uint64_t asked_partition_count() const { return recorded_.partition_count; }
    /// Of this step and all before it.
    std::uint64_t fingerprint() const { return fingerprint_; }
    /// "reduce_by_key (word_count.cpp:12)".
    std::string label() const { return name() + " (" + to_string(at()) + ')'; }

    /// Sources only, and called on rank 0 alone, once: cut the input. Throws InputError.
    virtual SplitList list_splits(SplitRequest const& request) const;

    /// Whether what this step needs of an input (of parents()[input]) is held by the ranks, so that
    /// nothing before it need run (again).
    virtual bool holds_input(std::size_t) const { return false; }
    /// Whether all inputs are held.
    bool is_available() const;

    /// Whether partitions are ranges of the hash of the records' keys, and records lie in WireOrder
    /// in them.
    virtual bool is_hash_partitioned() const { return false; }
    /// Wide steps: whether an input that is hash-partitioned already, into as many partitions as
    /// the result is to have, can stay where it is.
    virtual bool can_use_in_place() const { return false; }

    /// What the plan decided, set on every rank alike. No partitions before it.
    Placement const& placement() const { return placement_; }
    std::uint64_t partition_count() const { return placement_.partition_count(); }
    void set_placement(Placement placement) { placement_ = std::move(placement); }
    void set_partition_count(std::uint64_t count) { placement_ = Placement(count); }
    /// Of a wide step: whether an input needs no exchange.
    bool is_in_place(std::size_t input) const {
        return input < in_place_.size() && in_place_[input];
    }
    std::vector<bool> const& in_place() const { return in_place_; }
    void set_in_place(std::vector<bool> inputs) { in_place_ = std::move(inputs); }
    SplitList const& splits() const { return splits_; }
    void set_splits(SplitList splits);

protected:
    /// Drop the steps before this one: they are not needed once what it needs of them is held.
    void forget_parent(std::size_t input) { recorded_.parents[input].reset(); }

private:
    Recorded recorded_;
    std::uint32_t id_;
    std::shared_ptr<std::unordered_set<std::uint32_t>> live_;
    std::uint64_t fingerprint_;
    Placement placement_;
    std::vector<bool> in_place_;
    SplitList splits_;
};

}  // namespace serry
