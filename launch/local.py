"""Local mode: the whole product on this machine, with stand-ins for Microsoft and Zoom."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from functools import partial

from bot.teams.activity import Person
from launch.application import CONVERSATION, CORE, application
from launch.covered import who_is_covered
from launch.lifetime import forever, running, until_signal
from launch.outside import consent_address, redirect_address
from launch.ports import open_ports, port_explained
from launch.redis import redis_of
from launch.terminal import say
from sandbox import people as cast
from sandbox.chat import CONNECTOR, ENDPOINT
from sandbox.playground import PlaygroundFailed, PlaygroundUnavailable, how_to_run, playground
from sandbox.server import WORLD, SandboxConfig, build_sandbox
from service import logs
from service import settings as setup
from service.redaction import clean_lines


async def local(*, person: str, chat: bool, sandbox_port: int, chat_port: int) -> None:
    """Everything on this machine, with stand-ins for Microsoft and Zoom."""
    sandbox_url = f"http://127.0.0.1:{sandbox_port}"
    settings = setup.local(
        os.environ,
        sandbox_url=sandbox_url,
        app_id=cast.APP_ID,
        tenant_id=cast.TENANT_ID,
        admin_object_ids=[p.object_id for p in cast.PEOPLE if p.admin],
    )
    logs.configure(settings.log_format, settings.log_level, secrets=settings.secret_texts)
    cast_by_name = {p.upn.partition("@")[0]: p for p in cast.PEOPLE}
    speaker = cast_by_name.get(person.lower())
    if speaker is None:
        admins = " and ".join(name for name, p in cast_by_name.items() if p.admin)
        names = ", ".join(cast_by_name)
        helpdesk = " and ".join(name for name, p in cast_by_name.items() if p.helpdesk)
        raise setup.SettingsError(
            [
                f"--as must be one of {names}. {admins} are admins. On the helpdesk, "
                f"once connected: {helpdesk}."
            ]
        )
    chat_url = f"http://127.0.0.1:{chat_port}/" if chat else None
    endpoint = f"{settings.public_url}/api/messages"
    secret = settings.zoom_client_secret
    sandbox = build_sandbox(
        SandboxConfig(
            tenant_id=settings.microsoft_app_tenant_id,
            client_id=settings.microsoft_app_id,
            client_secret=settings.microsoft_app_password.get_secret_value(),
            redirect_uris=(redirect_address(settings), consent_address(settings)),
            zoom_webhook_url=f"{settings.public_url}/zoom/webhook",
            zoom_webhook_secret=settings.zoom_webhook_secret.get_secret_value(),
            zoom_account_id=settings.zoom_account_id or "",
            zoom_client_id=settings.zoom_client_id or "",
            zoom_client_secret=secret.get_secret_value() if secret else "",
            chat_url=chat_url,
            bot_endpoint=endpoint,
            state_file=settings.data_dir / "sandbox.json",
            others=cast.OTHERS,
        )
    )
    local_person = Person(
        tenant_id=cast.TENANT_ID,
        object_id=speaker.object_id,
        mri=f"29:{speaker.object_id}",
        name=speaker.name,
    )
    async with until_signal(), AsyncExitStack() as stack:
        redis_url = await stack.enter_async_context(redis_of(settings))
        with port_explained("127.0.0.1", sandbox_port, "--sandbox-port"):
            await stack.enter_async_context(running(sandbox, "127.0.0.1", sandbox_port))
        app = await application(settings, redis_url, local_person=local_person, local_chat=chat_url)
        everybody = (*cast.PEOPLE, *cast.OTHERS)
        sandbox[WORLD].coverage = partial(who_is_covered, app[CORE], everybody)
        await stack.enter_async_context(open_ports(app, settings, settings.port))
        say("", "  Presence Bridge in local mode: nothing leaves this machine.", "")
        say(f"  Sandbox panel   {sandbox_url}/")
        by_hand = "  Chat client     start it with:", f"    {how_to_run(endpoint)}"
        if chat:
            try:
                client = await stack.enter_async_context(
                    playground(
                        endpoint=f"{sandbox_url}{ENDPOINT}",
                        service_url=f"{sandbox_url}{CONNECTOR}",
                        person=speaker,
                        data_dir=settings.data_dir / "chat",
                        port=chat_port,
                    )
                )
            except (PlaygroundUnavailable, PlaygroundFailed) as error:
                why = clean_lines(f"({error})", 4000).split("\n")
                say(*by_hand, *(f"    {line}" for line in why))
            else:
                say(f"  Chat client     {client.url}   (you are {speaker.name})")
        else:
            say(*by_hand)
        say(f"  Bot endpoint    {endpoint}   (for the Bot Framework Emulator)")
        say("", "  Say connect in the chat. Stop with Ctrl-C.", "")
        try:
            await app[CONVERSATION].warm_up()
            await forever()
        finally:
            say("", "  Stopping ...")
