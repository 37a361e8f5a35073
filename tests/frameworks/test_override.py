"""Test that what stands around a method of one object is called, and goes without a trace."""

from traincarbon.frameworks.override import Override


class Owner:
    def greet(self, name, *, mark="."):
        """Greet somebody."""
        return f"hello {name}{mark}"


def louder(method, *args, **options):
    return method(*args, **options).upper()


def test_it_stands_around_the_method_of_one_object():
    owner, other = Owner(), Owner()
    override = Override(owner, "greet", louder)
    assert override.is_done
    assert (owner.greet("you", mark="!"), other.greet("you")) == ("HELLO YOU!", "hello you.")
    assert owner.greet.__doc__ == "Greet somebody."
    override.undo()
    override.undo()
    assert (owner.greet("you"), vars(owner)) == ("hello you.", {})


def test_a_method_of_the_object_itself_comes_back():
    owner = Owner()
    own = owner.greet = lambda name: name
    Override(owner, "greet", louder).undo()
    assert owner.greet is own


def test_what_other_code_has_put_there_since_stays():
    owner = Owner()
    override = Override(owner, "greet", louder)
    newer = owner.greet = lambda name: name
    override.undo()
    assert owner.greet is newer


def test_an_object_without_the_method_is_left_alone():
    override = Override(object(), "greet", louder)
    override.undo()
    assert not override.is_done
    assert not Override(None, "greet", louder).is_done
