"""Makes the HDF5 files that tests of reading them need, with h5py: make_hdf5.py FOLDER."""
import sys

import h5py
import numpy as np

folder = sys.argv[1]
n = np.arange(10000)

with h5py.File(f"{folder}/numbers.h5", "w") as file:
    g = file.create_group("g")
    g["plain"] = n * 7 - 20000
    g["big_endian"] = (n * 7 - 20000).astype(">i4")
    g["big_endian_float"] = (n / 8).astype(">f8")
    g["half"] = (n % 100 / 8).astype("f2")
    g["byte"] = (n % 256).astype("u1")
    g["infinite"] = np.array([np.inf, -np.inf, 1e300, 2.5])
    g.create_dataset("chunked", data=n * 7 - 20000, chunks=(300,), shuffle=True, compression="gzip",
                     fletcher32=True)
    g.create_dataset("one_chunk", data=n * 7 - 20000, chunks=(10000,), compression="gzip")
    g["matrix"] = (n / 4).astype("f4").reshape(2500, 4)
    g.create_dataset("cube", data=n.astype(">i2").reshape(100, 20, 5), chunks=(7, 6, 5),
                     compression="gzip")
    g["bools"] = n % 3 == 0
    g["scalar"] = 5
    g["empty"] = np.zeros(0, "i8")
    g["flat"] = np.zeros((5, 0))
    g["words"] = [f"word {i}" if i % 10 else "" for i in n]
    g["fixed"] = np.array([f"{i % 1000}" for i in n], "S5")

with h5py.File(f"{folder}/other.h5", "w") as file:
    file["g/plain"] = n + 1000000
    file["link"] = h5py.ExternalLink("numbers.h5", "/g/plain")
    layout = h5py.VirtualLayout((10000,), "i8")
    layout[:] = h5py.VirtualSource("numbers.h5", "/g/plain", (10000,))
    file.create_virtual_dataset("virtual", layout)

users = np.zeros(10000, [("country", "S3"), ("unknown", "c16"), ("score", ">f4"), ("id", "<u2"),
                         ("name", h5py.string_dtype()), ("active", "?"), ("debt", "i1")])
users["country"] = [("de", "fr", "it\0", "")[i % 4] for i in n]
users["score"] = n / 16
users["id"] = n
users["name"] = [f"Zoë {i}" for i in n]
users["active"] = n % 2 == 1
users["debt"] = n % 200 - 100
with h5py.File(f"{folder}/users.h5", "w") as file:
    file.create_dataset("t/users", data=users, chunks=(1000,), compression="gzip", shuffle=True)
    file["t/plain"] = users[["id", "score"]]

# Small ones, most of whose bytes matter.
with h5py.File(f"{folder}/small_users.h5", "w") as file:
    file.create_dataset("t/users", data=users[:300], chunks=(100,), compression="gzip")
with h5py.File(f"{folder}/small_words.h5", "w") as file:
    file["words"] = [f"word {i}" for i in n[:300]]
with h5py.File(f"{folder}/small_plain.h5", "w") as file:
    file["plain"] = n[:300] * 7
with h5py.File(f"{folder}/small_checked.h5", "w") as file:
    file.create_dataset("checked", data=n[:300] * 7, chunks=(50,), fletcher32=True)
with h5py.File(f"{folder}/small_latest.h5", "w", libver="latest") as file:
    file.create_dataset("checked", data=n[:300] * 7, chunks=(50,), fletcher32=True)
