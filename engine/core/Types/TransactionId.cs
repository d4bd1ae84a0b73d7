using System.Globalization;
using Bft.Crypto;

namespace Bft.Engine;

/// <summary>The name of one transaction: its client's identity and the client's sequence number. Known before it is sent.</summary>
/// <param name="Client">The digest of the client's signature scheme and public key.</param>
/// <param name="Sequence">The client's number for it, from 1.</param>
public readonly record struct TransactionId(Digest Client, ulong Sequence)
{
    /// <summary>The client in 64 hexadecimal digits, a colon, the sequence in decimal.</summary>
    public override string ToString() => $"{Client}:{Sequence.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Parses what <see cref="ToString"/> prints.</summary>
    public static bool TryParse(string? text, out TransactionId id)
    {
        id = default;
        int colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0 || !Digest.TryParse(text![..colon], out Digest client) ||
            !ulong.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong sequence))
        {
            return false;
        }

        id = new TransactionId(client, sequence);
        return true;
    }
}
