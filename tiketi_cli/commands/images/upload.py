"""`tiketi images upload`."""

from pathlib import Path
from typing import Annotated

import typer

from tiketi_cli.context import session


def upload(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JPEG, PNG or WebP, to 5 MiB.")],
) -> None:
    """Keep an image upright, without metadata and in several sizes (administrators); prints its address.

    tiketi images upload poster.jpg
    tiketi events update 1 --image "$(tiketi images upload poster.jpg --json | jq -r .url)"
    """
    content = file.read_bytes()
    here = session(ctx)
    with here.working("making it in several sizes"):
        image = here.client.images.upload(content)
    here.out.facts(
        image,
        {
            "url": image.url,
            "type": image.content_type,
            "size": f"{image.width} × {image.height}, {image.bytes_count:,} bytes",
            **{
                f"{each.width} wide": f"{each.url} ({each.bytes_count:,} bytes)"
                for each in image.variants
            },
        },
    )
