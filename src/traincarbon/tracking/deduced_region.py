"""The region of a run whose user states none: the one that the launcher states, with a note that says so."""

import os
from collections.abc import Mapping

from traincarbon.errors import CarbonError
from traincarbon.tracking.launchers.regions import stated_region
from traincarbon.tracking.launchers.values import Environment


def with_region(context: Mapping[str, object], env: Environment, database: str | os.PathLike[str] | None) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return *context* with the region that the environment states, and a note; as it is where the user states one or the environment none.

    Args:
        context: Fields of the plan that the user states.
        env: The environment of the training.
        database: Extra folder of hardware facts.

    Example:
        >>> with_region({"region": "FR"}, {"MODAL_REGION": "us-east-1", "MODAL_CLOUD_PROVIDER": "CLOUD_PROVIDER_AWS"}, None)
        ({'region': 'FR'}, ())
    """
    found = None if context.get("region") else stated_region(env)
    if found is None:
        return dict(context), ()
    from traincarbon.database.find_place import find_place
    from traincarbon.database.load import open_database

    variables = " and ".join(found.variables)
    try:
        place = find_place(open_database(database), found.value)
    except CarbonError:
        return dict(context), (f"{variables} states the region {found.value[:60]}, which the database does not have; state one with --region",)
    return {**context, "region": place.id}, (f"the region is {place.id}, as {variables} states; --region sets another",)
