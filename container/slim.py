"""Leave out of the image what of Microsoft's SDK is never imported.

That is nearly all of it: 170 MB in 16,000 generated modules, of which reading a profile takes a
dozen. What the product imports is imported here, and stays; so do the models of errors, which the
SDK imports when Graph refuses something.
"""

from __future__ import annotations

import sys
from compileall import compile_dir
from importlib import import_module
from pathlib import Path
from py_compile import PycInvalidationMode

_SDK = "msgraph.generated"
_WHEN_IT_REFUSES = "models/o_data_errors"


def unused() -> list[Path]:
    """Files of the SDK that nothing needs, and the folders that are empty without them."""
    import_module("sync.microsoft.profile")
    (generated,) = map(Path, sys.modules[_SDK].__path__)
    used = {Path(str(m.__file__)) for name, m in sys.modules.items() if name.startswith(_SDK)}
    used |= set((generated / _WHEN_IT_REFUSES).glob("*.py"))
    kept = used | {folder for path in used for folder in path.parents}
    return [path for path in generated.rglob("*") if path not in kept]


def main() -> None:
    """Delete them, and compile what is left: where it runs nothing can be written."""
    for path in sorted(unused(), reverse=True):  # a folder after what is in it
        path.rmdir() if path.is_dir() else path.unlink()
    mode = PycInvalidationMode.UNCHECKED_HASH  # files change their times on the way there
    compile_dir(Path.cwd(), quiet=1, force=True, invalidation_mode=mode)


if __name__ == "__main__":
    main()
