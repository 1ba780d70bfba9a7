"""Microsoft refuses to refresh, with a number: what `status` and the reconnect card then say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.identity import EntraError
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, EMEKA
from tests.doubles.notices import found_out, let_time_pass
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAID = {
    BEN.object_id: (530003, "sign-in rules stopped it", "a device and network you use"),
    CHIARA.object_id: (50158, "asks for more than your last sign-in", "Connect again now"),
    DOROTHEA.object_id: (50057, "your account is disabled", "admin to enable it"),
    EMEKA.object_id: (70043, "too old for your organisation’s rules", "It takes a minute"),
}


@pytest.fixture
def refused(place: Office, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Numbers with which Entra refuses to refresh, by object id."""
    numbers: dict[str, int] = {}
    redeem = place.world.identity.redeem_refresh

    def refuse(token: str) -> tuple[str, tuple[str, ...]]:
        oid, scopes = redeem(token)
        if oid in numbers:
            raise EntraError("invalid_grant", numbers[oid], "words that may change")
        return oid, scopes

    monkeypatch.setattr(place.world.identity, "redeem_refresh", refuse)
    return numbers


async def status(place: Office, person: SandboxPerson) -> tuple[str, list[str]]:
    """What `status` says and offers right after Graph has refused the token at hand."""
    place.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    card = (await place.chat(person).says("status")).card
    return words(card), titles(card)


async def test_each_number_has_its_words_on_status_and_on_the_reconnect_card(
    place: Office, refused: dict[str, int]
) -> None:
    people = [BEN, CHIARA, DOROTHEA, EMEKA]
    await place.connect(ADA, *people)
    for person in people:
        refused[person.object_id], told, to_do = SAID[person.object_id]
        said, buttons = await status(place, person)
        assert told in said
        assert to_do in said
        assert buttons == ["Connect again", "Disconnect"]
        await found_out(place.redis, person.object_id)
    await let_time_pass(place.redis, 60)
    for person in people:
        _, told, to_do = SAID[person.object_id]
        chat = place.chat(person)
        card = await chat.teams.wait_for(
            lambda sent, at=chat.client.conversation_id: (  # type: ignore[misc]
                sent.conversation_id == at and "Please connect again" in words(sent.card)
            ),
            seconds=15,
        )
        assert told in words(card.card)
        assert to_do in words(card.card)


@pytest.mark.parametrize("number", [50196, 90033])
async def test_what_passes_asks_nobody_to_connect_again(
    place: Office, refused: dict[str, int], number: int
) -> None:
    await place.connect(BEN)
    refused[BEN.object_id] = number
    said, buttons = await status(place, BEN)
    assert "authorisation ended" not in said
    assert "Connect again" not in buttons
    refused.clear()
    assert "Connect again" not in titles((await place.chat(BEN).says("status")).card)
