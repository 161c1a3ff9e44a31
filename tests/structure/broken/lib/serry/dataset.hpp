#pragma once

template <typename T>
class Dataset : public Sampling<T> {
public:
    // Takes no call site: promises nothing.
    int step() const;
};
