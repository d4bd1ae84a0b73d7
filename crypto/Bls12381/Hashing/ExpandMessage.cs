using System.Security.Cryptography;

namespace Bft.Crypto.Bls12381.Hashing;

/// <summary>expand_message_xmd of RFC 9380 §5.3.1 with SHA-256.</summary>
internal static class ExpandMessage
{
    private const int HashBytes = 32;
    private const int BlockBytes = 64;
    private const int MostTagBytes = 255;

    /// <summary>Fills <paramref name="uniform"/>, at most 255 hashes long, from the message under the tag.</summary>
    /// <exception cref="ArgumentException">The tag is empty (RFC 9380 §3.1 forbids it), or too many bytes are asked for.</exception>
    public static void Xmd(ReadOnlySpan<byte> message, scoped ReadOnlySpan<byte> domain, Span<byte> uniform)
    {
        if (domain.IsEmpty)
        {
            throw new ArgumentException("A domain separation tag has at least one byte.", nameof(domain));
        }

        int blocks = (uniform.Length + HashBytes - 1) / HashBytes;
        if (blocks > byte.MaxValue)
        {
            throw new ArgumentException($"At most {byte.MaxValue * HashBytes} bytes can be expanded, {uniform.Length} were asked for.", nameof(uniform));
        }

        Span<byte> hashedTag = stackalloc byte[HashBytes];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (domain.Length > MostTagBytes)
        {
            hash.AppendData("H2C-OVERSIZE-DST-"u8);
            hash.AppendData(domain);
            hash.GetHashAndReset(hashedTag);
            domain = hashedTag;
        }

        ReadOnlySpan<byte> tagLength = [(byte)domain.Length];
        Span<byte> pad = stackalloc byte[BlockBytes];
        pad.Clear();
        hash.AppendData(pad);
        hash.AppendData(message);
        hash.AppendData([(byte)(uniform.Length >> 8), (byte)uniform.Length, 0]);
        hash.AppendData(domain);
        hash.AppendData(tagLength);
        Span<byte> first = stackalloc byte[HashBytes];
        hash.GetHashAndReset(first);

        Span<byte> current = stackalloc byte[HashBytes];
        current.Clear();
        for (int i = 1; i <= blocks; i++)
        {
            for (int j = 0; j < HashBytes; j++)
            {
                current[j] ^= first[j];
            }

            hash.AppendData(current);
            hash.AppendData([(byte)i]);
            hash.AppendData(domain);
            hash.AppendData(tagLength);
            hash.GetHashAndReset(current);
            Span<byte> rest = uniform[((i - 1) * HashBytes)..];
            current[..Math.Min(HashBytes, rest.Length)].CopyTo(rest);
        }
    }
}
