"""`tiketi completion`."""

from typing import Annotated, Literal

import typer

from tiketi_cli.completion import SCRIPTS
from tiketi_cli.context import session


def completion(
    ctx: typer.Context,
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")
    ],
) -> None:
    """Print the script that teaches a shell to complete tiketi's commands, options and values.

    echo 'eval "$(tiketi completion bash)"' >> ~/.bashrc
    echo 'eval "$(tiketi completion zsh)"' >> ~/.zshrc
    tiketi completion fish > ~/.config/fish/completions/tiketi.fish
    """
    here = session(ctx)
    if here.json:
        here.out.document({"shell": shell, "script": SCRIPTS[shell]})
    else:
        here.out.line(SCRIPTS[shell].rstrip("\n"))
