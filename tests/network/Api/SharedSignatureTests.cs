using Bft.Crypto;
using Bft.Crypto.Signatures;
using Bft.Engine;
using Bft.Engine.Execution;
using Bft.Network.Api;
using Bft.Network.Api.Frames;
using Bft.Network.Api.Rpc;
using Bft.Network.Tests.Api.Fakes;
using Grpc.Core;

namespace Bft.Network.Tests.Api;

/// <summary>Many streams that want the same receipts cost one signature.</summary>
public sealed class SharedSignatureTests
{
    private static readonly Digest Mine = HashFunction.Sha256.Hash([1]);
    private static readonly Digest Others = HashFunction.Sha256.Hash([2]);
    private static readonly Digest Third = HashFunction.Sha256.Hash([3]);

    [Fact]
    public async Task Streams_that_follow_one_client_of_a_block_share_its_signature()
    {
        var (signer, streams) = Make(30, Mine);
        List<byte[]>[] written = await RunAsync(streams);
        Assert.Equal(1, signer.Signatures);
        Assert.All(written, frames => Assert.Same(written[0][0], Assert.Single(frames)));
        SignedReceipts receipts = SignedReceipts.Decode(written[0][0])!;
        Assert.Equal([1ul, 2ul], receipts.Receipts.Select(receipt => receipt.First));
        Assert.All(receipts.Receipts, receipt => Assert.Equal(Mine, receipt.Client));
    }

    [Fact]
    public async Task Streams_that_follow_some_clients_get_exactly_theirs()
    {
        var (_, streams) = Make(3, Mine, Third);
        Assert.All(
            await RunAsync(streams),
            frames => Assert.Equal([Mine, Mine, Third], SignedReceipts.Decode(Assert.Single(frames))!.Receipts.Select(receipt => receipt.Client)));
    }

    [Fact]
    public async Task A_stream_that_follows_nobody_of_a_block_costs_nothing()
    {
        var (signer, streams) = Make(3, HashFunction.Sha256.Hash([9]));
        Assert.All(await RunAsync(streams), Assert.Empty);
        Assert.Equal(0, signer.Signatures);
    }

    private static (CountingSigner Signer, ReceiptStream[] Streams) Make(int count, params Digest[] followed)
    {
        Genesis genesis = FakeNetwork.MakeGenesis();
        var ledger = new FakeLedger(genesis, [.. Enumerable.Range(0, 4).Select(i => FakeNetwork.Key($"test consensus {i}"))]);
        var signer = new CountingSigner(FakeNetwork.Key("test identity 0"));
        var validator = new FakeValidator(ledger, genesis, 0, signer, new ApiLimits());
        ReceiptStream[] streams = [.. Enumerable.Range(0, count).Select(_ => new ReceiptStream(validator, new ApiLimits()))];
        foreach (ReceiptStream stream in streams)
        {
            foreach (Digest client in followed)
            {
                stream.Follow(client);
            }
        }

        validator.Receipts.Publish(new Height(5), [Receipt(Mine, 1), Receipt(Others, 1), Receipt(Mine, 2), Receipt(Third, 1)]);
        return (signer, streams);
    }

    private static Receipt Receipt(Digest client, ulong first) => new(client, first, 1, new Height(5), new byte[] { 0 });

    private static async Task<List<byte[]>[]> RunAsync(ReceiptStream[] streams) => await Task.WhenAll(streams.Select(async stream =>
    {
        var writer = new Frames();
        stream.Complete();
        await stream.WriteAsync(writer, default);
        stream.Dispose();
        return writer.Written;
    }));

    private sealed class Frames : IServerStreamWriter<RawFrame>
    {
        public List<byte[]> Written { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(RawFrame message)
        {
            Written.Add(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(message.Content, out ArraySegment<byte> bytes) ? bytes.Array! : message.Content.ToArray());
            return Task.CompletedTask;
        }
    }

    private sealed class CountingSigner(ISigner signer) : ISigner
    {
        private int _signatures;

        public int Signatures => _signatures;

        public ISignatureScheme Scheme => signer.Scheme;

        public ReadOnlyMemory<byte> PublicKey => signer.PublicKey;

        public void Sign(ReadOnlySpan<byte> message, Span<byte> signature)
        {
            Interlocked.Increment(ref _signatures);
            signer.Sign(message, signature);
        }

        public void Dispose() => signer.Dispose();
    }
}
