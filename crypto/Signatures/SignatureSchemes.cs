using System.Collections.Immutable;

namespace Bft.Crypto.Signatures;

/// <summary>The signature schemes there are, by name (genesis, command line) and by code (wire).</summary>
public static class SignatureSchemes
{
    /// <summary>The wire code that means "unsigned"; no scheme has it.</summary>
    public const byte UnsignedCode = 0;

    /// <summary>Ed25519: consensus, identity, and the default of clients.</summary>
    public static ISignatureScheme Ed25519 => Ed25519Scheme.Instance;

    /// <summary>ECDSA over secp256k1: what blockchain wallets hold.</summary>
    public static ISignatureScheme Secp256k1 => Secp256k1Scheme.Instance;

    /// <summary>Every scheme, by ascending code.</summary>
    public static ImmutableArray<ISignatureScheme> All { get; } = [Ed25519Scheme.Instance, Secp256k1Scheme.Instance];

    /// <summary>The scheme of that exact name, or null when there is none.</summary>
    public static ISignatureScheme? Find(string name)
    {
        foreach (ISignatureScheme scheme in All)
        {
            if (string.Equals(scheme.Name, name, StringComparison.Ordinal))
            {
                return scheme;
            }
        }

        return null;
    }

    /// <summary>The scheme of that wire code, or null when there is none (<see cref="UnsignedCode"/> included).</summary>
    public static ISignatureScheme? Find(byte code)
    {
        foreach (ISignatureScheme scheme in All)
        {
            if (scheme.Code == code)
            {
                return scheme;
            }
        }

        return null;
    }
}
