using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Bft.Crypto.Bls12381;

/// <summary>
/// A number modulo the order r = 0x73eda753…00000001 (255 bits) of the groups of BLS12-381: a secret key, a share, a coefficient, a weight. Always in [0, r).
/// </summary>
/// <remarks>All arithmetic is constant-time (masks instead of branches); <see cref="Equals(Scalar)"/> too, but its verdict is not a secret any more.</remarks>
[StructLayout(LayoutKind.Sequential)]
public readonly struct Scalar : IEquatable<Scalar>
{
    /// <summary>Length of the encoding in bytes, big-endian.</summary>
    public const int Bytes = 32;

    /// <summary>Length in bytes of the random or hashed input of <see cref="FromWideBytes"/>.</summary>
    public const int WideBytes = 48;

    private const int Words = 4;

    /// <summary>-1/r mod 2^64.</summary>
    private const ulong NegativeInverseOfR = 0xfffffffeffffffff;

    private readonly ulong _w0;
    private readonly ulong _w1;
    private readonly ulong _w2;
    private readonly ulong _w3;

    private Scalar(ulong w0, ulong w1, ulong w2, ulong w3)
    {
        _w0 = w0;
        _w1 = w1;
        _w2 = w2;
        _w3 = w3;
    }

    private static Scalar Order => new(0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48);

    /// <summary>2^512 mod r: undoes the two divisions by 2^256 of a product.</summary>
    private static Scalar MontgomerySquare => new(0xc999e990f3f29c6d, 0x2b6cedcb87925c23, 0x05d314967254398f, 0x0748d9d99f59ff11);

    /// <summary>0.</summary>
    public static Scalar Zero => default;

    /// <summary>1.</summary>
    public static Scalar One => new(1, 0, 0, 0);

    /// <summary>Whether this is 0. Constant-time up to the verdict.</summary>
    public bool IsZero => (_w0 | _w1 | _w2 | _w3) == 0;

    /// <summary>A small number.</summary>
    public static Scalar FromInteger(ulong number) => new(number, 0, 0, 0);

    /// <summary>Reads <see cref="Bytes"/> bytes, big-endian.</summary>
    /// <param name="source">The encoding.</param>
    /// <param name="scalar">The number, 0 when refused.</param>
    /// <returns>False when the length is wrong or the number is not below r.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, out Scalar scalar)
    {
        scalar = default;
        if (source.Length != Bytes)
        {
            return false;
        }

        Scalar read = ReadWords(source);
        SubtractWords(read, Order, out ulong borrow);
        if (borrow == 0)
        {
            return false;
        }

        scalar = read;
        return true;
    }

    /// <summary>The big-endian number of <see cref="WideBytes"/> bytes modulo r: uniform up to 2^-128 if the bytes are.</summary>
    /// <exception cref="ArgumentException">The source is not <see cref="WideBytes"/> long.</exception>
    public static Scalar FromWideBytes(ReadOnlySpan<byte> source)
    {
        if (source.Length != WideBytes)
        {
            throw new ArgumentException($"A wide number has {WideBytes} bytes, the source has {source.Length}.", nameof(source));
        }

        Span<byte> padded = stackalloc byte[Bytes];
        padded.Clear();
        source[..16].CopyTo(padded[16..]);
        Scalar high = ReadWords(padded);
        Scalar low = ReduceOnce(ReduceOnce(ReadWords(source[16..])));
        // Montgomery's product with 2^512 multiplies by 2^256.
        Scalar result = Add(MontgomeryMultiply(high, MontgomerySquare), low);
        padded.Clear();
        return result;
    }

    /// <summary>The big-endian number of <see cref="Bytes"/> bytes modulo r. Not uniform: for test vectors and for hashes that are used that way.</summary>
    /// <exception cref="ArgumentException">The source is not <see cref="Bytes"/> long.</exception>
    public static Scalar FromBytesReduced(ReadOnlySpan<byte> source)
    {
        if (source.Length != Bytes)
        {
            throw new ArgumentException($"A scalar has {Bytes} bytes, the source has {source.Length}.", nameof(source));
        }

        return ReduceOnce(ReduceOnce(ReadWords(source)));
    }

    /// <summary>A uniform secret in [1, r) from the operating system's random source.</summary>
    public static Scalar Random()
    {
        Span<byte> bytes = stackalloc byte[WideBytes];
        Scalar scalar;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            scalar = FromWideBytes(bytes);
        }
        while (scalar.IsZero);

        CryptographicOperations.ZeroMemory(bytes);
        return scalar;
    }

    /// <summary>Writes <see cref="Bytes"/> bytes, big-endian.</summary>
    /// <exception cref="ArgumentException">The destination is not <see cref="Bytes"/> long.</exception>
    public void Write(Span<byte> destination)
    {
        if (destination.Length != Bytes)
        {
            throw new ArgumentException($"A scalar has {Bytes} bytes, the destination has {destination.Length}.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, _w3);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _w2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _w1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _w0);
    }

    /// <summary>a + b mod r.</summary>
    public static Scalar Add(Scalar a, Scalar b)
    {
        // No carry out of 256 bits: both are below 2^255.
        ulong w0 = AddWithCarry(a._w0, b._w0, 0, out ulong carry);
        ulong w1 = AddWithCarry(a._w1, b._w1, carry, out carry);
        ulong w2 = AddWithCarry(a._w2, b._w2, carry, out carry);
        ulong w3 = AddWithCarry(a._w3, b._w3, carry, out _);
        return ReduceOnce(new Scalar(w0, w1, w2, w3));
    }

    /// <summary>a - b mod r.</summary>
    public static Scalar Subtract(Scalar a, Scalar b) => Add(a, Negate(b));

    /// <summary>-a mod r.</summary>
    public static Scalar Negate(Scalar a) => ReduceOnce(SubtractWords(Order, a, out _));

    /// <summary>a·b mod r.</summary>
    public static Scalar Multiply(Scalar a, Scalar b) => MontgomeryMultiply(MontgomeryMultiply(a, b), MontgomerySquare);

    /// <summary>1/a mod r by Fermat, and 0 for 0.</summary>
    public static Scalar Invert(Scalar a)
    {
        Scalar exponent = SubtractWords(Order, FromInteger(2), out _);
        Scalar result = One;
        ReadOnlySpan<ulong> bits = exponent.AsWords();
        for (int bit = 254; bit >= 0; bit--)
        {
            result = Multiply(result, result);
            if (((bits[bit / 64] >> (bit % 64)) & 1) != 0)
            {
                result = Multiply(result, a);
            }
        }

        return result;
    }

    /// <inheritdoc cref="Add"/>
    public static Scalar operator +(Scalar a, Scalar b) => Add(a, b);

    /// <inheritdoc cref="Subtract"/>
    public static Scalar operator -(Scalar a, Scalar b) => Subtract(a, b);

    /// <inheritdoc cref="Negate"/>
    public static Scalar operator -(Scalar a) => Negate(a);

    /// <inheritdoc cref="Multiply"/>
    public static Scalar operator *(Scalar a, Scalar b) => Multiply(a, b);

    /// <summary>Whether both are the same number.</summary>
    public static bool operator ==(Scalar a, Scalar b) => a.Equals(b);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Scalar a, Scalar b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(Scalar other) => ((_w0 ^ other._w0) | (_w1 ^ other._w1) | (_w2 ^ other._w2) | (_w3 ^ other._w3)) == 0;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Scalar other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_w0, _w1, _w2, _w3);

    /// <summary>Nothing of the number: it may be a secret.</summary>
    public override string ToString() => nameof(Scalar);

    /// <summary>The four words, least significant first.</summary>
    [UnscopedRef]
    internal ReadOnlySpan<ulong> AsWords() => MemoryMarshal.CreateReadOnlySpan(in _w0, Words);

    private static Scalar ReadWords(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64BigEndian(source[24..]),
        BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(source));

    /// <summary>a - r if that is not negative, else a.</summary>
    private static Scalar ReduceOnce(Scalar a)
    {
        Scalar less = SubtractWords(a, Order, out ulong borrow);
        ulong keep = 0 - borrow;
        return new Scalar(
            less._w0 ^ ((less._w0 ^ a._w0) & keep),
            less._w1 ^ ((less._w1 ^ a._w1) & keep),
            less._w2 ^ ((less._w2 ^ a._w2) & keep),
            less._w3 ^ ((less._w3 ^ a._w3) & keep));
    }

    private static Scalar SubtractWords(Scalar a, Scalar b, out ulong borrow)
    {
        ulong w0 = SubtractWithBorrow(a._w0, b._w0, 0, out borrow);
        ulong w1 = SubtractWithBorrow(a._w1, b._w1, borrow, out borrow);
        ulong w2 = SubtractWithBorrow(a._w2, b._w2, borrow, out borrow);
        ulong w3 = SubtractWithBorrow(a._w3, b._w3, borrow, out borrow);
        return new Scalar(w0, w1, w2, w3);
    }

    /// <summary>a·b/2^256 mod r (coarsely integrated operand scanning).</summary>
    private static Scalar MontgomeryMultiply(Scalar a, Scalar b)
    {
        Scalar order = Order;
        ReadOnlySpan<ulong> left = a.AsWords();
        ReadOnlySpan<ulong> right = b.AsWords();
        ReadOnlySpan<ulong> modulus = order.AsWords();
        Span<ulong> t = stackalloc ulong[Words + 2];
        t.Clear();
        for (int i = 0; i < Words; i++)
        {
            ulong carry = 0;
            for (int j = 0; j < Words; j++)
            {
                t[j] = MultiplyAdd(left[i], right[j], t[j], carry, out carry);
            }

            t[Words] = AddWithCarry(t[Words], carry, 0, out t[Words + 1]);
            ulong m = t[0] * NegativeInverseOfR;
            MultiplyAdd(m, modulus[0], t[0], 0, out carry);
            for (int j = 1; j < Words; j++)
            {
                t[j - 1] = MultiplyAdd(m, modulus[j], t[j], carry, out carry);
            }

            t[Words - 1] = AddWithCarry(t[Words], carry, 0, out carry);
            t[Words] = t[Words + 1] + carry;
        }

        Scalar result = ReduceOnce(new Scalar(t[0], t[1], t[2], t[3]));
        t.Clear();
        return result;
    }

    /// <summary>a·b + c + d, which fits 128 bits.</summary>
    private static ulong MultiplyAdd(ulong a, ulong b, ulong c, ulong d, out ulong high)
    {
        high = Math.BigMul(a, b, out ulong low);
        low = AddWithCarry(low, c, 0, out ulong carry);
        high += carry;
        low = AddWithCarry(low, d, 0, out carry);
        high += carry;
        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AddWithCarry(ulong a, ulong b, ulong carry, out ulong carryOut)
    {
        ulong sum = a + b + carry;
        carryOut = ((a & b) | ((a | b) & ~sum)) >> 63;
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SubtractWithBorrow(ulong a, ulong b, ulong borrow, out ulong borrowOut)
    {
        ulong difference = a - b - borrow;
        borrowOut = ((~a & b) | (~(a ^ b) & difference)) >> 63;
        return difference;
    }
}
