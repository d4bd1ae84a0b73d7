namespace Bft.Crypto.Signatures;

/// <summary>The signature schemes that exist, by name and by code.</summary>
public static class SignatureSchemes
{
    /// <summary>The scheme with that code on the wire, or null.</summary>
    public static ISignatureScheme? Find(byte code) => null;
}
