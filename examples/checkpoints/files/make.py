"""Made the files in this folder, with Debian 12's python3-numpy 1.24, python3-h5py 3.7 and
python3-torch 1.13.

The tests know the numbers: `values` in every file of a supported type, rounded to that type, and 0,
1, 2, ... in row-major order where only the order counts.
"""

import json
import struct
import zipfile

import h5py
import numpy as np
import torch

values = np.array([[0.1, -2.5, 65504], [2.0**-24, -0.0, 1 / 3]])
counting = np.arange(24).reshape(2, 3, 4)

# .npy: every type, byte order, memory order and version.
for size in 2, 4, 8:
    for sign, byte_order in ("<", "little"), (">", "big"):
        for order in "C", "F":
            array = np.array(values, dtype=f"{sign}f{size}", order=order)
            np.save(f"float{8 * size}_{byte_order}_{order}.npy", array)
for version in 2, 3:
    with open(f"version{version}.npy", "wb") as file:
        np.lib.format.write_array(file, values, version=(version, 0))
np.save("three_axes_C.npy", counting.astype("<f4"))
np.save("three_axes_F.npy", np.asfortranarray(counting, "<f4"))
np.save("vector.npy", values[0])
np.save("empty.npy", np.zeros((0, 3)))

# .npy: what is refused.
np.save("integers.npy", counting)
np.save("complex.npy", values.astype("<c8"))
np.save("objects.npy", np.array([{"a": 1}, None]), allow_pickle=True)
np.save("records.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<f8", 3)]))
with open("two_arrays.npy", "wb") as file:
    np.save(file, values)
    np.save(file, values)


def save_safetensors(path, tensors):
    """By the published layout. tensors: (name, type, shape, bytes)."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, kind, shape, data in tensors:
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.write(b"".join(data for _, _, _, data in tensors))


def entry(name, kind, dtype, array):
    return name, kind, list(array.shape), array.astype(dtype).tobytes()


# bfloat16 is the upper half of float32; NumPy has none, and the lower half is cut off here.
upper_halves = values.astype("<f4").view("<u4") >> 16
save_safetensors(
    "types.safetensors",
    [
        entry("half", "F16", "<f2", values),
        entry("brain", "BF16", "<u2", upper_halves),
        entry("single", "F32", "<f4", values),
        entry("double", "F64", "<f8", values),
        entry("integers", "I64", "<i8", counting),
    ],
)
save_safetensors("one.safetensors", [entry("fc1.weight", "F32", "<f4", values)])

# HDF5: types, byte orders, compressed chunks, groups as Keras makes them.
with h5py.File("types.h5", "w") as file:
    for size in 2, 4, 8:
        file[f"little/float{8 * size}"] = values.astype(f"<f{size}")
        file[f"big/float{8 * size}"] = values.astype(f">f{size}")
    compression = {"chunks": (1, 2), "compression": "gzip", "shuffle": True, "fletcher32": True}
    file.create_dataset("compressed", data=values.astype("<f4"), **compression)
    file["integers"] = counting
    file["records"] = np.zeros(2, dtype=[("a", "<f4")])
    file["text"] = "not numbers"
    file["scalar"] = 2.5
    file["alias"] = h5py.SoftLink("/little/float64")
    file.create_dataset("never_written", shape=(1 << 40, 1 << 40), dtype="<f8", chunks=(8, 8))
# HDF5: bfloat16, which h5py has no name for; elements that are not all in the file.
with h5py.File("unusual.h5", "w") as file:
    brain = h5py.h5t.IEEE_F16LE.copy()
    brain.set_fields(15, 7, 8, 0, 7)
    brain.set_ebias(127)
    dataset = h5py.h5d.create(file.id, b"brain", brain, h5py.h5s.create_simple((2, 3)))
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, (upper_halves << 16).view("<f4"))
    file.create_dataset("unwritten", shape=(2, 3), dtype="<f4", fillvalue=7)
    file.create_dataset("partly", shape=(4, 2), dtype="<f4", chunks=(2, 2), fillvalue=7)[:2] = 1
    file.create_dataset("external", shape=(2, 3), dtype="<f4", external=[("elements", 0, 24)])
    layout = h5py.VirtualLayout(shape=(2, 3), dtype="<f4")
    layout[:] = h5py.VirtualSource("one.h5", "layers/dense/vars/0", shape=(2, 3))
    file.create_virtual_dataset("virtual", layout)
    file.create_dataset("lzf", data=values, compression="lzf")
    file.create_dataset("layer_10", data=np.zeros((4, 0)))
    file.create_dataset("layer_9", data=np.zeros((0, 4)))
    file.create_dataset("null", data=h5py.Empty("<f4"))
with h5py.File("one.h5", "w") as file:
    file["layers/dense/vars/0"] = values.astype("<f4")
with h5py.File("none.hdf5", "w") as file:
    file.create_group("layers")

# .npz: a zip archive of .npy files, stored and compressed.
arrays = {"single": values.astype("<f4"), "double": np.asfortranarray(values), "counting": counting}
np.savez("arrays.npz", **arrays, objects=np.array([{"a": 1}, None]))
np.savez_compressed("compressed.npz", **arrays)
np.savez("one.npz", values.astype("<f2"))

# PyTorch: types, memory orders, parts of a storage; a whole model's dictionary, alone and in those of
# trainings; what is refused.
torch.manual_seed(1)
double = torch.from_numpy(values)
counted = torch.arange(48.0).reshape(4, 3, 4)
torch.save(
    {
        "half": double.half(),
        "brain": torch.from_numpy((upper_halves << 16).view("<f4")).bfloat16(),
        "single": torch.nn.Parameter(double.float()),
        "double": double,
        "column_major": double.t().contiguous().t(),
        "part": counted[1:3, :, ::2],
        "permuted": counted.permute(2, 0, 1),
        "expanded": double[:1].expand(5, 3),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "integers": torch.arange(24).reshape(2, 3, 4),
    },
    "types.pt",
)
torch.save(double.float(), "one.bin")
model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
optimizer = torch.optim.Adam(model.parameters())
model(double.float()).square().sum().backward()
optimizer.step()
with torch.no_grad():
    model[0].weight.copy_(double)
    model[0].bias.copy_(double[0, :2])
torch.save(model.state_dict(), "model.pth")
progress = {"epoch": 3, "loss": 0.5, "best": True, "seed": None, "big": 1 << 70}
torch.save(
    {
        **progress,
        "optimizer_state_dict": optimizer.state_dict(),
        "model_state_dict": model.state_dict(),
    },
    "training.pt",
)
torch.save(
    {
        **progress,
        "pytorch-lightning_version": "1.9.0",
        "callbacks": {"ModelCheckpoint": {"best": torch.tensor(0.5), "kept": ("a", "b", "c", 4)}},
        "optimizer_states": [optimizer.state_dict()],
        "state_dict": model.state_dict(),
    },
    "lightning.ckpt",
)
torch.save({"net": {"layers": {0: double}}, "optimizer": optimizer.state_dict()}, "nested.pt")
torch.save(double, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(model, "whole_model.pt")

# .keras, as Keras 3 writes it.
with zipfile.ZipFile("one.keras", "w") as file:
    file.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
    file.writestr("config.json", json.dumps({"class_name": "Sequential"}))
    file.write("one.h5", "model.weights.h5")

# Safetensors in shards, as Hugging Face writes them.
shards = {"fc1.weight": "one.safetensors", "half": "types.safetensors", "bias": "run_0.safetensors"}
with open("model.safetensors.index.json", "w") as file:
    json.dump({"metadata": {"total_size": 96}, "weight_map": shards}, file, indent=2)

# A run of three epochs, in every format, with the initial weights and a bias beside.
random = np.random.default_rng(1)
for epoch in range(4):
    kernel = random.normal(size=(3, 5)).astype("<f4")
    np.save(f"run_{epoch}.npy", kernel)
    save_safetensors(
        f"run_{epoch}.safetensors",
        [entry("bias", "F32", "<f4", kernel[0]), entry("kernel", "F32", "<f4", kernel)],
    )
    with h5py.File(f"run_{epoch}.weights.h5", "w", libver="latest") as file:
        file["layers/dense/vars/0"] = kernel
        file["layers/dense/vars/1"] = kernel[0]
