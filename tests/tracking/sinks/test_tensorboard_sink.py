"""TensorBoard reads what a tracked training took."""

import pytest

pytest.importorskip("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray


def read(folder):
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def test_the_last_scalar_is_that_of_the_record(logged, tmp_path):
    record, told = logged(f"tensorboard={tmp_path / 'events'}")
    energy_kwh = record.facility_energy_kwh["median"]
    found = read(tmp_path / "events")
    scalars = found.Scalars("carbon/energy_kwh")
    assert scalars[-1].value == pytest.approx(energy_kwh, rel=1e-7)
    assert make_ndarray(found.Tensors("carbon/energy_kwh")[-1].tensor_proto).item() == pytest.approx(energy_kwh, rel=1e-12)
    assert make_ndarray(found.Tensors("carbon/tokens")[-1].tensor_proto).item() == record.tokens
    assert [scalar.value for scalar in scalars] == sorted(scalar.value for scalar in scalars)
    assert found.Scalars("carbon/forecast_cost_usd_high")
    assert f"TensorBoard: {tmp_path / 'events'}" in told


def test_without_a_folder_the_run_has_one_of_its_own_with_what_is_known_of_it(logged, tmp_path):
    logged("tensorboard")
    text = make_ndarray(read(tmp_path / "runs" / "carbon-r").Tensors("carbon/run")[0].tensor_proto)[0].decode()
    assert "| project | toy |" in text
    assert "| hw | 8xH100 |" in text
