// expect: does not satisfy 'Printable'|Printable<T>[^ ]* .with T = Visit
// A record that no rule and no TextFormat makes text of.
#include "serry/sink/text_format.hpp"

struct Visit {
    int page = 0;
};

void write(Visit const& visit, serry::ByteWriter& line) { serry::append_text(visit, line); }
