using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Network.Protocol;
using Bft.Testnet.Clients;
using Google.Protobuf;

namespace Bft.Testnet.Tests.KeyGeneration;

/// <summary>What one validator tells of shared keys may be anything: it counts as no answer, and no command falls over it.</summary>
public sealed class LyingStatusTests : IDisposable
{
    private readonly MemberRoom _room = new();

    public void Dispose() => _room.Dispose();

    [Fact]
    public void Keys_and_failures_are_read_each_in_its_place_alone()
    {
        _room.Call();
        ByteString key = ByteString.CopyFrom(_room.Run().Encode());
        ByteString failure = ByteString.CopyFrom((_room.Registries[0].View.Key! with { Failure = "too few", Commitments = null, EffectHeight = default }).Encode());
        Assert.NotNull(SharedKeyOutcome.Decode(failure.Memory));
        ValidatorStatus honest = BftStatusClient.Of(Reply(reply => (reply.SharedKey, reply.SharedKeyFailure) = (key, failure)))!;
        Assert.Equal(_room.Registries[0].View.Key!.Commitments!.GroupKey, honest.SharedKeys!.ActiveAt(new Height(1000))!.Commitments!.GroupKey);
        Assert.Null(BftStatusClient.Of(Reply(reply => reply.SharedKey = failure)));
        Assert.Null(BftStatusClient.Of(Reply(reply => reply.SharedKeyBefore = failure)));
        Assert.Null(BftStatusClient.Of(Reply(reply => reply.SharedKeyFailure = key)));
        Assert.Null(BftStatusClient.Of(Reply(reply => reply.SharedKey = ByteString.CopyFrom(key.Span[1..]))));
        Assert.Null(BftStatusClient.Of(Reply(reply => (reply.Generation, reply.GenerationPhase) = (ByteString.CopyFrom(new byte[Digest.Size]), 200))));
        Assert.Null(BftStatusClient.Of(Reply(reply => reply.Generation = ByteString.CopyFrom(new byte[5]))));
    }

    private static StatusReply Reply(Action<StatusReply> change)
    {
        var reply = new StatusReply { Head = ByteString.CopyFrom(new byte[Digest.Size]), StateRoot = ByteString.CopyFrom(new byte[Digest.Size]) };
        change(reply);
        return reply;
    }
}
