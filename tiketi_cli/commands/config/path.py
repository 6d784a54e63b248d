"""`tiketi config path`."""

import typer

from tiketi_cli.context import session


def path(ctx: typer.Context) -> None:
    """Print the folder of the configuration: profiles, and the tokens that only you can read.

        tiketi config path
        ls -l "$(tiketi config path)"

    TIKETI_CONFIG_DIR names another folder.
    """
    from tiketi_sdk.profiles import config_folder, profiles_file

    here = session(ctx)
    if here.json:
        here.out.document({"folder": config_folder(), "profiles": profiles_file()})
    else:
        here.out.line(str(config_folder()))
