"""What hardware can draw, by the hardware database."""

from traincarbon.readers.limits import IDLE_SHARE, SLACK_ABOVE, SLACK_ABOVE_DESKTOP, SLACK_ABOVE_PROCESSOR, SLACK_BELOW, accelerator_limits, processor_limits


def test_an_accelerator_draws_between_half_its_idle_power_and_twice_its_board_power():
    limits = accelerator_limits("NVIDIA A100-SXM4-80GB")
    assert limits == (54.0 * SLACK_BELOW, 400.0 * SLACK_ABOVE, "a100-sxm4-80gb", None)


def test_without_an_idle_power_the_least_is_a_share_of_the_cap_and_a_count_is_kept():
    assert accelerator_limits("8 x NVIDIA A40") == (300.0 * IDLE_SHARE, 300.0 * SLACK_ABOVE, "a40", 8)


def test_of_several_kinds_the_widest_bounds_hold():
    limits = accelerator_limits("a100-sxm4-80gb + l4")
    assert (limits.least_w, limits.most_w, limits.name) == (16.0 * SLACK_BELOW, 400.0 * SLACK_ABOVE, "a100-sxm4-80gb + l4")


def test_hardware_that_is_not_known_has_the_bounds_of_the_largest_gpu():
    unknown, none = accelerator_limits("Quantum 9000"), accelerator_limits("")
    assert unknown == none
    assert (unknown.name, unknown.least_w) == ("", 1.0)
    assert 1000.0 * SLACK_ABOVE <= unknown.most_w < 23_000.0


def test_a_server_stands_for_its_chips():
    assert accelerator_limits("aws-p4d.24xlarge").name == "a100-sxm4-40gb"


def test_processors_of_servers_come_in_pairs_and_those_of_desks_alone():
    assert processor_limits("Intel(R) Core(TM) i7-5820K CPU @ 3.30GHz") == (0.0, 140.0 * SLACK_ABOVE_DESKTOP, "i7-5820k", None)
    assert processor_limits("AMD EPYC 7742 64-Core Processor") == (0.0, 225.0 * SLACK_ABOVE_PROCESSOR, "epyc-7742", None)
    assert processor_limits("").most_w == processor_limits("a chip of tomorrow").most_w >= 500.0 * SLACK_ABOVE_PROCESSOR


def test_a_gpu_within_a_chip_has_no_least_power_as_its_sensor_shows_it_alone():
    assert accelerator_limits("Apple M1").least_w == 0.0
