"""KuFlow's format of ciphertext."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from kurun_worker.encryption.ciphers import Cipher
from kurun_worker.encryption.errors import (
    CiphertextError,
    MalformedCiphertextError,
    TamperedCiphertextError,
    UnknownAlgorithmError,
)
from tests.second_cipher import KEY, KEY_ID, seal, unseal

MARK = {"encoding-encrypted-key-id": KEY_ID.encode()}

# Made with Node's crypto and a protobuf written by hand; Java's javax.crypto makes the same of the first.
VECTORS = [
    pytest.param(
        b"AES-256-GCM:AAECAwQFBgcICQoLTRTcE6CLoXTpKPnso+MSHuy4qEScGjYSMibvnHgHY91lecCbgqR8+wbdD5nt4wVTiyBN5D7Eh+9doRkg"
        b"eYXNw8Bdp0r+5UcEKHnLX4rrI40JvagBQgVlX86b+t5mi5vsppcsiNBj8iirLA6CZFdPHtcCQJHBhEFZ7d0q6o69bcFfedJ1LP/BHI3shg==",
        Payload(metadata={"encoding": b"json/plain", **MARK}, data='{"amount":25000,"name":"Adà"}'.encode()),
        id="json",
    ),
    pytest.param(
        b"AES-256-GCM:/+7dzLuqmYh3ZlVE1FECAyibg6xtBQMqI5fASKWO9x8XDXhrwiuEvn3191uxEeZr2mRqdZR9YG3jJZ66NKTfUD8HwTzb5qME"
        b"ZqKq8oMXicsYSZoeLZjgWQoXX+hjPeQLCCZycd+oHrTuhVOLryFSWEBYpHba7qEm",
        Payload(metadata={"encoding": b"binary/null", **MARK}),
        id="nothing",
    ),
    pytest.param(
        b"AES-256-GCM:CgsMDQ4PEBESExQVZaUwwA6ztBrSbbZqzKCHIZN/rVaQGpLVgjfZlVGi3QmeI8q8gG+cBrdPRGIFD8Y=",
        Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\xff\x01"),
        id="bytes, without the mark inside",
    ),
    pytest.param(
        b"AES-256-GCM:mZmZmZmZmZmZmZmZEfTj+/fxd4IJM0/saRMXyJ81RyRKyFa3yLh3OYh7oE7hgyantq/WdsVvK5bpciGf+kOYMB+wd30Vn0mv"
        b"0teKhGeLkFf2Th9vWORwZTI7hmiwRFVEL74cT5U7awHCIt/zHegPnUFiB0AgxH5udy9BTYg=",
        Payload(metadata={"encoding": b"json/plain", **MARK}, data=b"null"),
        id="nothing, as the Java SDK writes it",
    ),
]


@pytest.mark.parametrize(("ciphertext", "payload"), VECTORS)
def test_what_others_encrypted_is_decrypted(ciphertext: bytes, payload: Payload) -> None:
    """Fixed vectors that no code of ours has made."""
    content = Cipher(KEY).decrypt(ciphertext)

    assert Payload.FromString(content) == payload


@settings(deadline=None)
@given(st.binary(max_size=5000), st.binary(min_size=32, max_size=32))
def test_a_second_implementation_reads_what_we_write_and_the_reverse(content: bytes, key: bytes) -> None:
    """Whatever is inside."""
    payload = Payload(metadata={"encoding": b"binary/plain"}, data=content)
    cipher = Cipher(key)
    ours = seal(Payload(), key=key)
    ours.data = cipher.encrypt(payload.SerializeToString())

    assert unseal(ours, key=key) == payload
    assert Payload.FromString(cipher.decrypt(seal(payload, key=key).data)) == payload


def test_the_same_content_never_looks_the_same() -> None:
    """A nonce that is used twice would give the key away."""
    cipher = Cipher(KEY)
    written = {cipher.encrypt(b"content") for _ in range(1000)}
    nonces = {base64.b64decode(each.partition(b":")[2])[:12] for each in written}

    assert len(nonces) == 1000


SEALED = seal(Payload(data=b"content")).data
RAW = base64.b64decode(SEALED.partition(b":")[2])


def changed(place: int) -> bytes:
    """The ciphertext with one bit turned over."""
    turned = bytearray(RAW)
    turned[place] ^= 1
    return b"AES-256-GCM:" + base64.b64encode(turned)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(changed(-1), TamperedCiphertextError, id="tag"),
        pytest.param(changed(14), TamperedCiphertextError, id="content"),
        pytest.param(changed(0), TamperedCiphertextError, id="nonce"),
        pytest.param(seal(Payload(), key=b"k" * 32).data, TamperedCiphertextError, id="another key"),
        pytest.param(b"AES-256-GCM:" + base64.b64encode(RAW[:-1]), TamperedCiphertextError, id="a byte short"),
        pytest.param(b"AES-256-GCM:" + base64.b64encode(RAW[:27]), MalformedCiphertextError, id="no room for a tag"),
        pytest.param(SEALED[:-1], MalformedCiphertextError, id="base64 cut"),
        pytest.param(b"AES-256-GCM:", MalformedCiphertextError, id="nothing encrypted"),
        pytest.param("AES-256-GCM:Ω".encode(), MalformedCiphertextError, id="no base64"),
        pytest.param(b"AES-256-GCM", MalformedCiphertextError, id="no colon"),
        pytest.param(b"", MalformedCiphertextError, id="empty"),
        pytest.param(b"AES-256-CBC:" + SEALED.partition(b":")[2], UnknownAlgorithmError, id="another algorithm"),
        pytest.param(b":" + SEALED.partition(b":")[2], UnknownAlgorithmError, id="no algorithm"),
    ],
)
def test_what_is_not_ours_or_was_changed_is_refused(data: bytes, error: type[CiphertextError]) -> None:
    """Each with an error that says what is wrong, and neither key nor content."""
    with pytest.raises(error) as caught:
        Cipher(KEY).decrypt(data)

    assert "content" not in str(caught.value)
    assert str(KEY) not in repr(caught.value)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_input_breaks_out_of_the_typed_errors(data: bytes) -> None:
    """Ciphertext comes from outside."""
    for text in (data, b"AES-256-GCM:" + data, b"AES-256-GCM:" + base64.b64encode(data)):
        with pytest.raises(CiphertextError):
            Cipher(KEY).decrypt(text)


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    """AES would take 16 and 24 bytes too, and the other SDKs could not read it."""
    with pytest.raises(ValueError, match=f"the key has {length} bytes, not 32"):
        Cipher(b"k" * length)


def test_a_cipher_does_not_show_its_key() -> None:
    """It may end up in a log or a traceback."""
    cipher = Cipher(b"SECRETSECRETSECRETSECRETSECRETSE")

    assert "SECRET" not in repr(cipher) + str(cipher) + repr(cipher._aead)
