"""The region of a run whose user states none."""

from traincarbon.tracking.deduced_region import with_region
from traincarbon.tracking.options import settings_from

BATCH = {"AWS_BATCH_JOB_ID": "9", "AWS_REGION": "eu-north-1"}


def test_the_launchers_region_is_taken_and_said():
    assert with_region({"hw": "h100"}, BATCH, None) == (
        {"hw": "h100", "region": "aws:eu-north-1"},
        ("the region is aws:eu-north-1, as AWS_REGION states; --region sets another",),
    )


def test_the_users_region_wins():
    assert with_region({"region": "FR"}, BATCH, None) == ({"region": "FR"}, ())


def test_a_region_that_the_database_lacks_is_said_and_not_taken():
    context, notes = with_region({}, BATCH | {"AWS_REGION": "mars-1"}, None)
    assert context == {}
    assert notes == ("AWS_REGION states the region aws:mars-1, which the database does not have; state one with --region",)


def test_the_settings_of_a_run_have_it(monkeypatch):
    for name, value in BATCH.items():
        monkeypatch.setenv(name, value)
    settings = settings_from(argv=["x"])
    assert settings.context == {"region": "aws:eu-north-1"}
    assert settings.notes[0].startswith("the region is aws:eu-north-1")
    assert settings_from(argv=["x"], region="FR").notes == ()
