"""Forms of two parts (multipart/form-data, RFC 7578): what is said of a file, and the bytes that a caller sends."""

from urllib.parse import quote

from msgspec import Struct

from service.connectors.sdk.flow import Frame


class Form(Struct, frozen=True):
    """What goes around the bytes, and the content type that names the boundary."""

    frame: Frame
    content_type: str


def form(key: str, said: tuple[str, bytes], field: str, name: str, media_type: str) -> Form:
    """A JSON part (its name and body), then the file `name` in the part `field`; `key` is unique to the upload."""
    boundary = f"tickmark-{key}"
    json_name, json_body = said
    shown = quote(name, safe=" !#$&'()+,-.;=@[]^_`{}~")
    before = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{json_name}"\r\n'
        f"Content-Type: application/json; charset=UTF-8\r\n\r\n{json_body.decode()}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{shown}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    return Form(Frame(before.encode(), f"\r\n--{boundary}--\r\n".encode()), f"multipart/form-data; boundary={boundary}")
