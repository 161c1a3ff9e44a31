#include "serry/exec/catalogue.hpp"

#include <algorithm>
#include <utility>

#include "serry/plan/visit.hpp"

namespace serry {
namespace {

constexpr std::size_t most_obsolete = 1;

Place place_of(Manifest const& manifest) {
    return serry::place_of(manifest.step_id, manifest.input);
}

}  // namespace

void Catalogue::add_found(Manifest manifest) {
    found_.insert(manifest.number);
    manifests_.push_back(std::move(manifest));
}

Manifest const* Catalogue::next_to_restore(Transformation const& target) const {
    std::unordered_map<Place, Manifest const*> available;
    for (Manifest const& manifest : manifests_)
        // Of several the newest, which comes last.
        if (found_.contains(manifest.number)) available[place_of(manifest)] = &manifest;
    std::vector<Transformation const*> rest{&target};
    std::unordered_set<std::uint32_t> seen{target.id()};
    while (!rest.empty()) {
        Transformation const& step = *rest.back();
        rest.pop_back();
        for (std::size_t input = 0; input < step.parents().size(); ++input) {
            if (step.holds_input(input)) continue;
            auto const found = available.find(serry::place_of(step.id(), input));
            if (found != available.end() && found->second->fingerprint == step.fingerprint())
                return found->second;
            Transformation const* const parent = step.parents()[input].get();
            if (seen.insert(parent->id()).second) rest.push_back(parent);
        }
    }
    return nullptr;
}

void Catalogue::add_restored(Manifest const& manifest) {
    found_.erase(manifest.number);
    committed_[place_of(manifest)] = manifest.number;
}

void Catalogue::drop_damaged(std::uint64_t number) {
    found_.erase(number);
    std::erase_if(manifests_, [&](Manifest const& one) { return one.number == number; });
}

void Catalogue::add_committed(Manifest manifest) {
    rests_on_.erase(place_of(manifest));
    committed_[place_of(manifest)] = manifest.number;
    manifest.packs = {};
    manifest.partitions = {};
    manifests_.push_back(std::move(manifest));
}

std::vector<std::uint64_t> Catalogue::bases_of(Transformation& last) const {
    std::unordered_set<std::uint64_t> numbers;
    visit_needed(last, [&](Transformation& step) {
        for (std::size_t input = 0; input < step.parents().size(); ++input) {
            if (!step.holds_input(input)) continue;
            Place const place = serry::place_of(step.id(), input);
            auto const committed = committed_.find(place);
            if (committed != committed_.end()) numbers.insert(committed->second);
            auto const rests_on = rests_on_.find(place);
            if (rests_on != rests_on_.end())
                numbers.insert(rests_on->second.begin(), rests_on->second.end());
        }
    });
    return {numbers.begin(), numbers.end()};
}

void Catalogue::add_held(Place place, std::vector<std::uint64_t> bases) {
    rests_on_[place] = std::move(bases);
}

std::vector<Manifest> Catalogue::take_obsolete(Lineage const& lineage) {
    auto const is_gone = [&](auto const& entry) { return !is_live(entry.first, lineage); };
    std::erase_if(committed_, is_gone);
    std::erase_if(rests_on_, is_gone);
    std::unordered_set<std::uint64_t> used;
    for (auto const& [place, number] : committed_) used.insert(number);
    for (auto const& [place, numbers] : rests_on_) used.insert(numbers.begin(), numbers.end());
    auto const is_obsolete = [&](Manifest const& one) { return !is_needed(one, used, lineage); };
    auto left =
        static_cast<std::size_t>(std::count_if(manifests_.begin(), manifests_.end(), is_obsolete));
    std::vector<Manifest> kept, obsolete;
    for (Manifest& one : manifests_) {
        bool const goes = is_obsolete(one) && left-- > most_obsolete;
        if (goes) found_.erase(one.number);
        (goes ? obsolete : kept).push_back(std::move(one));
    }
    manifests_ = std::move(kept);
    return obsolete;
}

/// Whether something rests on it, or it is of a step that is there or is yet to be recorded, and
/// may be restored.
bool Catalogue::is_needed(Manifest const& manifest,
                          std::unordered_set<std::uint64_t> const& used,
                          Lineage const& lineage) const {
    if (used.contains(manifest.number) || manifest.step_id >= lineage.next_id) return true;
    return found_.contains(manifest.number) && is_live(place_of(manifest), lineage);
}

}  // namespace serry
