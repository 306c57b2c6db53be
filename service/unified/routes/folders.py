"""The noun `folders`."""

from typing import Final

from service.resources.document import Folder
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

FOLDERS: Final = Noun(
    name="folders",
    singular="folder",
    prefix="fol_",
    model=Folder,
    about="Folders are where documents lie, each in one area.",
    references={"client": "clients", "parent": "folders"},
    example={
        "object": "folder",
        "id": "fol_AZjy0VpQfSKbQ5v7tYvJ6QABNw",
        "remote_id": "7",
        **HOME,
        "client": CLIENT_ID,
        "name": "2025",
        "path": "Tax/2025",
        "area": "client_uploaded",
        "meta": {},
    },
)
