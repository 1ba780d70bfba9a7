"""The Teams app package, from the two settings that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.grammar.commands import menu
from launch.terminal import plainly
from launch.version import VERSION
from manifest.builder import ManifestError, build_manifest, build_package

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings


class PackageError(Exception):
    """It can't be built or written. `problems` are sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def write_package(settings: Settings, output: Path) -> None:
    """Build it and write it. Raises PackageError."""
    try:
        package = build_package(
            build_manifest(
                app_id=settings.microsoft_app_id,
                public_url=settings.public_url,
                version=VERSION,
                commands=menu(),
                group_commands=menu(everywhere=True),
            )
        )
        output.write_bytes(package)
    except ManifestError as error:
        raise PackageError(list(error.problems)) from error
    except OSError as error:
        raise PackageError([f"The package can't be written. {plainly(error)}"]) from error
