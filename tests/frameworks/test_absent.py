"""Test that a callback without its framework can be imported and says what is missing."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.frameworks.absent import absent_base, refuse_absent


def test_the_missing_framework_is_named():
    with pytest.raises(CarbonError, match="lightning is not installed"):
        refuse_absent(absent_base("Callback"), package="lightning")


def test_a_class_of_a_framework_is_taken():
    refuse_absent(dict, package="lightning")
