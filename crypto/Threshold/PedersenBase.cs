using System.Text;
using Bft.Crypto.Bls12381;

namespace Bft.Crypto.Threshold;

/// <summary>
/// The second generator h of Pedersen's commitments (CRYPTO 1991). It is hashed to the curve (RFC 9380) from the text below, so nobody knows its logarithm to the first: who
/// knew it could open a commitment to any share.
/// </summary>
public static class PedersenBase
{
    /// <summary>What is hashed.</summary>
    public const string Message = "second generator of Pedersen commitments";

    /// <summary>The tag it is hashed under.</summary>
    public const string Domain = "BFT-KEYGEN-V01-CS01-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";

    /// <summary>h.</summary>
    public static G2Point H { get; } = G2Point.Hash(Encoding.ASCII.GetBytes(Message), Encoding.ASCII.GetBytes(Domain));
}
