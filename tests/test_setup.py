"""A programme from a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from companion.models import Cohort, Group, GroupCover, GroupSession, Person
from companion.programme.plan import SetupError, read_programme
from companion.programme.setup import load_programme
from tests.world import World

HOURS = 'hours: {from: "09:00", until: "21:00", days: [monday, Saturday], then: Dr Erskine} '
EXAMPLE = Path(__file__).parent.parent / "docs" / "programme.example.yaml"


def load(world: World, path: Path) -> None:
    with world.database.write() as session:
        load_programme(
            session,
            read_programme(path),
            world.clock.now(),
            zone_name="Europe/London",
            nation="england",
            countries=("GB",),
        )


@pytest.mark.one_database("sqlite")
def test_the_example_is_a_programme_that_people_can_join(make_world: Callable[..., World]) -> None:
    world = make_world()
    load(world, EXAMPLE)
    asha = world.member()
    asha.texts("NEXT")
    asha.hears("ICU North", "Tue 1 Dec, 6:30pm")


def test_loading_it_again_brings_changes_in_and_doubles_nothing(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world = make_world()
    load(world, EXAMPLE)
    changed = tmp_path / "programme.yaml"
    changed.write_text(EXAMPLE.read_text().replace("places: 6", "places: 8").replace("Dr Dunne", "Dr Doyle"))
    changed.write_text(changed.read_text().replace("hours: always ", HOURS))
    load(world, changed)
    with world.database.read() as session:
        assert session.scalars(select(Group.places)).all() == [8]
        assert sorted(p.name or "" for p in session.scalars(select(Person))) == [
            "Dr Cole",
            "Dr Doyle",
            "Dr Erskine",
            "Frances",
        ]
        assert session.scalar(select(func.count()).select_from(Cohort)) == 1
        cover = session.scalars(select(GroupCover)).one()
        assert (cover.kind, cover.from_time, cover.weekdays) == ("hours", time(9), [0, 5])
        assert cover.live_at is not None
        assert session.scalar(select(func.count()).select_from(GroupSession)) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("code: ICU ", "code: icu1", "cohorts 1 code"),
        ("07700 900201", "020 7946 0123", "Dr Cole: the number is not a mobile"),
        ("[Dr Cole, Dr Dunne]", "[Dr Who]", "Dr Who is not among the people"),
        ("cohort: ICU", "cohort: ACCS", "there is no cohort ACCS"),
        ("places: 6", "places: 0", "groups 1 places"),
        ("https://video", "video", "groups 1 join_link"),
        ("hours: always ", HOURS.replace("Erskine", "Cole"), "hours: Choose a lead"),
        ("hours: always ", HOURS.replace("Dr Erskine", "Dr Who"), "hours: Dr Who is not among"),
        ("groups:", "gruops:", "gruops"),
        ("cohorts:", "cohorts: [", "is not YAML"),
    ],
)
def test_each_mistake_is_named(make_world: Callable[..., World], tmp_path: Path, old: str, new: str, said: str) -> None:
    world = make_world()
    broken = tmp_path / "programme.yaml"
    text = EXAMPLE.read_text()
    assert old in text
    broken.write_text(text.replace(old, new, 1))
    with pytest.raises(SetupError, match=said):
        load(world, broken)
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
