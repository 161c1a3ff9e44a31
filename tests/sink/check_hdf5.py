"""Compares what a test wrote with write_hdf5 cell by cell, with h5py and pandas: check_hdf5.py FOLDER.

FOLDER/numbers, FOLDER/rows and FOLDER/users are outputs of 3000 records in partitions of 0, 1000, 0
and 2000; FOLDER/none is one without records."""
import sys

import h5py
import numpy as np
import pandas as pd

folder = sys.argv[1]
n = np.arange(3000)


def check(name, dataset, expected):
    parts = []
    for part in range(4):
        with h5py.File(f"{folder}/{name}/part-0000{part}.h5") as file:
            assert file[dataset].fletcher32
            parts.append(file[dataset][...])
    assert [len(part) for part in parts] == [0, 1000, 0, 2000]
    with h5py.File(f"{folder}/{name}/_all.h5") as file:
        assert file[dataset].is_virtual
        together = file[dataset][...]
    for seen in (np.concatenate(parts), together):
        assert seen.dtype == parts[1].dtype
        assert seen.shape == expected.shape, (seen.shape, expected.shape)
        assert (seen == expected).all()
    return together


numbers = check("numbers", "/a/b/numbers", n * 7 - 20000)
assert numbers.dtype == np.dtype("<i8")
rows = check("rows", "rows", (n[:, None] / 4 + np.arange(3)).astype("f4"))
assert rows.dtype == np.dtype("<f4")

expected = pd.DataFrame({"id": n.astype("u2"), "name": [f"Zoë {i}" for i in n], "score": n / 16,
                         "active": n % 2 == 1, "country": [("de", "")[i % 2] for i in n]})
with h5py.File(f"{folder}/users/_all.h5") as file:
    users = file["users"][...]
assert users.dtype["active"] == np.dtype(bool)
assert users.dtype["id"] == np.dtype("<u2")
seen = pd.DataFrame({name: users[name] for name in users.dtype.names})
for text in ("name", "country"):
    seen[text] = seen[text].str.decode("utf-8")
pd.testing.assert_frame_equal(seen, expected)

with h5py.File(f"{folder}/deflated/part-00001.h5") as file:
    assert file["n"].compression == "gzip" and file["n"].compression_opts == 4
    assert file["n"].shuffle and not file["n"].fletcher32
    assert (file["n"][...] == n[:1000]).all()
    assert file["n"].chunks == (128,)
with h5py.File(f"{folder}/none/_all.h5") as file:
    assert file["n"].shape == (0,)
