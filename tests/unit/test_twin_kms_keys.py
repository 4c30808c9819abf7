"""Keys of the twin for confidential processes."""

import base64
from pathlib import Path

import pytest

from tests.unit.twins import open_twin, reason

APPLICATION = "principals: {applications: [{name: worker}]}\n"
GIVEN = base64.b64encode(bytes(range(32))).decode()


async def test_a_key_is_made_once(tmp_path: Path) -> None:
    """When it is first asked for; 32 bytes, different for every id, the same over restarts, for no cache."""
    keys = []
    for _ in range(2):
        with open_twin(tmp_path) as twin:
            answers = [await twin.client().get(f"/kms/keys/{name}") for name in ("one", "two", "one")]
            keys.append([each.json() for each in answers])
            assert answers[0].headers["cache-control"] == "no-store"
    one, two, again = keys[0]

    assert keys[0] == keys[1]
    assert one == again
    assert (one["id"], two["id"]) == ("one", "two")
    assert one["value"] != two["value"]
    assert len(base64.b64decode(one["value"])) == 32
    assert (tmp_path / "twin.db").stat().st_mode & 0o777 == 0o600


async def test_keys_of_the_file_are_the_only_ones(tmp_path: Path) -> None:
    """Where it names some: with the value that stands there, or one that is made."""
    with open_twin(tmp_path, APPLICATION + f"kmsKeys: [{{id: given, value: {GIVEN}}}, {{id: made}}]\n") as twin:
        given, made, other = [await twin.client().get(f"/kms/keys/{name}") for name in ("given", "made", "other")]

    assert given.json() == {"id": "given", "value": GIVEN}
    assert len(base64.b64decode(made.json()["value"])) == 32
    assert reason(other)["status"] == 404


@pytest.mark.parametrize("name", ["%00", "x" * 256, "%0A"])
async def test_ids_are_limited(tmp_path: Path, name: str) -> None:
    """To 255 printable characters."""
    with open_twin(tmp_path) as twin:
        assert reason(await twin.client().get(f"/kms/keys/{name}"))["status"] == 404


async def test_keys_are_limited(tmp_path: Path) -> None:
    """Nobody can fill the disk by asking for more and more; those that are there stay."""
    with open_twin(tmp_path) as twin:
        first = await twin.client().get("/kms/keys/one")
        twin.execute(
            "INSERT INTO kms_keys WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 999)"
            " SELECT n, x'00', 0 FROM numbers"
        )
        other, again = [await twin.client().get(f"/kms/keys/{name}") for name in ("two", "one")]

    assert reason(other)["status"] == 409
    assert first.json() == again.json()
