"""Numbers as Thrift's compact protocol writes them, to forge Parquet files with."""


def varint(number: int) -> bytes:
    """Return a number that is not negative, seven bits in a byte, the lowest first."""
    content = b""
    while number > 127:
        content += bytes([number & 127 | 128])
        number >>= 7
    return content + bytes([number])
