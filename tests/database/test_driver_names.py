"""What drivers call boards, to the accelerators that they are."""

import pytest

from traincarbon.database.driver_names import find_accelerator, segment_of
from traincarbon.database.load import open_database

# as nvidia-smi, rocm-smi and amd-smi print them on real machines; before about 2021 NVIDIA's driver left its own name out
NAMES = """
NVIDIA A100-SXM4-80GB = a100-sxm4-80gb
NVIDIA A100-SXM4-40GB = a100-sxm4-40gb
A100-SXM4-40GB = a100-sxm4-40gb
A100-SXM-80GB = a100-sxm4-80gb
NVIDIA A100-PCIE-40GB = a100-pcie-40gb
A100-PCIE-40GB = a100-pcie-40gb
NVIDIA A100 80GB PCIe = a100-pcie-80gb
NVIDIA A100-SXM4-80GB MIG 1g.10gb = a100-sxm4-80gb
NVIDIA A800-SXM4-80GB = a800-sxm4-80gb
NVIDIA H100 80GB HBM3 = h100-sxm5-80gb
NVIDIA H100 80GB HBM3 MIG 1g.10gb = h100-sxm5-80gb
NVIDIA H100 PCIe = h100-pcie-80gb
NVIDIA H100 NVL = h100-nvl-94gb
NVIDIA H800 = h800-sxm5-80gb
NVIDIA H20 = h20-96gb
NVIDIA H200 = h200-sxm-141gb
NVIDIA H200 NVL = h200-nvl-141gb
NVIDIA GH200 120GB = gh200-96gb
NVIDIA GH200 480GB = gh200-96gb
NVIDIA GB200 = gb200
NVIDIA GB300 = gb300
NVIDIA B200 = b200-sxm-180gb
NVIDIA B300 SXM6 AC = b300-sxm-288gb
NVIDIA L4 = l4
NVIDIA L40 = l40
NVIDIA L40S = l40s
NVIDIA A10 = a10
NVIDIA A10G = a10g
NVIDIA A30 = a30
NVIDIA A40 = a40
Tesla T4 = t4
NVIDIA T4 = t4
Tesla K80 = k80
Tesla M40 = m40
Tesla M60 = m60
Tesla P4 = p4
Tesla P40 = p40
Tesla P100-SXM2-16GB = p100-sxm2
Tesla P100-PCIE-16GB = p100-pcie-16gb
Tesla V100-SXM2-16GB = v100-sxm2-16gb
Tesla V100-SXM2-32GB = v100-sxm2-32gb
Tesla V100-SXM3-32GB = v100-sxm3-32gb
Tesla V100-PCIE-16GB = v100-pcie-16gb
Tesla V100-PCIE-32GB = v100-pcie-32gb
Tesla V100S-PCIE-32GB = v100s-pcie-32gb
NVIDIA GeForce RTX 4090 = rtx-4090
NVIDIA GeForce RTX 4090 D = rtx-4090-d
NVIDIA GeForce RTX 4090 Laptop GPU = rtx-4090-laptop
NVIDIA GeForce RTX 3060 Laptop GPU = rtx-3060-laptop
NVIDIA GeForce RTX 4070 Ti SUPER = rtx-4070-ti-super
NVIDIA GeForce RTX 4060 Ti = rtx-4060-ti
NVIDIA GeForce RTX 3060 = rtx-3060
NVIDIA GeForce RTX 2080 = rtx-2080
NVIDIA GeForce GTX 1080 = gtx-1080
NVIDIA GeForce GTX 1660 Ti = gtx-1660-ti
NVIDIA TITAN X (Pascal) = titan-x-pascal
Quadro RTX 8000 = quadro-rtx-8000
Quadro RTX 6000 = quadro-rtx-6000
NVIDIA RTX 5000 Ada Generation = rtx-5000-ada
NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition = rtx-pro-6000-max-q
NVIDIA GeForce RTX 5090 = rtx-5090
NVIDIA GeForce RTX 4080 = rtx-4080
NVIDIA GeForce RTX 3080 = rtx-3080
NVIDIA GeForce RTX 3090 = rtx-3090
GeForce RTX 3090 = rtx-3090
NVIDIA GeForce RTX 3090 Ti = rtx-3090-ti
GeForce RTX 2080 Ti = rtx-2080-ti
GeForce GTX 1080 Ti = gtx-1080-ti
GeForce GTX TITAN X = titan-x-maxwell
TITAN Xp = titan-xp
TITAN V = titan-v
NVIDIA TITAN RTX = titan-rtx
NVIDIA RTX A4000 = rtx-a4000
NVIDIA RTX A5000 = rtx-a5000
RTX A6000 = rtx-a6000
NVIDIA RTX 6000 Ada Generation = rtx-6000-ada
NVIDIA RTX PRO 6000 Blackwell Server Edition = rtx-pro-6000-server
NVIDIA RTX PRO 6000 Blackwell Workstation Edition = rtx-pro-6000-ws
AMD Instinct MI100 = mi100
AMD Instinct MI210 = mi210
AMD Instinct MI250X = mi250x
AMD Instinct MI300A = mi300a
AMD Instinct MI300X = mi300x
Instinct MI300X = mi300x
AMD Instinct MI300X OAM = mi300x
AMD Instinct MI300X VF = mi300x
AMD Instinct MI325X = mi325x
AMD Instinct MI355X = mi355x
Radeon RX 7900 XTX = rx-7900-xtx
AMD Radeon RX 7900 XTX = rx-7900-xtx
"""
OTHERS = [
    *("NVIDIA GeForce RTX 4090 Max-Q", "NVIDIA GeForce RTX 3080 Lite Hash Rate", "NVIDIA RTX PRO 6000 Blackwell Data Center Edition"),
    *("NVIDIA A100-SXM-64GB", "NVIDIA CMP 170HX", "Quadro RTX 6500", "NVIDIA", "AMD", "Tesla", "Graphics Device"),
    *("", " ", " MIG 1g.10gb", "../../etc/passwd", "<script>", "\0", "\ud800", "x" * 10_000, "a100" * 1000, "dgx-a100", "aws-p4d.24xlarge"),
]


@pytest.mark.parametrize(("name", "id"), [line.split(" = ") for line in NAMES.strip().splitlines()])
def test_a_board_is_known_by_what_its_driver_calls_it(name, id):
    board = find_accelerator(open_database(), name)
    assert board is not None
    assert (board.folder, board.id) == ("accelerators", id)


@pytest.mark.parametrize("name", OTHERS, ids=lambda name: repr(name[:30]))
def test_a_name_that_does_not_fit_as_a_whole_is_nobody_s(name):
    assert find_accelerator(open_database(), name) is None


def test_a_name_that_two_products_bear_is_neither_s(make_database):
    chip = 'name = "Acme {0}"\nvendor = "Acme"\ntype = "gpu"\ngeneration = "acme"\naliases = ["acme-board"]\n'
    database = make_database({"accelerators/one.toml": chip.format("One"), "accelerators/two.toml": chip.format("Two")})
    assert find_accelerator(database, "Acme Board") is None
    assert find_accelerator(database, "two").id == "two"


@pytest.mark.parametrize("name", [line.split(" = ")[0] for line in NAMES.strip().splitlines()])
def test_what_a_name_tells_of_who_a_gpu_is_made_for_is_what_the_database_says(shipped, name):
    found = find_accelerator(shipped, name)
    if found is not None and (told := segment_of(name)):
        assert told == found.segment


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("NVIDIA GeForce RTX 5060 Laptop GPU", "laptop"),
        ("Quadro RTX 3000 with Max-Q Design", "laptop"),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", "workstation"),
        ("NVIDIA RTX A1000", "workstation"),
        ("NVIDIA TITAN Xp COLLECTORS EDITION", "consumer"),
        ("AMD Radeon RX 7600", "consumer"),
        ("NVIDIA H300", ""),
        ("", ""),
    ],
)
def test_the_name_of_an_unknown_gpu_tells_who_it_is_made_for(name, segment):
    assert segment_of(name) == segment
