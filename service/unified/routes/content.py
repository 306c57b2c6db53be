"""The bytes of documents, as operations."""

from service import errors
from service.api import parameters
from service.api.operation import Audit, Exports, Meter, Operation, Parameter
from service.connectors.sdk.connector import Connector
from service.resources.document import Area, Document
from service.unified.downloads import Downloads
from service.unified.rehearsal import DryRun
from service.unified.routes.documents import DOCUMENTS
from service.unified.routes.problems import VENDOR_PROBLEMS, WRITE_PROBLEMS
from service.unified.uploads import Uploads

_RANGE = Parameter(
    name="Range",
    place="header",
    schema={"type": "string"},
    description="One range of bytes, such as `bytes=0-1023`; anything else is answered with the whole document.",
)
_VERSION = Parameter(
    name="version",
    place="query",
    schema={"type": "integer", "minimum": 1, "maximum": 10**9},
    description="The bytes of an older version, by its number in `versions`; see the vendor's coverage.",
)
_DIGEST = Parameter(
    name="Content-Digest",
    place="header",
    schema={"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    description="SHA-256 of the bytes (RFC 9530): an upload that arrives otherwise is never completed.",
)


def content_operations(
    downloads: Downloads, uploads: Uploads, connectors: tuple[Connector, ...]
) -> tuple[Operation, ...]:
    """Download and upload, as far as any vendor can."""
    bindings = [connector.documents for connector in connectors if connector.documents is not None]
    found: list[Operation] = []
    if any(binding.download is not None for binding in bindings):
        found.append(_download(downloads))
    if any(binding.upload is not None for binding in bindings):
        found.append(_upload(uploads))
    if any(binding.upload_version is not None for binding in bindings):
        found.append(_upload_version(uploads, connectors))
    return tuple(found)


def _download(downloads: Downloads) -> Operation:
    return Operation(
        id="downloadDocument",
        method="GET",
        path="/v1/documents/{id}/content",
        tag="documents",
        summary="Download a document",
        description="The bytes of one document, streamed from the vendor, whole or the range that is asked for. "
        "Billed when the last of them has been handed over.",
        scope="documents:read",
        meter=Meter.DOCUMENT,
        audit=Audit.CLIENT_DATA,
        freshness="Live: the bytes come from the vendor.",
        answer=bytes,
        exports=Exports.RECORD,
        answer_media_type="*/*",
        other_media_types=("application/octet-stream",),  # some generators know no `*/*`
        other_answers={206: bytes},
        parameters=(
            parameters.path_id("id", f"The document's id, `{DOCUMENTS.prefix}…`."),
            _VERSION,
            _RANGE,
            parameters.WAIT,
        ),
        problems=(errors.INVALID_PARAMETER, errors.NOT_FOUND, errors.RANGE_NOT_SATISFIABLE, *VENDOR_PROBLEMS),
        run=downloads.download,
    )


def _upload(uploads: Uploads) -> Operation:
    return Operation(
        id="uploadDocument",
        method="POST",
        path="/v1/documents",
        tag="documents",
        summary="Upload a document",
        description="A new document from the bytes of the body, streamed to the vendor.",
        scope="documents:write",
        meter=Meter.DOCUMENT,
        audit=Audit.CLIENT_DATA,
        status=201,
        answer=Document,
        other_answers={200: DryRun},
        body=bytes,
        body_media_type="application/octet-stream",
        parameters=(
            parameters.CONNECTION,
            parameters.ACCOUNT,
            parameters.IDEMPOTENCY_KEY,
            _DIGEST,
            parameters.WAIT,
            _text("name", "The file's name.", required=True, example="engagement-letter.pdf"),
            _text("client", "The client it belongs to, `cli_…`."),
            _text("folder", "The folder it goes into, `fol_…`."),
            parameters.one_of("area", tuple(area.value for area in Area), "The area it goes into."),
            parameters.DRY_RUN,
        ),
        problems=(*WRITE_PROBLEMS, errors.BODY_TOO_LARGE, errors.CONNECTION_REQUIRED, errors.ACCOUNT_REQUIRED),
        example=DOCUMENTS.example,
        run=uploads.upload,
    )


def _upload_version(uploads: Uploads, connectors: tuple[Connector, ...]) -> Operation:
    able = [one.name for one in connectors if one.documents is not None and one.documents.upload_version is not None]
    return Operation(
        id="uploadDocumentVersion",
        method="PUT",
        path="/v1/documents/{id}/content",
        tag="documents",
        summary="Upload a version of a document",
        description="New bytes for a document, streamed to the vendor, which keeps those before them. "
        f"Vendors: {', '.join(able)}.",
        scope="documents:write",
        meter=Meter.DOCUMENT,
        audit=Audit.CLIENT_DATA,
        answer=Document,
        body=bytes,
        body_media_type="application/octet-stream",
        parameters=(
            parameters.path_id("id", f"The document's id, `{DOCUMENTS.prefix}…`."),
            parameters.IDEMPOTENCY_KEY,
            _DIGEST,
            parameters.WAIT,
            _text("name", "The name of the file that is sent.", required=True, example="engagement-letter.pdf"),
        ),
        problems=(*WRITE_PROBLEMS, errors.BODY_TOO_LARGE),
        example=DOCUMENTS.example,
        run=uploads.upload_version,
    )


def _text(name: str, description: str, *, required: bool = False, example: str | None = None) -> Parameter:
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return Parameter(
        name=name, place="query", schema=schema, description=description, required=required, example=example
    )
