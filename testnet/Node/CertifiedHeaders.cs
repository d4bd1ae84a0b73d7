using Bft.Engine;

namespace Bft.Testnet.Node;

/// <summary>The newest headers with their certificates: what proofs of keys hang on. The loop adds, any thread reads.</summary>
internal sealed class CertifiedHeaders
{
    private const int Kept = 32;

    private readonly Lock _gate = new();
    private readonly LinkedList<(BlockHeader Header, QuorumCertificate Certificate)> _newestFirst = new();

    /// <summary>Takes what the proof of a committed block ends with.</summary>
    public void Add(CommitProof proof)
    {
        if (proof.Certificate is not { } certificate || proof.Path.IsEmpty)
        {
            return;
        }

        BlockHeader header = proof.Path[^1];
        lock (_gate)
        {
            if (_newestFirst.First is { } newest && newest.Value.Header.Height >= header.Height)
            {
                return;
            }

            _newestFirst.AddFirst((header, certificate));
            if (_newestFirst.Count > Kept)
            {
                _newestFirst.RemoveLast();
            }
        }
    }

    /// <summary>Certified headers, those with the newest results first.</summary>
    public IReadOnlyList<(BlockHeader Header, QuorumCertificate Certificate)> Newest()
    {
        lock (_gate)
        {
            return [.. _newestFirst];
        }
    }
}
