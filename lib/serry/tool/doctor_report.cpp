#include "serry/tool/doctor_report.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "serry/base/json_text.hpp"

namespace serry {
namespace {

using State = Finding::State;

/// A node this much slower than the median is one.
constexpr double slow = 0.6;

char const* name_of(State state) {
    switch (state) {
        case State::good:
            return "good";
        case State::warning:
            return "warning";
        case State::bad:
            break;
    }
    return "bad";
}

/// Of one subject on all ranks, in the order of ranks.
std::vector<std::pair<Examination const*, Finding const*>> of_subject(
    std::vector<Examination> const& ranks,
    std::string const& subject) {
    std::vector<std::pair<Examination const*, Finding const*>> found;
    for (Examination const& rank : ranks)
        for (Finding const& one : rank.findings)
            if (one.subject == subject) found.emplace_back(&rank, &one);
    return found;
}

/// In the order in which they were looked at.
std::vector<std::string> subjects_of(std::vector<Examination> const& ranks) {
    std::vector<std::string> subjects;
    for (Examination const& rank : ranks)
        for (Finding const& one : rank.findings)
            if (std::find(subjects.begin(), subjects.end(), one.subject) == subjects.end())
                subjects.push_back(one.subject);
    return subjects;
}

/// "n1, n2 and 3 more".
std::string some_of(std::set<std::string> const& nodes) {
    constexpr std::size_t most = 4;
    std::vector<std::string> const all(nodes.begin(), nodes.end());
    if (all.size() <= most) return fmt::format("{}", fmt::join(all, ", "));
    return fmt::format("{} and {} more", fmt::join(all.begin(), all.begin() + most, ", "),
                       all.size() - most);
}

/// A finding, and the nodes that have it.
struct Line {
    Finding finding;
    std::set<std::string> nodes;
};

/// What is told of a subject: the worst first. What is mended alike is told once, as the first rank
/// saw it.
std::vector<Line> lines_of(std::vector<Examination> const& ranks, std::string const& subject) {
    std::vector<Line> lines;
    for (auto const& rank_and_finding : of_subject(ranks, subject)) {
        Finding const& found = *rank_and_finding.second;
        std::string const& node = rank_and_finding.first->node;
        auto const same = std::find_if(lines.begin(), lines.end(), [&](Line const& line) {
            return line.finding.state == found.state && line.finding.remedy == found.remedy;
        });
        if (same == lines.end())
            lines.push_back({found, {node}});
        else
            same->nodes.insert(node);
    }
    std::stable_sort(lines.begin(), lines.end(), [](Line const& a, Line const& b) {
        return a.finding.state > b.finding.state;
    });
    return lines;
}

void put_text(std::string& text, Line const& line, std::size_t node_count) {
    Finding const& found = line.finding;
    text += fmt::format("{:<8} {:<14} {}", name_of(found.state), found.subject, found.seen);
    if (node_count > 1 && line.nodes.size() < node_count)
        text += fmt::format(" (on {})", some_of(line.nodes));
    text += '\n';
    if (found.state == State::good) return;
    text += fmt::format("{:<8} {:<14} {}\n", "", "  expected", found.expected);
    text += fmt::format("{:<8} {:<14} {}\n", "", "  do", found.remedy);
}

std::string to_json(Line const& line) {
    Finding const& found = line.finding;
    std::vector<std::string> nodes;
    nodes.reserve(line.nodes.size());
    for (std::string const& node : line.nodes) nodes.push_back(json_text(node));
    return fmt::format(
        R"({{"subject":{},"state":"{}","seen":{},"expected":{},"remedy":{},"nodes":[{}]}})",
        json_text(found.subject), name_of(found.state), json_text(found.seen),
        json_text(found.expected), json_text(found.remedy), fmt::join(nodes, ","));
}

double upper_median_of(std::vector<double> figures) {
    auto const middle = figures.begin() + static_cast<std::ptrdiff_t>(figures.size() / 2);
    std::nth_element(figures.begin(), middle, figures.end());
    return *middle;
}

/// By what was measured of a subject.
std::vector<Finding> slow_nodes(std::vector<Examination> const& ranks, std::string const& subject) {
    auto const found = of_subject(ranks, subject);
    std::vector<double> figures;
    for (auto const& [rank, one] : found)
        if (one->figure > 0) figures.push_back(one->figure);
    if (figures.size() < 3) return {};
    double const median = upper_median_of(std::move(figures));
    std::map<std::string, double> slow_by_node;
    for (auto const& [rank, one] : found)
        if (one->figure > 0 && one->figure < slow * median) slow_by_node[rank->node] = one->figure;
    std::vector<Finding> findings;
    findings.reserve(slow_by_node.size());
    for (auto const& [node, figure] : slow_by_node)
        findings.push_back(
            {State::warning, "slow node",
             fmt::format("{}: {} at {:.2f} of the median", node, subject, figure / median),
             "all nodes alike: every stage waits for the slowest",
             "leave it out (sbatch --exclude=" + node + "), and tell who runs it", 0});
    return findings;
}

/// Those that see something else than most do.
std::vector<Finding> odd_nodes(std::vector<Examination> const& ranks, std::string const& subject) {
    std::map<std::string, std::set<std::string>> nodes_by_seen;
    for (auto const& [rank, one] : of_subject(ranks, subject))
        nodes_by_seen[one->seen].insert(rank->node);
    if (nodes_by_seen.size() < 2) return {};
    auto const most = std::max_element(
        nodes_by_seen.begin(), nodes_by_seen.end(),
        [](auto const& a, auto const& b) { return a.second.size() < b.second.size(); });
    std::vector<Finding> findings;
    for (auto const& [seen, nodes] : nodes_by_seen)
        if (seen != most->first)
            findings.push_back({State::bad, "odd node",
                                fmt::format("{}: {} {}", some_of(nodes), subject, seen),
                                fmt::format("{}, as on most nodes", most->first),
                                "load the same modules on all nodes, in the job's script", 0});
    return findings;
}

}  // namespace

std::vector<Finding> compare_nodes(std::vector<Examination> const& ranks) {
    std::vector<Finding> findings;
    for (std::string const& subject : subjects_of(ranks))
        for (Finding& one : slow_nodes(ranks, subject)) findings.push_back(std::move(one));
    // Versions; other things may differ from node to node.
    for (char const* const subject : {"mpi", "hdf5"})
        for (Finding& one : odd_nodes(ranks, subject)) findings.push_back(std::move(one));
    return findings;
}

ToolReport describe(std::vector<Examination> const& ranks, bool as_json) {
    std::set<std::string> nodes;
    for (Examination const& rank : ranks) nodes.insert(rank.node);
    std::vector<Line> lines;
    for (std::string const& subject : subjects_of(ranks))
        for (Line& line : lines_of(ranks, subject)) lines.push_back(std::move(line));
    for (Finding& one : compare_nodes(ranks)) lines.push_back({std::move(one), nodes});
    std::uint64_t bad = 0, warnings = 0;
    for (Line const& line : lines) {
        bad += line.finding.state == State::bad;
        warnings += line.finding.state == State::warning;
    }
    if (as_json) {
        std::vector<std::string> findings;
        findings.reserve(lines.size());
        for (Line const& line : lines) findings.push_back(to_json(line));
        return {
            fmt::format(
                "{{\"ranks\":{},\"nodes\":{},\"bad\":{},\"warnings\":{},\"findings\":[\n{}]}}\n",
                ranks.size(), nodes.size(), bad, warnings, fmt::join(findings, ",\n")),
            bad == 0};
    }
    std::string text =
        fmt::format("{} rank{} on {} node{}\n", ranks.size(), ranks.size() == 1 ? "" : "s",
                    nodes.size(), nodes.size() == 1 ? "" : "s");
    for (Line const& line : lines) put_text(text, line, nodes.size());
    text += bad + warnings == 0 ? "nothing to do\n"
                                : fmt::format("{} bad, {} warnings\n", bad, warnings);
    return {text, bad == 0};
}

}  // namespace serry
