"""What stands below the conversation, room by room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.consent.news import ConsentNews
    from bot.invite.wire import InviteRoom
    from bot.wire import ChatRoom
    from sync.connect.linking import Linking
    from sync.connect.wire import ConnectRoom
    from sync.directory.refresh import DirectoryRoom
    from sync.engine.wire import EngineRoom
    from sync.feed.catch_up import CatchUp
    from sync.feed.store import Doubt, Listener
    from sync.organisation.wire import CoveringRoom, OrganisationRoom
    from sync.readback.wire import ReadbackRoom
    from sync.reconnect.notifier import Notifier
    from sync.redis.duties import Work
    from sync.settings.wire import SettingsRoom
    from sync.upgrade.data_version import DataVersions
    from sync.zoom.wire import ZoomRoom


@dataclass(frozen=True, slots=True)
class Core:
    """The presence engine and what it stands on, room by room. Knows nothing of what is said."""

    data: DataVersions
    chat: ChatRoom
    invite: InviteRoom
    zoom: ZoomRoom
    connect: ConnectRoom
    settings: SettingsRoom
    directory: DirectoryRoom
    engine: EngineRoom
    linking: Linking
    organisation: OrganisationRoom
    covering: CoveringRoom
    consent: ConsentNews
    doubt: Doubt
    listener: Listener  # its duty is only where Zoom's events come in
    feed: CatchUp
    readback: ReadbackRoom
    reconnect: Notifier

    @property
    def works(self) -> tuple[Work, ...]:
        """The duties of all rooms in every process."""
        return (
            *(self.data.work, self.connect.resealing.work),
            *(*self.settings.works, *self.directory.works),
            *(*self.engine.works, *self.organisation.works, *self.covering.works),
            *(self.doubt.work, self.feed.work, *self.readback.works),
            *(self.reconnect.work, *self.invite.works),
        )

    async def aclose(self) -> None:
        """Wait for what is under way and must be kept: turns in the background, then tokens."""
        await self.engine.engine.aclose()
        await self.connect.tokens.aclose()

    async def prepare(self, *, account_on: bool) -> None:
        """Fill in the settings of a new installation, and know what holds. Needs Redis.

        Raises OtherData where Redis holds what this code can't read.
        """
        await self.data.enter()
        self.chat.seal.use(await self.connect.key_of_buttons())
        await self.settings.start(on=account_on)
        await self.doubt.load()
