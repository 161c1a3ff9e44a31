#pragma once

template <typename T>
class Sampling {
public:
    /// Some of the records. Throws: said within a line does not count.
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    Dataset<T> sample(double fraction, CallSite at = CallSite::here()) const;

private:
    void hidden(CallSite at = CallSite::here()) const;
};
