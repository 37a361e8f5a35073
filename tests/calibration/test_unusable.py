"""The error of a calibration without a usable run."""

from traincarbon.calibration.unusable import NoUsableRunError
from traincarbon.published.reported_runs import SetAside


def test_it_names_the_first_reason_and_keeps_all() -> None:
    aside = [SetAside("a", "no tokens were counted"), SetAside("b", "aborted")]
    error = NoUsableRunError(aside)
    assert (str(error), error.set_aside) == ("no run can be used; 'a': no tokens were counted", tuple(aside))
    assert str(NoUsableRunError([])) == "no run can be used; there are none"
