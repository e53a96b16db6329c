"""TLS towards providers: the system's roots, TLS 1.2 or newer, HTTP/1.1, and nothing that the environment says.

`ssl.create_default_context` obeys SSL_CERT_FILE, SSL_CERT_DIR (whom to trust) and SSLKEYLOGFILE (write the session keys to a file):
a stray variable would open every provider key. Here the paths that OpenSSL was built with are read by name.
"""

import ssl
import sys
from functools import cache
from pathlib import Path


def make_context() -> ssl.SSLContext:
    """A context that trusts what the system trusts. Its roots are read as they are needed where the system keeps them hashed: 1 ms, not 40."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.set_alpn_protocols(["http/1.1"])
    _trust_system(context)
    return context


@cache
def usual_context() -> ssl.SSLContext:
    """One for all clients of this process: where the roots are one file, reading them takes 40 ms each time."""
    return make_context()


def _trust_system(context: ssl.SSLContext) -> None:
    if sys.platform == "win32":
        context.load_default_certs()
        return
    paths = ssl.get_default_verify_paths()
    file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    if folder.is_dir() and any(folder.glob("*.0")):
        context.load_verify_locations(capath=folder)
    elif file.is_file():
        context.load_verify_locations(cafile=file)
