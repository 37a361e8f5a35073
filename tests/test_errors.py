"""The error tree: as drawn, one root, each with a hint."""

import inspect

import pytest

from traincarbon import errors
from traincarbon.errors import AmbiguousError, CarbonError, NotFoundError

CLASSES = [item for item in vars(errors).values() if inspect.isclass(item)]


def drawn_tree() -> dict[str, str]:
    """Return child to parent as the docstring of the module draws them."""
    parents: dict[str, str] = {}
    branch: list[tuple[int, str]] = []
    for line in inspect.getdoc(errors).splitlines():
        name = line.lstrip(" │├└─").split("  ")[0]
        if not name.endswith("Error") or " " in name:
            continue
        column = line.index(name)
        branch = [(place, above) for place, above in branch if place < column]
        parents[name] = branch[-1][1] if branch else "Exception"
        branch.append((column, name))
    return parents


def test_the_tree_in_the_docstring_is_the_real_one():
    assert drawn_tree() == {error.__name__: error.__bases__[0].__name__ for error in CLASSES}


def test_every_error_has_one_parent_only():
    assert all(len(error.__bases__) == 1 for error in CLASSES)


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_a_carbon_error_and_carries_its_hint(error):
    raised = error("no hardware 'h100-sxm'", hint="did you mean h100-sxm5-80gb?")
    assert isinstance(raised, CarbonError)
    assert str(raised) == "no hardware 'h100-sxm'"
    assert raised.hint == "did you mean h100-sxm5-80gb?"


@pytest.mark.parametrize("error", CLASSES)
def test_a_hint_may_be_left_out_and_is_then_empty(error):
    assert error("what was wrong").hint == ""


def test_an_ambiguous_name_is_caught_as_one_not_found():
    with pytest.raises(NotFoundError):
        raise AmbiguousError("several fit", hint="one of a, b")


def test_no_error_of_ours_hides_a_mistake_in_the_code():
    assert not any(issubclass(error, (ValueError, TypeError, KeyError, LookupError)) for error in CLASSES)
