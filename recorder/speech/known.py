"""Speech models that are known by their checksums: CTranslate2 conversions of OpenAI's Whisper (MIT licence).

SHA-256 and sizes of the files as their makers published them, at the revision named; each was compared in several
public lists that agree. Any other model is fetched with the list of checksums that comes with it.
"""

from __future__ import annotations

from typing import NamedTuple


class File(NamedTuple):
    """:ivar size: in bytes; 0 where it is not known before."""

    sha256: str
    size: int = 0


class Known(NamedTuple):
    """:ivar repository: and :ivar revision: on a hub, for mirrors that are laid out like one."""

    repository: str
    revision: str
    about: str
    files: dict[str, File]


_TOKENIZER = File("fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", 2_203_239)
_VOCABULARY = File("34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459_861)

KNOWN = {
    "base": Known(
        "Systran/faster-whisper-base",
        "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        "150 MB; for a look, many wrong characters in Chinese",
        {
            "config.json": File("56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
            "model.bin": File("d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
            "tokenizer.json": _TOKENIZER,
            "vocabulary.txt": _VOCABULARY,
        },
    ),
    "small": Known(
        "Systran/faster-whisper-small",
        "536b0662742c02347bc0e980a01041f333bce120",
        "490 MB; the least that is of use for Chinese on a CPU",
        {
            "config.json": File("b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828", 2_370),
            "model.bin": File("3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671", 483_546_902),
            "tokenizer.json": _TOKENIZER,
            "vocabulary.txt": _VOCABULARY,
        },
    ),
    "medium": Known(
        "Systran/faster-whisper-medium",
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        "1.5 GB; better, some three times slower than small",
        {
            "config.json": File("3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807", 2_257),
            "model.bin": File("9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae", 1_527_906_378),
            "tokenizer.json": _TOKENIZER,
            "vocabulary.txt": _VOCABULARY,
        },
    ),
    "large-v3-turbo": Known(
        "dropbox-dash/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        "1.6 GB; the one to take with a GPU or cores to spare",
        {
            "config.json": File("b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e", 2_263),
            "model.bin": File("e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da", 1_617_884_929),
            "preprocessor_config.json": File("7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711", 340),
            "tokenizer.json": File("297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd", 2_710_337),
            "vocabulary.json": File("c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1", 1_068_114),
        },
    ),
}
