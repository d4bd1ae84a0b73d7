using System.Security.Cryptography;
using Bft.Client;
using Bft.Crypto;
using Bft.Crypto.Signatures;

namespace Bft.Testnet.Clients;

/// <summary>
/// Who orders a read that names no client: a key of this process alone, which is never written, so that a reader needs neither a key of its own nor a place to write.
/// </summary>
/// <remarks>
/// The replicated state remembers every client that ever had a transaction executed: 32 bytes for its id and some 10 for one barrier (docs/wire.md, "session"), for good. So
/// one process makes one such client at the most, and only for a read that no quorum settles; who orders reads all the time names a client with <c>--key</c>, whose
/// session does not grow with them.
/// </remarks>
internal static class ReaderIdentity
{
    /// <summary>A new client that nobody was before.</summary>
    public static ClientIdentity Make()
    {
        byte[] seed = RandomNumberGenerator.GetBytes(Keys.SeedBytes);
        try
        {
            return new ClientIdentity(SignatureSchemes.Ed25519.CreateSigner(seed), new FromOne());
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    // The key is new and goes with the process: nothing has to be remembered.
    private sealed class FromOne : ISequenceSource
    {
        private ulong _last;

        public ulong Reserve(int count) => Interlocked.Add(ref _last, (ulong)count) - (ulong)count + 1;
    }
}
