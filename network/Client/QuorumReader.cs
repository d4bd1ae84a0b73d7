using System.Security.Cryptography;
using Bft.Engine;
using Bft.Network.Api.Frames;
using Bft.Network.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Bft.Client;

/// <summary>
/// Reads a key by asking many validators at once and believing only signed answers to its own nonce. One question, one round trip:
/// the validators wait for the height, then answer.
/// </summary>
internal sealed class QuorumReader(Committee committee, ValidatorKeys keys, ValidatorLink[] links, TimeSpan callTimeout)
{
    private const int NonceBytes = 32;

    /// <summary>
    /// q equal answers, each from a state at least as new as its validator's own read index; null when they do not agree.
    /// </summary>
    /// <remarks>
    /// A write that was committed before the read began is known to q validators, so an honest one that knows it is among any q
    /// that answer, and equal answers are that one's. f+1 would not do: a laggard and a liar agree on an old value.
    /// </remarks>
    public Task<ReadResult?> ReadIndexedAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation) =>
        ReadAsync(key, Freshness.ReadIndex, default, committee.IsQuorum, ReadPath.Quorum, cancellation);

    /// <summary>f+1 equal answers from states that include <paramref name="floor"/>, the height of a barrier; null when they do not agree.</summary>
    public Task<ReadResult?> ReadAfterAsync(ReadOnlyMemory<byte> key, Height floor, CancellationToken cancellation) =>
        ReadAsync(key, Freshness.AtLeast, floor, committee.HasHonest, ReadPath.Ordered, cancellation);

    /// <summary>The first validator's answer that is signed at all; null when none answers.</summary>
    public async Task<ReadResult?> ReadStaleAsync(ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        foreach (ValidatorLink link in links)
        {
            if (await AskAsync(link, key, Nonce(), Freshness.Stale, default, cancellation) is { } answer)
            {
                return new ReadResult(answer.Found, answer.Value, answer.Height, ReadPath.Stale);
            }
        }

        return null;
    }

    private async Task<ReadResult?> ReadAsync(
        ReadOnlyMemory<byte> key, Freshness freshness, Height floor, Func<ReplicaSet, bool> suffices, ReadPath path, CancellationToken cancellation)
    {
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        byte[] nonce = Nonce();
        List<Task<SignedQuery?>> asked = [.. links.Select(link => AskAsync(link, key, nonce, freshness, floor, decided.Token))];
        var answers = new Dictionary<ReplicaId, SignedQuery>();
        while (asked.Count > 0)
        {
            Task<SignedQuery?> next = await Task.WhenAny(asked);
            asked.Remove(next);
            if (await next is not { } answer || !answers.TryAdd(answer.Validator, answer))
            {
                continue;
            }

            SignedQuery[] equal = [.. answers.Values.Where(other => other.Found == answer.Found && other.Value.Span.SequenceEqual(answer.Value.Span))];
            if (suffices(equal.Aggregate(ReplicaSet.Empty, (set, other) => set.With(other.Validator))))
            {
                await decided.CancelAsync();
                return new ReadResult(answer.Found, answer.Value, HonestHeight(equal), path);
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return null;
    }

    // At most f of the answers lie about their height: the (f+1)-th highest is not above every honest one.
    private Height HonestHeight(SignedQuery[] equal) =>
        equal.Select(answer => answer.Height).OrderDescending().ElementAt(Math.Min(committee.HonestSize, equal.Length) - 1);

    private async Task<SignedQuery?> AskAsync(
        ValidatorLink link, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> nonce, Freshness freshness, Height floor, CancellationToken cancellation)
    {
        var request = new QueryRequest
        {
            Key = ByteString.CopyFrom(key.Span),
            Nonce = ByteString.CopyFrom(nonce.Span),
            Freshness = freshness,
            AtLeast = floor.Value,
        };
        try
        {
            SignedAnswer reply = await link.Api.QueryAsync(request, deadline: DateTime.UtcNow + callTimeout, cancellationToken: cancellation);
            SignedQuery? answer = SignedQuery.Decode(reply.SignedContent.Memory);
            return answer is not null && committee.Contains(answer.Validator) && answer.Nonce.Span.SequenceEqual(nonce.Span) &&
                answer.Key.Span.SequenceEqual(key.Span) && answer.Height >= answer.Floor && answer.Height >= floor &&
                keys.IsSigned(answer.Validator, reply.SignedContent.Span, reply.Signature.Span)
                ? answer
                : null;
        }
        catch (RpcException)
        {
            // No answer, for whatever reason it gave: the others' count.
            return null;
        }
    }

    private static byte[] Nonce() => RandomNumberGenerator.GetBytes(NonceBytes);
}
