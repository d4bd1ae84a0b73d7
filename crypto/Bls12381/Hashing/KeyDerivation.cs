using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bft.Crypto.Bls12381.Hashing;

/// <summary>EIP-2333: BLS12-381 key generation, with Lamport keys between parent and child.</summary>
/// <remarks>Constant-time as far as SHA-256 and HKDF of the platform are: only lengths decide.</remarks>
internal static class KeyDerivation
{
    private const int HashBytes = 32;
    private const int LamportChunks = 255;

    /// <summary>hkdf_mod_r with an empty key_info.</summary>
    public static Scalar HashToScalar(ReadOnlySpan<byte> keyMaterial)
    {
        Span<byte> salt = stackalloc byte[HashBytes];
        SHA256.HashData("BLS-SIG-KEYGEN-SALT-"u8, salt);
        Span<byte> pseudoRandomKey = stackalloc byte[HashBytes];
        Span<byte> output = stackalloc byte[Scalar.WideBytes];
        var extended = new byte[keyMaterial.Length + 1];
        try
        {
            keyMaterial.CopyTo(extended);
            while (true)
            {
                HKDF.Extract(HashAlgorithmName.SHA256, extended, salt, pseudoRandomKey);
                HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandomKey, output, [0, Scalar.WideBytes]);
                Scalar scalar = Scalar.FromWideBytes(output);
                if (!scalar.IsZero)
                {
                    return scalar;
                }

                // One seed in 2^255 gets here.
                SHA256.HashData(salt, salt);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(extended);
            CryptographicOperations.ZeroMemory(pseudoRandomKey);
            CryptographicOperations.ZeroMemory(output);
        }
    }

    /// <summary>derive_child_SK.</summary>
    public static Scalar Child(Scalar parent, uint index)
    {
        Span<byte> salt = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(salt, index);
        Span<byte> material = stackalloc byte[HashBytes];
        var chunks = new byte[LamportChunks * HashBytes];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            parent.Write(material);
            AppendLamportKey(hash, material, salt, chunks);
            for (int i = 0; i < HashBytes; i++)
            {
                material[i] = (byte)~material[i];
            }

            AppendLamportKey(hash, material, salt, chunks);
            hash.GetHashAndReset(material);
            return HashToScalar(material);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(material);
            CryptographicOperations.ZeroMemory(chunks);
        }
    }

    /// <summary>IKM_to_lamport_SK, each chunk hashed.</summary>
    private static void AppendLamportKey(IncrementalHash hash, ReadOnlySpan<byte> material, ReadOnlySpan<byte> salt, Span<byte> chunks)
    {
        Span<byte> pseudoRandomKey = stackalloc byte[HashBytes];
        HKDF.Extract(HashAlgorithmName.SHA256, material, salt, pseudoRandomKey);
        HKDF.Expand(HashAlgorithmName.SHA256, pseudoRandomKey, chunks, []);
        CryptographicOperations.ZeroMemory(pseudoRandomKey);
        Span<byte> hashed = stackalloc byte[HashBytes];
        for (int i = 0; i < LamportChunks; i++)
        {
            SHA256.HashData(chunks.Slice(i * HashBytes, HashBytes), hashed);
            hash.AppendData(hashed);
        }
    }
}
