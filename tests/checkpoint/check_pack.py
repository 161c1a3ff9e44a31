"""Opens a pack with h5py, and compares it with what checkpoint/pack_test.cpp put into it: check_pack.py FILE."""
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1]) as file:
    assert file.attrs["serry_pack"] == 1
    assert file.attrs["job"].decode() == "65a3f-1f", file.attrs["job"]
    assert [file.attrs[name] for name in ("checkpoint", "attempt", "rank")] == [12, 3, 4]
    assert file["blob"].dtype == np.uint8
    partitions, blocks, blob = file["partitions"][:], file["blocks"][:], file["blob"][:]

# number, first block, blocks, records, plain bytes
assert partitions.tolist() == [[10, 0, 2, 0, 9], [11, 2, 0, 100, 0], [12, 2, 1, 200, 5]], partitions
# begin, bytes stored, plain, how, and a hash that is not looked at
assert blocks[:, :4].tolist() == [[0, 4, 4, 0], [4, 5, 5, 0], [9, 5, 5, 0]], blocks
texts = [bytes(blob[begin:begin + stored]) for begin, stored in blocks[:, :2].tolist()]
assert texts == [b"one\0", b"block", b"three"], texts
