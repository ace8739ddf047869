"""ECDSA verification on NIST P-256 (FIPS 186-4, 6.4.2), to judge a guest's signatures by something that is not its
own library. Public values only: nothing here needs to be fast or constant in time.
"""

P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def _add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _multiply(number, point):
    total = None
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


def point(encoded):
    """The public key in an uncompressed encoding (SEC 1, 2.3.4); ValueError when it is none."""
    x, y = int.from_bytes(encoded[1:33], "big"), int.from_bytes(encoded[33:], "big")
    if len(encoded) != 65 or encoded[0] != 4 or max(x, y) >= P or (y * y - x * x * x + 3 * x - B) % P:
        raise ValueError("not a point on P-256")
    return x, y


def _integers(der):
    """r and s of SEQUENCE { INTEGER r, INTEGER s }."""
    if der[0] != 0x30 or der[1] != len(der) - 2:
        raise ValueError("not a DER sequence")
    values, at = [], 2
    while at < len(der):
        if der[at] != 2:
            raise ValueError("not a DER integer")
        values.append(int.from_bytes(der[at + 2:at + 2 + der[at + 1]], "big", signed=True))
        at += 2 + der[at + 1]
    r, s = values
    return r, s


def verifies(public, digest, signature):
    """public: point(); digest: 32 bytes; signature: DER."""
    r, s = _integers(signature)
    if not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, -1, N)
    sum_ = _add(_multiply(int.from_bytes(digest, "big") * w % N, G), _multiply(r * w % N, public))
    return sum_ is not None and sum_[0] % N == r
