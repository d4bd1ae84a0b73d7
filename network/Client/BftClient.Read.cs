using System.Globalization;
using Bft.Engine;
using Bft.Engine.Encoding;
using Bft.Network.Api;
using Bft.Network.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Bft.Client;

public sealed partial class BftClient
{
    /// <summary>
    /// Reads a key. Linearizable: sees every transaction that was committed before the call. First by a quorum of signed answers;
    /// where they do not agree within <see cref="BftClientOptions.ReadAttempts"/>, by ordering a barrier and believing f+1 states that include it.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="linearizable">False for one validator's word: quick, perhaps old, perhaps false.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="BftClientException">Too few validators answer or agree, and no barrier can be ordered.</exception>
    public async Task<ReadResult> GetAsync(ReadOnlyMemory<byte> key, bool linearizable = true, CancellationToken cancellation = default)
    {
        if (!linearizable)
        {
            return await _reader.ReadStaleAsync(key, cancellation)
                ?? throw new BftClientException($"None of {_links.Length} endpoints gave a signed answer: are they validators of this genesis, and up?");
        }

        for (int attempt = 0; attempt < _options.ReadAttempts; attempt++)
        {
            if (await _reader.ReadIndexedAsync(key, cancellation) is { } agreed)
            {
                return agreed;
            }
        }

        return await ReadOrderedAsync(key, cancellation);
    }

    /// <summary>Reads a key by ordering a barrier, without trying for a quorum first.</summary>
    /// <exception cref="BftClientException">No barrier can be ordered, or f+1 validators do not agree on the states that include it.</exception>
    public async Task<ReadResult> ReadOrderedAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation = default)
    {
        if (_options.Barrier is not { } barrier || _options.Sequences is null)
        {
            throw new BftClientException(
                $"No quorum of {Chain.Committee.QuorumSize} validators gave equal answers, and the read cannot be ordered: set Barrier, Signer and Sequences, or reach more validators.");
        }

        TransactionResult ordered = await SubmitAsync(barrier(), cancellation);
        if (!ordered.IsCommitted)
        {
            throw new BftClientException(ordered.Rejection is { } rejection
                ? $"The read's barrier was rejected: {rejection}"
                : $"The read's barrier was ordered and not executed (code 0x{ordered.Code:X2}): read again under a new sequence.");
        }

        for (int attempt = 0; attempt < _options.ReadAttempts; attempt++)
        {
            if (await _reader.ReadAfterAsync(key, ordered.Height, cancellation) is { } agreed)
            {
                return agreed;
            }
        }

        throw new BftClientException(
            $"The read was ordered at height {ordered.Height}, but no {Chain.Committee.HonestSize} validators (f+1) gave equal answers in {_options.ReadAttempts} tries: " +
            "the key may be changing too fast, or too few validators are up. Read again.");
    }

    /// <summary>
    /// A key's value or absence with proof: of a recent state, checked against genesis alone. Any one validator can give it, none can
    /// forge it; it says nothing about later states.
    /// </summary>
    /// <exception cref="BftClientException">No endpoint gave a proof that holds; the message has each one's reason.</exception>
    public async Task<ProvenValue> ProveAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation = default)
    {
        var reasons = new List<string>();
        foreach (ValidatorLink link in _links)
        {
            try
            {
                ProveReply reply = await link.Api.ProveAsync(
                    new ProveRequest { Key = ByteString.CopyFrom(key.Span) }, deadline: DateTime.UtcNow + _options.CallTimeout, cancellationToken: cancellation);
                return _light.Verify(key.Span, Decode(reply));
            }
            catch (RpcException refused)
            {
                cancellation.ThrowIfCancellationRequested();
                reasons.Add($"{link.Endpoint}: {refused.StatusCode}: {refused.Status.Detail}");
            }
            catch (BftClientException broken)
            {
                reasons.Add($"{link.Endpoint}: {broken.Message}");
            }
        }

        throw new BftClientException(string.Create(CultureInfo.InvariantCulture, $"None of {_links.Length} endpoints gave a proof that holds. {string.Join("; ", reasons)}"));
    }

    private static KeyProof Decode(ProveReply reply)
    {
        var header = new CanonicalReader(reply.Header.Memory);
        var certificate = new CanonicalReader(reply.Certificate.Memory);
        var proof = new KeyProof(
            reply.Found, reply.Value.Memory, reply.StateProof.Memory, BlockHeader.Decode(ref header), QuorumCertificate.Decode(ref certificate));
        return header.Complete && certificate.Complete && (reply.Found || reply.Value.IsEmpty)
            ? proof
            : throw new BftClientException("The proof's header or certificate is malformed.");
    }
}
